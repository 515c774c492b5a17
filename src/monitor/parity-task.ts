import type { Manifest, ResolvedFeature } from '../define/index.ts'
import { digestBytes } from '../digest.ts'
import type { TableVersion } from '../offline/offline-engine.ts'
import type { Column, Table } from '../values/index.ts'
import {
  columnOfType,
  numberColumn,
  roleColumns,
  type ServedFeature,
  servedFeatures,
  textAt,
} from './prediction-columns.ts'
import type { SourceReach } from './source-reach.ts'

/** Why a served value is not held against a recomputed one, in words for people. */
export const notComparableReasons = {
  inexact: 'served as inexact: asked for further back than the online store is exact',
  unavailable: 'served as unavailable: the view was not filled yet, or the store was down',
  feature_changed: 'the manifest has no feature that means this any more',
  role_changed: 'the role has not the key of the entity any more',
  table_not_given: 'no table of the source was given',
  table_not_yet_there: 'the table does not reach up to the answer yet',
  as_of_missing: 'the record does not say as of when the source answered',
  backfill_in_flight: 'a backfilled row was received while the answer was given',
} as const

export type NotComparable = keyof typeof notComparableReasons

/** One feature of one role, meaning one thing, and the predictions for which it is recomputed. */
export interface ParityTask {
  readonly served: ServedFeature
  readonly resolved: ResolvedFeature
  /** Rows of the predictions table. */
  readonly rows: Uint32Array
  /** The role's key, one column for each key column of the entity, of all rows. */
  readonly key: readonly Column[]
  /** The instant as of which the source answered, of all rows. */
  readonly asOf: Float64Array
}

/** A served feature with its tasks and what is left out of them. */
export interface ParityFeature {
  readonly served: ServedFeature
  readonly tasks: readonly ParityTask[]
  /** What the feature meant where it was served, each digest once. */
  readonly digests: readonly string[]
  /** Rows that are not compared, by reason. */
  readonly excluded: ReadonlyMap<NotComparable, readonly number[]>
}

/** What a digest means today: a feature that can be recomputed for rows, or why it cannot. */
type Meaning =
  | { readonly reason: NotComparable }
  | (Pick<ParityTask, 'resolved' | 'key' | 'asOf'> & { readonly reach: SourceReach; readonly rows: number[] })

/** Finds what the served features of a predictions table mean today, and for which rows they can be recomputed. */
export function parityFeatures(
  manifest: Manifest,
  table: Table,
  versions: Readonly<Record<string, TableVersion>>,
  reachOf: ReadonlyMap<string, SourceReach>,
): ParityFeature[] {
  const roles = roleColumns(table)
  const keys = new Map<string, readonly Column[] | null>()
  const keyOf = (role: string, { view }: ResolvedFeature): readonly Column[] | null => {
    const name = `${role} ${view.key.map(({ entity, type }) => `${entity}:${type}`).join(' ')}`
    const known = keys.get(name)
    if (known !== undefined) return known
    const columns = view.key.map(({ entity, type }) => {
      const column = roles.get(role)?.get(entity)
      return column === undefined ? null : columnOfType(type, column, table.rows)
    })
    const whole = columns.every((column) => column !== null) && columns.length === roles.get(role)?.size
    const key = whole ? columns.filter((column) => column !== null) : null
    keys.set(name, key)
    return key
  }
  const instants = new Map<string, Float64Array>()
  const asOfOf = (source: string): Float64Array => {
    const known = instants.get(source) ?? numberColumn(table, `as_of:${source}`)
    instants.set(source, known)
    return known
  }

  return servedFeatures(table).map((served) => {
    const excluded = new Map<NotComparable, number[]>()
    const meanings = served.digests.dictionary.map((digest): Meaning => {
      const resolved = resolveFeature(manifest, served, digest)
      if (resolved === null) return { reason: 'feature_changed' }
      const key = keyOf(served.role, resolved)
      if (key === null) return { reason: 'role_changed' }
      const source = resolved.source.name
      const reach = reachOf.get(source)
      if (versions[source] === undefined || reach === undefined) return { reason: 'table_not_given' }
      return { resolved, key, asOf: asOfOf(source), reach, rows: [] }
    })
    const reasonOf = (row: number): NotComparable | null => {
      const status = textAt(served.statuses, row)
      if (status === 'inexact' || status === 'unavailable') return status
      const meaning = meanings[served.digests.codes[row]!]
      if (meaning === undefined) return 'feature_changed'
      if ('reason' in meaning) return meaning.reason
      const asOf = meaning.asOf[row]!
      if (Number.isNaN(asOf)) return 'as_of_missing'
      if (asOf > meaning.reach.completeUntilMs) return 'table_not_yet_there'
      meaning.rows.push(row)
      return null
    }
    for (let row = 0; row < table.rows; row++) {
      if (served.statuses.codes[row]! < 0) continue // served without this feature
      const reason = reasonOf(row)
      if (reason === null) continue
      const rows = excluded.get(reason)
      if (rows === undefined) excluded.set(reason, [row])
      else rows.push(row)
    }
    const tasks = meanings.flatMap((meaning) =>
      'rows' in meaning && meaning.rows.length > 0
        ? [
            {
              served,
              resolved: meaning.resolved,
              rows: Uint32Array.from(meaning.rows),
              key: meaning.key,
              asOf: meaning.asOf,
            },
          ]
        : [],
    )
    return { served, tasks, digests: usedDigests(served), excluded }
  })
}

/** Tasks that ask for the same rows of the predictions table: one request of the engine. */
export function tasksByRows(tasks: readonly ParityTask[]): { rows: Uint32Array; tasks: ParityTask[] }[] {
  const groups = new Map<string, { rows: Uint32Array; tasks: ParityTask[] }>()
  for (const task of tasks) {
    const { rows } = task
    const name = digestBytes(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength))
    const group = groups.get(name)
    if (group === undefined) groups.set(name, { rows, tasks: [task] })
    else group.tasks.push(task)
  }
  return [...groups.values()]
}

/** The sources that the served features of a table read, as far as the manifest still knows them. */
export function servedSources(manifest: Manifest, table: Table): string[] {
  const sources = new Set<string>()
  for (const served of servedFeatures(table)) {
    for (const digest of served.digests.dictionary) {
      const resolved = resolveFeature(manifest, served, digest)
      if (resolved !== null) sources.add(resolved.source.name)
    }
  }
  return [...sources].sort()
}

/** The feature that means what was served: under its own name, else under another. */
function resolveFeature(manifest: Manifest, served: ServedFeature, digest: string): ResolvedFeature | null {
  const own = manifest.featureViews[served.view]
  for (const view of own === undefined
    ? Object.values(manifest.featureViews)
    : [own, ...Object.values(manifest.featureViews)]) {
    const source = manifest.sources[view.source]
    const same = view.features.filter((feature) => feature.digest === digest)
    const feature = same.find(({ name }) => name === served.feature) ?? same[0]
    if (feature !== undefined && source !== undefined) return { feature, view, source }
  }
  return null
}

function usedDigests({ digests }: ServedFeature): string[] {
  return [...new Set(digests.codes)].filter((code) => code >= 0).map((code) => digests.dictionary[code]!)
}
