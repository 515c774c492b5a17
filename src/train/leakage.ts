import { type NaiveRow, naiveFeature } from '../aggregate/index.ts'
import type { InputSpec, ModelSpec, MomentSpec, ResolvedFeature, SourceSpec } from '../define/index.ts'
import type { FeatureColumn, OfflineEngine, SourceTable, SpineFeature, TableVersion } from '../offline/index.ts'
import {
  columnValue,
  encodeRow,
  expressionColumns,
  formatInstant,
  type Row,
  statuses,
  type Table,
  tableRow,
  windowStart,
} from '../values/index.ts'

/** A column of a source that lies later than its rows were known, and the inputs of the model that it gives away. */
export interface FutureColumn {
  readonly source: string
  readonly column: string
  /** Rows in which the column lies after the known time, of all rows with a value. */
  readonly laterRows: number
  readonly rows: number
  readonly example: { readonly known: string; readonly value: string }
  /** Input columns built on the source. */
  readonly inputs: readonly string[]
}

/**
 * Compares every timestamp column of a source with the known time of its rows: one that lies later and is not declared
 * `future: true` says that the row was filed under a time at which it could not have been known.
 */
export async function futureColumns(
  engine: OfflineEngine,
  source: SourceSpec,
  version: TableVersion,
): Promise<Omit<FutureColumn, 'inputs'>[]> {
  const candidates = Object.entries(source.columns)
    .filter(([, { type, future }]) => type === 'timestamp' && future !== true)
    .map(([name]) => name)
  const table = await engine.readSource(source, version, { columns: candidates })
  return candidates.flatMap((name) => {
    const column = table.columns[name]!
    if (column.type !== 'timestamp') return []
    let [laterRows, rows, example] = [0, 0, -1]
    for (let row = 0; row < table.rows; row++) {
      const [value, known] = [column.values[row]!, table.known[row]!]
      if (Number.isNaN(value) || Number.isNaN(known)) continue
      rows++
      if (value <= known) continue
      laterRows++
      if (example < 0) example = row
    }
    if (example < 0) return []
    const shown = { known: formatInstant(table.known[example]!), value: formatInstant(column.values[example]!) }
    return [{ source: source.name, column: name, laterRows, rows, example: shown }]
  })
}

/**
 * The inputs of a model that a source's future column gives away: every feature computed from the source; of the moment's own
 * source only what reads that very request field, since each field arrives with the request.
 */
export function inputsOn(
  model: ModelSpec,
  moment: MomentSpec,
  views: Readonly<Record<string, { readonly source: string }>>,
  source: string,
  column: string,
): string[] {
  const field = moment.source === source ? moment.request.find((request) => request.column === column)?.name : undefined
  const reads = (input: InputSpec): boolean => {
    if (input.input === 'feature') return views[input.view]?.source === source
    if (input.input === 'reference')
      return field !== undefined && input.reference.reference === 'request' && input.reference.field === field
    return Object.values(input.inputs).some((reference) =>
      reference.reference === 'feature'
        ? views[reference.view]?.source === source
        : field !== undefined && reference.reference === 'request' && reference.field === field,
    )
  }
  return model.inputs.filter(reads).map(({ column }) => column)
}

/** A sampled value that came out differently when its source was cut at the moment. */
export interface RecomputedDifference {
  readonly input: string
  readonly row: number
  readonly asOf: string
  readonly stored: unknown
  readonly recomputed: unknown
}

/** One feature of the training set with the name of its input column. */
export interface StoredFeature extends SpineFeature {
  readonly input: string
  readonly stored: FeatureColumn
}

/**
 * Recomputes a sample of training rows from sources cut at each row's instant: rows known later are not even looked at, and the
 * computation is the naive one. `rows` are places on the spine.
 */
export async function recomputeSample(
  engine: OfflineEngine,
  features: readonly StoredFeature[],
  versions: Readonly<Record<string, TableVersion>>,
  rows: readonly number[],
  onProgress?: (done: number, total: number) => void,
): Promise<{ readonly compared: number; readonly differences: readonly RecomputedDifference[] }> {
  const differences: RecomputedDifference[] = []
  let compared = 0
  let sampled = 0
  const bySource = new Map<string, StoredFeature[]>()
  for (const feature of features)
    bySource.set(feature.source.name, [...(bySource.get(feature.source.name) ?? []), feature])
  for (const [name, group] of bySource) {
    const { source } = group[0]!
    const table = await engine.readSource(source, versions[name]!, { columns: neededColumns(source, group) })
    for (const row of rows) {
      for (const feature of group) {
        const key = feature.key.map((column) => columnValue(column, row))
        const asOf = feature.asOf[row]!
        const expected = naiveFeature(rowsCutAt(source, table, feature, key, asOf), feature, key, asOf)
        const stored = columnValue(feature.stored.values, row)
        const status = statuses[feature.stored.statuses[row]!]
        compared++
        if (status === expected.status && nearlyEqual(stored, expected.value)) continue
        differences.push({
          input: feature.input,
          row,
          asOf: formatInstant(asOf),
          stored: `${stored} (${status})`,
          recomputed: `${expected.value} (${expected.status})`,
        })
      }
      onProgress?.(++sampled, rows.length * bySource.size)
    }
  }
  return { compared, differences }
}

function neededColumns(source: SourceSpec, features: readonly ResolvedFeature[]): string[] {
  const names = new Set<string>()
  for (const { view, feature } of features) {
    for (const { source } of view.key) names.add(source)
    for (const node of [feature.aggregate.value, feature.aggregate.where])
      if (node !== null) for (const column of expressionColumns(node)) names.add(column)
  }
  if (source.id !== null) names.add(source.id)
  return [...names]
}

/** The rows of one entity known before an instant, without those that no window of the feature reaches. */
function rowsCutAt(
  source: SourceSpec,
  table: SourceTable,
  feature: ResolvedFeature,
  key: readonly unknown[],
  asOf: number,
): NaiveRow[] {
  const { windowMs, maxAgeMs, function: name } = feature.feature.aggregate
  const keyColumns = feature.view.key.map(({ source: column }) => table.columns[column]!)
  // A latest value older than its maximum age is told by its newest row alone, and having been seen by any row: the last two
  // weeks beyond the reach would do, so one older row is kept besides those in reach.
  const reach =
    windowMs !== null
      ? windowStart(asOf, windowMs)
      : name === 'latest' &&
          maxAgeMs !== null &&
          feature.feature.aggregate.where === null &&
          !feature.feature.aggregate.ignoreNulls
        ? asOf - maxAgeMs
        : Number.NEGATIVE_INFINITY
  const kept: number[] = []
  let newestBeyond = -1
  for (let row = 0; row < table.rows; row++) {
    if (!(table.known[row]! < asOf) || !keyColumns.every((column, i) => columnValue(column, row) === key[i])) continue
    if (table.event[row]! >= reach) kept.push(row)
    else if (newestBeyond < 0 || table.event[row]! > table.event[newestBeyond]!) newestBeyond = row
  }
  if (newestBeyond >= 0) kept.push(newestBeyond)
  return kept.map((index) => {
    const row: Row = tableRow(table, index)
    return {
      row,
      eventMs: table.event[index]!,
      availableMs: table.available[index]!,
      id: source.id === null ? null : String(row[source.id]),
      body: encodeRow(source.columns, row),
    }
  })
}

function nearlyEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  return (
    typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))
  )
}

/** How many entities of a role stand in both training and validation. */
export interface EntityOverlap {
  readonly role: string
  readonly training: number
  readonly validation: number
  readonly both: number
}

/** Counts, for each column that names an entity or key, the distinct values in training, in validation and in both. */
export function entityOverlap(training: Table, validation: Table, columns: readonly string[]): EntityOverlap[] {
  return columns.flatMap((role) => {
    const [a, b] = [training.columns[role], validation.columns[role]]
    if (a === undefined || b === undefined) return []
    const distinct = (table: Table): Set<unknown> => {
      const column = table.columns[role]!
      const found = new Set<unknown>()
      for (let row = 0; row < table.rows; row++) found.add(columnValue(column, row))
      return found
    }
    const [inTraining, inValidation] = [distinct(training), distinct(validation)]
    let both = 0
    for (const value of inValidation) if (inTraining.has(value)) both++
    return [{ role, training: inTraining.size, validation: inValidation.size, both }]
  })
}
