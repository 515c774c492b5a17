import type { Manifest, ModelSpec } from '../define/index.ts'
import type { OfflineEngine, OutcomeColumns, TableVersion } from '../offline/offline-engine.ts'
import { type Column, type Instant, type Table, takeColumn } from '../values/index.ts'
import { distinctRows } from './occurrence.ts'
import { columnOfType, namesOf, numberColumn } from './prediction-columns.ts'

/** What outcomes are looked for in. */
export interface PredictionOutcomesOptions {
  readonly engine: OfflineEngine
  readonly manifest: Manifest
  readonly predictions: Table
  readonly cutMs: Instant
}

/** The moment's key as the outcome's source has it; null where the records have another. */
export function outcomeKey(manifest: Manifest, { label }: ModelSpec, table: Table): Column[] | null {
  const columns = label.on.map(({ column, field }) => {
    const found = table.columns[`key:${field}`]
    const type = manifest.sources[label.source]?.columns[column]?.type
    return found === undefined || type === undefined ? null : columnOfType(type, found, table.rows)
  })
  const whole = columns.filter((column) => column !== null)
  return whole.length === columns.length ? whole : null
}

/**
 * The outcome of each of some rows of a predictions table. Each moment is asked about once, however many deployments and
 * versions answered at it.
 */
export async function predictionOutcomes(
  { engine, manifest, predictions: table, cutMs }: PredictionOutcomesOptions,
  { label }: ModelSpec,
  version: TableVersion,
  key: readonly Column[],
  rows: Uint32Array,
): Promise<OutcomeColumns> {
  const at = numberColumn(table, 'at')
  // No row is both feature and outcome: what happened up to any as_of of the answer is no outcome of it.
  const after = at.slice()
  for (const source of namesOf(table, 'as_of:')) {
    const asOf = numberColumn(table, `as_of:${source}`)
    for (const row of rows) if (asOf[row]! > after[row]!) after[row] = asOf[row]!
  }
  const instants = [at, after].map((values): Column => ({ type: 'timestamp', values }))
  const { first, groups } = distinctRows([...key, ...instants], rows)
  const found = await engine.outcomes({
    outcome: label,
    source: manifest.sources[label.source]!,
    version,
    key: key.map((column) => takeColumn(column, first)),
    after: Float64Array.from(first, (row) => after[row]!),
    at: Float64Array.from(first, (row) => at[row]!),
    cutMs,
  })
  return takeOutcomes(found, groups)
}

/** The outcomes of rows from one place to another. */
export function sliceOutcomes(
  { label, labelStatus, labelAt, weight }: OutcomeColumns,
  from: number,
  to: number,
): OutcomeColumns {
  return {
    label: label.subarray(from, to),
    labelStatus: labelStatus.subarray(from, to),
    labelAt: labelAt.subarray(from, to),
    weight: weight.subarray(from, to),
  }
}

function takeOutcomes(outcomes: OutcomeColumns, places: Int32Array): OutcomeColumns {
  const take = (values: Float64Array) => Float64Array.from(places, (place) => values[place]!)
  return {
    label: take(outcomes.label),
    labelStatus: Uint8Array.from(places, (place) => outcomes.labelStatus[place]!),
    labelAt: take(outcomes.labelAt),
    weight: take(outcomes.weight),
  }
}
