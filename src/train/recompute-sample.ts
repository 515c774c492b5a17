import { type NaiveRow, naiveFeature } from '../aggregate/index.ts'
import type { ResolvedFeature, SourceSpec } from '../define/index.ts'
import type { FeatureColumn, OfflineEngine, SpineFeature, TableVersion } from '../offline/index.ts'
import {
  columnValue,
  compileExpression,
  expressionColumns,
  formatInstant,
  statuses,
  windowStart,
} from '../values/index.ts'
import { type EntityRows, type IndexedSource, indexSource } from './source-index.ts'

/** A sampled value that came out differently when its source was cut at the moment. */
export interface RecomputedDifference {
  readonly input: string
  readonly row: number
  readonly asOf: string
  readonly stored: unknown
  readonly recomputed: unknown
}

/** What recomputing a sample found. */
export interface Recomputed {
  readonly compared: number
  readonly differences: readonly RecomputedDifference[]
}

/** One feature of the training set with the name of its input column. */
export interface StoredFeature extends SpineFeature {
  readonly input: string
  readonly stored: FeatureColumn
}

/**
 * Recomputes a sample of training rows from sources cut at each row's instant: rows known later are not even looked at, and the
 * computation is the naive one. `rows` are places on the spine.
 * @param onProgress sampled rows done, of all sources; the last call, and only that, says that all are
 */
export async function recomputeSample(
  engine: OfflineEngine,
  features: readonly StoredFeature[],
  versions: Readonly<Record<string, TableVersion>>,
  rows: readonly number[],
  onProgress?: (done: number, total: number) => void,
): Promise<Recomputed> {
  const differences: RecomputedDifference[] = []
  const groups = Map.groupBy(features, ({ source }) => source.name)
  const total = rows.length * groups.size
  let [compared, sampled] = [0, 0]
  if (total === 0) return { compared, differences }
  onProgress?.(0, total)
  for (const [name, group] of groups) {
    const { source } = group[0]!
    const knownBeforeMs = latestInstant(group, rows)
    const table = await engine.readSource(source, versions[name]!, {
      columns: neededColumns(source, group),
      knownBeforeMs,
    })
    const index = indexSource(source, table, sampledKeys(group, rows))
    for (const row of rows) {
      for (const feature of group) {
        const difference = recompute(index, feature, row)
        if (difference !== null) differences.push(difference)
        compared++
      }
      onProgress?.(++sampled, total)
    }
  }
  return { compared, differences }
}

function recompute(index: IndexedSource, feature: StoredFeature, row: number): RecomputedDifference | null {
  const key = feature.key.map((column) => columnValue(column, row))
  const asOf = feature.asOf[row]!
  const entity = index.entity(
    feature.view.key.map(({ source }) => source),
    key,
  )
  const expected = recomputed(entity, feature, key, asOf)
  const stored = columnValue(feature.stored.values, row)
  const status = statuses[feature.stored.statuses[row]!]
  if (status === expected.status && agree(stored, expected.value, () => tolerance(entity, feature, asOf))) return null
  return {
    input: feature.input,
    row,
    asOf: formatInstant(asOf),
    stored: `${stored} (${status})`,
    recomputed: `${expected.value} (${expected.status})`,
  }
}

/**
 * The naive computation over the rows that the feature can reach. A row older than its window says no more than that the
 * entity was seen, so one of them is kept.
 */
function recomputed(
  entity: EntityRows,
  feature: ResolvedFeature,
  key: Parameters<typeof naiveFeature>[2],
  asOf: number,
): ReturnType<typeof naiveFeature> {
  const { windowMs, function: name } = feature.feature.aggregate
  if (name !== 'latest') {
    return naiveFeature(
      entity.visible(asOf, windowMs === null ? null : windowStart(asOf, windowMs)),
      feature,
      key,
      asOf,
    )
  }
  // The newest row that fits decides, and how far back it lies is not known beforehand: ever more of the newest are taken
  // until one of them gives a value or has expired, or there are no more.
  for (let most = 16; ; most *= 4) {
    const newest = entity.newest(asOf, most)
    const found = naiveFeature(newest.rows, feature, key, asOf)
    if (newest.all || found.value !== null || found.status === 'expired') return found
  }
}

/** The last instant that the sample asks for: rows known from there on need not be read. */
function latestInstant(features: readonly StoredFeature[], rows: readonly number[]): number {
  let latest = Number.NEGATIVE_INFINITY
  for (const { asOf } of features) for (const row of rows) latest = Math.max(latest, asOf[row]!)
  return latest
}

/** The keys of the sample for each list of key columns that the features look up by. */
function sampledKeys(features: readonly StoredFeature[], rows: readonly number[]) {
  return features.map(({ view, key }) => ({
    columns: view.key.map(({ source }) => source),
    keys: rows.map((row) => key.map((column) => columnValue(column, row))),
  }))
}

function neededColumns(source: SourceSpec, features: readonly ResolvedFeature[]): string[] {
  const ordered = features.some(({ feature }) => feature.aggregate.function === 'latest')
  // Where rows have no id, the bytes of the whole row may decide which of several at one instant is the last.
  if (ordered && source.id === null) return Object.keys(source.columns)
  const names = new Set<string>(ordered && source.id !== null ? [source.id] : [])
  for (const { view, feature } of features) {
    for (const { source } of view.key) names.add(source)
    for (const node of [feature.aggregate.value, feature.aggregate.where])
      if (node !== null) for (const column of expressionColumns(node)) names.add(column)
  }
  return [...names]
}

/** Floating-point aggregates agree within this share of the sum of |x| over the rows in the window. */
const relativeTolerance = 1e-9

function agree(a: unknown, b: unknown, mayDifferBy: () => number): boolean {
  if (a === b) return true
  return typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= mayDifferBy()
}

/** By how much the value of a feature may differ between two ways of computing it; 0 where it has to be equal. */
function tolerance(entity: EntityRows, { feature: { aggregate } }: ResolvedFeature, asOf: number): number {
  if (aggregate.function === 'share') return relativeTolerance
  if (aggregate.type !== 'float' || (aggregate.function !== 'sum' && aggregate.function !== 'mean')) return 0
  const start = aggregate.windowMs === null ? null : windowStart(asOf, aggregate.windowMs)
  const where = aggregate.where === null ? () => true : compileExpression(aggregate.where)
  const evaluate = compileExpression(aggregate.value!) // sums and means have one
  const inWindow = ({ eventMs, row }: NaiveRow) => (start === null || eventMs >= start) && where(row) === true
  const values = entity
    .visible(asOf, start)
    .filter(inWindow)
    .flatMap(({ row }) => evaluate(row) ?? [])
  const magnitude = values.reduce<number>((sum, value) => sum + Math.abs(Number(value)), 0)
  return (relativeTolerance * magnitude) / (aggregate.function === 'mean' ? Math.max(1, values.length) : 1)
}
