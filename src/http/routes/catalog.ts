import { z } from 'zod'
import type { Manifest } from '../../define/index.ts'
import { noonmarkError } from '../../errors.ts'
import { type Route, route } from '../route.ts'
import { nameField } from '../wire.ts'

/** What the catalog lists: the path, the manifest's part, and the word for one of them. */
const kinds = [
  { plural: 'entities', part: 'entities', noun: 'entity' },
  { plural: 'sources', part: 'sources', noun: 'source' },
  { plural: 'feature-views', part: 'featureViews', noun: 'feature view' },
  { plural: 'moments', part: 'moments', noun: 'moment' },
  { plural: 'models', part: 'models', noun: 'model' },
  { plural: 'deployments', part: 'deployments', noun: 'deployment' },
] as const satisfies readonly { plural: string; part: keyof Manifest; noun: string }[]

const definitionSchema = z.record(z.string(), z.unknown()).describe('A definition as it stands in the manifest')

/** The routes of the catalog: what is defined. */
export const catalogRoutes: readonly Route[] = kinds.flatMap(({ plural, part, noun }) => [
  route({
    method: 'GET',
    path: `/v1/${plural}`,
    summary: `Every ${noun} that is defined`,
    tag: 'catalog',
    input: {},
    output: z.object({ [plural]: z.array(definitionSchema) }),
    run: async ({ project }) => {
      const manifest = project.manifest()
      return { [plural]: Object.keys(manifest[part]).map((name) => shown(manifest, part, noun, name)) }
    },
  }),
  route({
    method: 'GET',
    path: `/v1/${plural}/{name}`,
    summary: `One ${noun}`,
    tag: 'catalog',
    input: { params: z.object({ name: nameField }) },
    output: definitionSchema,
    run: async ({ project }, { params }) => shown(project.manifest(), part, noun, params.name),
  }),
])

function shown(manifest: Manifest, part: (typeof kinds)[number]['part'], noun: string, name: string): unknown {
  const definitions: Readonly<Record<string, object>> = manifest[part]
  const found = Object.hasOwn(definitions, name) ? definitions[name] : undefined
  if (found === undefined) {
    throw noonmarkError('not_found', {
      message: `There is no ${noun} '${name}'.`,
      hint: `Defined are ${Object.keys(definitions).join(', ') || 'none'}.`,
      path: 'name',
    })
  }
  const file = manifest.files[`${noun.replace(' ', '-')} ${name}`]
  return { ...found, ...(file === undefined ? {} : { file }) }
}
