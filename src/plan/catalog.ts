import type { Manifest } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import { aggregateText, durationText } from './definition-text.ts'

/** What the catalog knows, in the order in which it is listed. */
export const catalogKinds = [
  'entity',
  'source',
  'column',
  'feature-view',
  'feature',
  'moment',
  'model',
  'deployment',
] as const

export type CatalogKind = (typeof catalogKinds)[number]

/** One thing that is defined, as people look for it. A column is called `source.column`, a feature `view:feature`. */
export interface CatalogEntry {
  readonly kind: CatalogKind
  readonly name: string
  /** One line on what it is. */
  readonly means: string
  readonly description: string | null
  readonly owner: string | null
  /** The file that declares it, relative to the project. */
  readonly file: string | null
  /** The type of a column or feature. */
  readonly type: string | null
  /** What a feature or view describes. */
  readonly entity: string | null
  /** The key columns of that entity. */
  readonly key: readonly string[] | null
  /** Where its rows come from. */
  readonly source: string | null
  /** What a feature means, as its version. */
  readonly digest: string | null
}

interface Described {
  readonly owner?: string
  readonly description?: string
}

/** Everything that a manifest defines. */
export function catalogOf(manifest: Manifest): CatalogEntry[] {
  const entry = (
    kind: CatalogKind,
    name: string,
    { owner, description }: Described,
    declaredBy: string,
    more: Partial<CatalogEntry> & { readonly means: string },
  ): CatalogEntry => ({
    kind,
    name,
    description: description ?? null,
    owner: owner ?? null,
    file: manifest.files[declaredBy] ?? null,
    type: null,
    entity: null,
    key: null,
    source: null,
    digest: null,
    ...more,
  })
  const { entities, sources, featureViews, moments, models, deployments } = manifest
  return [
    ...Object.values(entities).map((spec) =>
      entry('entity', spec.name, spec, `entity ${spec.name}`, {
        means: `key ${spec.key.map(({ name, type }) => `${name} ${type}`).join(', ')}`,
        key: spec.key.map(({ name }) => name),
      }),
    ),
    ...Object.values(sources).flatMap((spec) => {
      const declaredBy = `source ${spec.name}`
      const history = spec.history ?? 'live events only'
      const owner = spec.owner === undefined ? {} : { owner: spec.owner }
      return [
        entry('source', spec.name, spec, declaredBy, { means: `${history}, event time ${spec.eventTime}` }),
        ...Object.entries(spec.columns).map(([name, { type, description }]) =>
          entry(
            'column',
            `${spec.name}.${name}`,
            { ...owner, ...(description === undefined ? {} : { description }) },
            declaredBy,
            { means: `column of ${spec.name}`, type, source: spec.name },
          ),
        ),
      ]
    }),
    ...Object.values(featureViews).flatMap((view) => {
      const declaredBy = `feature-view ${view.name}`
      const { entity, source } = view
      const key = view.key.map((column) => column.entity)
      const owner = view.owner === undefined ? {} : { owner: view.owner }
      return [
        entry('feature-view', view.name, view, declaredBy, {
          means: `${view.features.length} features of ${entity} from ${source}`,
          entity,
          key,
          source,
        }),
        ...view.features.map(({ name, aggregate, type, digest, description }) =>
          entry(
            'feature',
            `${view.name}:${name}`,
            { ...owner, ...(description === undefined ? {} : { description }) },
            declaredBy,
            { means: aggregateText(aggregate), type, entity, key, source, digest },
          ),
        ),
      ]
    }),
    ...Object.values(moments).map((spec) =>
      entry('moment', spec.name, spec, `moment ${spec.name}`, {
        means: `key ${spec.key.map(({ name }) => name).join(', ')}${spec.entities.length === 0 ? '' : `, roles ${spec.entities.map(({ role }) => role).join(', ')}`}`,
        source: spec.source,
      }),
    ),
    ...Object.values(models).map((spec) =>
      entry('model', spec.name, spec, `model ${spec.name}`, {
        means: `at ${spec.moment}, from ${spec.inputs.length} inputs, by ${spec.trainer.kind}, label of ${spec.label.source} within ${durationText(spec.label.withinMs)}`,
      }),
    ),
    ...Object.values(deployments).map((spec) =>
      entry('deployment', spec.name, spec, `deployment ${spec.name}`, {
        means: `champion ${spec.champion ?? 'none'}${spec.shadow.length === 0 ? '' : `, shadow ${spec.shadow.join(', ')}`}`,
      }),
    ),
  ]
}

/**
 * The entries in which every word of a query occurs, those first in whose name it does. An empty query finds everything.
 * Small and capital letters count alike; `_`, `-`, `.` and `:` in a query are looked for as they stand.
 */
export function searchCatalog(
  manifest: Manifest,
  { query = '', kind = null }: { readonly query?: string; readonly kind?: CatalogKind | null } = {},
): CatalogEntry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const found = catalogOf(manifest)
    .filter((entry) => kind === null || entry.kind === kind)
    .flatMap((entry) => {
      const name = entry.name.toLowerCase()
      const { means, description, owner, type, entity, source, file } = entry
      const text = [name, entry.kind, means, description, owner, type, entity, source, file].join('\n').toLowerCase()
      if (!words.every((word) => text.includes(word))) return []
      const rank = words.filter((word) => !name.includes(word)).length
      return [{ entry, rank }]
    })
  // The sort is stable: equals keep the order of kinds.
  return found.sort((a, b) => a.rank - b.rank).map(({ entry }) => entry)
}

/** One entry. @throws not_found with the names that there are */
export function catalogEntry(manifest: Manifest, kind: CatalogKind, name: string): CatalogEntry {
  const ofKind = catalogOf(manifest).filter((entry) => entry.kind === kind)
  const found = ofKind.find((entry) => entry.name === name)
  if (found !== undefined) return found
  const names = ofKind.map((entry) => entry.name)
  const near = names.filter((known) => known.includes(name) || known.split(/[:.]/).includes(name))
  const shown = (near.length > 0 ? near : names).slice(0, 20)
  throw noonmarkError('not_found', {
    message: `There is no ${kind} '${name}'.`,
    hint:
      shown.length === 0
        ? `No ${kind} is defined yet.`
        : `Defined are ${shown.join(', ')}${shown.length < names.length ? ' and others' : ''}.`,
    path: 'name',
  })
}
