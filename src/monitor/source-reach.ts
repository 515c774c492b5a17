import { type FeatureValue, type NaiveRow, naiveFeature } from '../aggregate/naive.ts'
import type { ResolvedFeature, SourceSpec } from '../define/index.ts'
import type { OfflineEngine, SourceTable, TableVersion } from '../offline/offline-engine.ts'
import { columnValue, encodeRow, type Instant, tableRow, type Value } from '../values/index.ts'

/** How far a table reaches: for which answers it holds every row that they could count, and which rows came into it late. */
export interface SourceReach {
  /** Answers as of this instant or earlier can be recomputed; later ones may count rows that the table does not have yet. */
  readonly completeUntilMs: Instant
  /** Rows that were backfilled; null without any. */
  readonly backfills: Backfills | null
}

/**
 * Finds how far a table reaches. Without `completeUntilMs` (the log's frontier when its rows were last written to the table) only what
 * the table itself proves counts: a log is complete below its last stamp, files are as old as their listing.
 */
export async function sourceReach(
  engine: OfflineEngine,
  source: SourceSpec,
  version: TableVersion,
  completeUntilMs?: Instant,
): Promise<SourceReach> {
  if (!version.files.some(({ origin, rows }) => origin === 'log' && rows > 0)) {
    return { completeUntilMs: completeUntilMs ?? version.listedAtMs, backfills: null }
  }
  const { received, known } = await engine.readSource(source, version, { columns: [] })
  let lastReceived = Number.NEGATIVE_INFINITY
  let backfilled = false
  for (let row = 0; row < received.length; row++) {
    // A row of a history file has no stamp, and NaN is never greater.
    if (received[row]! > lastReceived) lastReceived = received[row]!
    if (received[row]! > known[row]!) backfilled = true
  }
  return {
    completeUntilMs: completeUntilMs ?? lastReceived,
    backfills: backfilled ? new Backfills(source, await engine.readSource(source, version)) : null,
  }
}

/** An answer that parity asks about. */
export interface Answer {
  readonly key: readonly (Value | null)[]
  readonly asOf: Instant
  /** When the answer was logged. */
  readonly loggedAt: Instant
}

/**
 * Rows whose declared time is trusted although they were received later. The table has them at their declared time; an
 * answer had them only once they were applied.
 */
export class Backfills {
  readonly #source: SourceSpec
  readonly #table: SourceTable
  /** Key columns of a view -> entity -> its rows, for entities that have a backfilled row. */
  readonly #entities = new Map<string, Map<string, readonly number[]>>()

  constructor(source: SourceSpec, table: SourceTable) {
    this.#source = source
    this.#table = table
  }

  /**
   * What the feature was without the rows that were not there yet when the answer was given; null where every row
   * was. `in_flight`: a row was received between the answer's instant and its record, and nobody can say which was first.
   */
  correct(resolved: ResolvedFeature, { key, asOf, loggedAt }: Answer): FeatureValue | 'in_flight' | null {
    const rows = this.#entity(resolved).get(keyText(key))
    if (rows === undefined) return null
    const { received, known } = this.#table
    const late = (row: number) => known[row]! < asOf && received[row]! > known[row]! && received[row]! >= asOf
    const lateRows = rows.filter(late)
    if (lateRows.length === 0) return null
    if (lateRows.some((row) => received[row]! <= loggedAt)) return 'in_flight'
    const there = rows.filter((row) => !late(row)).map((row) => this.#row(row))
    return naiveFeature(there, resolved, key, asOf)
  }

  #entity({ view }: ResolvedFeature): Map<string, readonly number[]> {
    const name = view.key.map(({ source }) => source).join(' ')
    const found = this.#entities.get(name)
    if (found !== undefined) return found
    const { received, known, columns, rows } = this.#table
    const key = view.key.map(({ source }) => columns[source]!)
    const keyOf = (row: number) => keyText(key.map((column) => columnValue(column, row)))
    const affected = new Map<string, number[]>()
    for (let row = 0; row < rows; row++) if (received[row]! > known[row]!) affected.set(keyOf(row), [])
    for (let row = 0; row < rows; row++) affected.get(keyOf(row))?.push(row)
    this.#entities.set(name, affected)
    return affected
  }

  #row(at: number): NaiveRow {
    const { columns, id, eventTime } = this.#source
    const row = tableRow(this.#table, at)
    const available = this.#table.available[at]!
    const identity = id === null ? null : row[id]
    return {
      row,
      eventMs: this.#table.event[at] ?? Number(row[eventTime]),
      availableMs: Number.isNaN(available) ? null : available,
      id: typeof identity === 'string' ? identity : null,
      body: encodeRow(columns, row),
    }
  }
}

/** A key as text; equal keys of equal types have equal texts. */
function keyText(key: readonly (Value | null)[]): string {
  return JSON.stringify(key.map((value) => (value === null ? null : String(value))))
}
