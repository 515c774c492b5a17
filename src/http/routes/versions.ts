import { z } from 'zod'
import type { VersionJson } from '../../registry/index.ts'
import { versionChecksOf, versionLineageOf } from '../../registry/index.ts'
import type { ProjectContext } from '../context.ts'
import { type Route, route } from '../route.ts'
import { nameField } from '../wire.ts'
import { recordsOf, trains } from './training.ts'

const checksSchema = z.array(
  z.looseObject({ check: z.string(), name: z.string(), passed: z.boolean(), summary: z.string() }),
)

const versionSchema = z.looseObject({
  version: z.string().describe('model:number'),
  model: z.string(),
  number: z.int(),
  digest: z.string(),
  run: z.string(),
  created_at: z.iso.datetime(),
  passed: z.boolean(),
  checks: checksSchema,
})

const versionParams = z.object({ model: nameField, version: z.coerce.number().int().min(1) })

const versionOf = (
  project: ProjectContext,
  { model, version }: { readonly model: string; readonly version: number },
): Promise<VersionJson> => recordsOf(project).version(`${model}:${version}`)

const all = route({
  method: 'GET',
  path: '/v1/versions',
  summary: 'Versions of every model, the newest first',
  tag: 'registry',
  exists: trains,
  input: {},
  output: z.object({ versions: z.array(versionSchema) }),
  run: async ({ project }) => ({ versions: await recordsOf(project).versions() }),
})

const ofModel = route({
  method: 'GET',
  path: '/v1/models/{model}/versions',
  summary: 'Versions of a model, the newest first',
  tag: 'registry',
  exists: trains,
  input: { params: z.object({ model: nameField }) },
  output: z.object({ versions: z.array(versionSchema) }),
  run: async ({ project }, { params }) => ({ versions: await recordsOf(project).versions(params.model) }),
})

const one = route({
  method: 'GET',
  path: '/v1/models/{model}/versions/{version}',
  summary: 'A version: metrics, checks, and everything that it was made from',
  tag: 'registry',
  exists: trains,
  input: { params: versionParams },
  output: versionSchema,
  run: ({ project }, { params }) => versionOf(project, params),
})

const checks = route({
  method: 'GET',
  path: '/v1/models/{model}/versions/{version}/checks',
  summary: 'The checks of a version and what decided each',
  tag: 'registry',
  exists: trains,
  input: { params: versionParams },
  output: z.object({ version: z.string(), passed: z.boolean(), checks: checksSchema }),
  run: async ({ project }, { params }) => versionChecksOf(await versionOf(project, params)),
})

const lineage = route({
  method: 'GET',
  path: '/v1/models/{model}/versions/{version}/lineage',
  summary: 'What a version was made from: code, parameters, inputs by their meaning, and data down to its files',
  tag: 'registry',
  exists: trains,
  input: { params: versionParams },
  output: z.looseObject({
    version: z.string(),
    run: z.string(),
    inputs: z.array(
      z.object({ column: z.string(), type: z.string(), from: z.string(), digest: z.string().nullable() }),
    ),
  }),
  run: async ({ project }, { params }) => versionLineageOf(await versionOf(project, params)),
})

/** The routes of the registry. */
export const versionRoutes: readonly Route[] = [all, ofModel, one, checks, lineage]
