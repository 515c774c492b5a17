import { join } from 'node:path'
import type { OfflineEngine } from '../offline/offline-engine.ts'
import type { PredictionRecord } from '../serve/prediction-record.ts'
import { type DtypeName, type Table, takeRows, type Value } from '../values/index.ts'
import { type ColumnBuilder, columnBuilder } from './column-builder.ts'
import { plainColumns } from './prediction-columns.ts'

/** The predictions of one moment as a table, one row an answer that counts. */
export interface MomentPredictions {
  readonly moment: string
  readonly table: Table
  /** Records that were read, repeats included. */
  readonly records: number
  /** Records that do not count because the same was answered before. */
  readonly repeats: number
}

/**
 * Makes the predictions table of every moment, sorted by name, from logged records in any order. Of each deployment, moment
 * key, item and arm the first acknowledged answer counts (and of each shadow version its own): a caller who asks twice
 * changes nothing. Rows are in order of moment, then of id.
 */
export async function tabulatePredictions(
  records: Iterable<PredictionRecord> | AsyncIterable<PredictionRecord>,
): Promise<MomentPredictions[]> {
  const moments = new Map<string, MomentTable>()
  for await (const record of records) {
    let table = moments.get(record.moment)
    if (table === undefined) {
      table = new MomentTable()
      moments.set(record.moment, table)
    }
    table.add(record)
  }
  return [...moments].sort(([a], [b]) => (a < b ? -1 : 1)).map(([moment, table]) => ({ moment, ...table.build() }))
}

/** A predictions table on disk. */
export interface WrittenPredictions {
  readonly moment: string
  readonly path: string
  readonly rows: number
}

/** Writes predictions tables as Parquet, `<folder>/<moment>.parquet`, so that monitors and others work from tables alone. */
export async function writePredictions(
  engine: OfflineEngine,
  predictions: readonly MomentPredictions[],
  folder: string,
): Promise<WrittenPredictions[]> {
  const written: WrittenPredictions[] = []
  for (const { moment, table } of predictions) {
    const path = join(folder, `${moment}.parquet`)
    const { rows } = await engine.writeTable(table, path)
    written.push({ moment, path, rows })
  }
  return written
}

/** What of a record decides whether it is a repeat, and of what. */
function identity({ deployment, arm, version, key, item }: PredictionRecord): string {
  const answers = arm === 'shadow' ? version : null
  return JSON.stringify([deployment, arm, answers, item, key.map(({ value }) => String(value))])
}

interface Standing {
  readonly row: number
  readonly loggedAt: number
  readonly predictionId: string
  readonly at: number
}

class MomentTable {
  readonly #columns = new Map<string, ColumnBuilder>()
  readonly #standing = new Map<string, Standing>()
  #rows = 0

  constructor() {
    for (const [name, type] of Object.entries(plainColumns)) this.#columns.set(name, columnBuilder(type))
  }

  add(record: PredictionRecord): void {
    const key = identity(record)
    const other = this.#standing.get(key)
    const row = this.#rows++
    const { loggedAt, predictionId, at } = record
    const repeat =
      other !== undefined &&
      (other.loggedAt < loggedAt || (other.loggedAt === loggedAt && other.predictionId <= predictionId))
    if (repeat) return
    this.#standing.set(key, { row, loggedAt, predictionId, at })
    this.#fill(row, record)
  }

  build(): Omit<MomentPredictions, 'moment'> {
    const standing = [...this.#standing.values()].sort(
      (a, b) => a.at - b.at || (a.predictionId < b.predictionId ? -1 : 1),
    )
    const columns = Object.fromEntries([...this.#columns].map(([name, column]) => [name, column.build(this.#rows)]))
    const table = takeRows(
      { rows: this.#rows, columns },
      Uint32Array.from(standing, ({ row }) => row),
    )
    return { table, records: this.#rows, repeats: this.#rows - standing.length }
  }

  #fill(row: number, record: PredictionRecord): void {
    const { latency } = record
    const plain: Record<keyof typeof plainColumns, Value | null> = {
      prediction_id: record.predictionId,
      deployment: record.deployment,
      model: record.model,
      item: record.item,
      at: record.at,
      logged_at: record.loggedAt,
      version: record.version,
      arm: record.arm,
      answered_by: record.answeredBy,
      reason: record.reason,
      probability: record.output?.probability ?? null,
      latency_ms: latency.waitMs + latency.lookupMs + latency.deriveMs + latency.modelMs,
      wait_ms: latency.waitMs,
      lookup_ms: latency.lookupMs,
      derive_ms: latency.deriveMs,
      model_ms: latency.modelMs,
      manifest: record.manifest,
    }
    for (const [name, value] of Object.entries(plain)) this.#columns.get(name)!.set(row, value)
    for (const { name, type, value } of record.key) this.#named(`key:${name}`, type).column.set(row, value)
    for (const { role, key } of record.entities) {
      for (const { name, type, value } of key) this.#named(`role:${role}:${name}`, type).column.set(row, value)
    }
    for (const { name, type, value } of record.request) this.#named(`request:${name}`, type).column.set(row, value)
    for (const { name, type, value } of record.derived) this.#named(`derived:${name}`, type).column.set(row, value)
    for (const [source, asOf] of Object.entries(record.asOf)) {
      this.#named(`as_of:${source}`, 'timestamp').column.set(row, asOf)
    }
    for (const [source, version] of Object.entries(record.tables)) {
      this.#named(`table:${source}`, 'string').column.set(row, version)
    }
    for (const { role, view, feature, type, value, status, digest } of record.features) {
      const { name, column } = this.#named(`feature:${role}:${view}:${feature}`, type)
      const rest = name.slice('feature'.length)
      column.set(row, value)
      this.#named(`status${rest}`, 'string').column.set(row, status)
      this.#named(`digest${rest}`, 'string').column.set(row, digest)
    }
  }

  /** The column of a name, or of the name and its type where the name stood for another type before. */
  #named(name: string, type: DtypeName): { readonly name: string; readonly column: ColumnBuilder } {
    const known = this.#columns.get(name)
    if (known?.type === type) return { name, column: known }
    if (known !== undefined) return this.#named(`${name}:${type}`, type)
    const column = columnBuilder(type)
    this.#columns.set(name, column)
    return { name, column }
  }
}
