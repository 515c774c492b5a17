import { type NaiveRow, naiveFeature } from '../../aggregate/naive.ts'
import type { SourceSpec } from '../../define/index.ts'
import { digestJson } from '../../digest.ts'
import type {
  FeatureColumn,
  FeatureRequest,
  OfflineEngine,
  OutcomeColumns,
  OutcomeRequest,
  SourceTable,
  TableVersion,
} from '../../offline/offline-engine.ts'
import {
  columnOf,
  columnValue,
  compileExpression,
  encodeRow,
  type Instant,
  knownMs,
  type Row,
  statusCode,
  type Table,
} from '../../values/index.ts'

/** A row of a source as a test writes it: of a history file where `received` is null. */
export interface WrittenRow {
  readonly row: Row
  readonly received: Instant | null
  readonly backfill?: boolean
}

/** A row with its times by the contract. */
export function timedRow(source: SourceSpec, { row, received, backfill }: WrittenRow): NaiveRow {
  const eventMs = Number(row[source.eventTime])
  const { available } = source
  const declared =
    available.from === 'event'
      ? eventMs
      : available.from === 'lag'
        ? eventMs + available.lagMs
        : (row[available.column] ?? null)
  const id = source.id === null ? null : String(row[source.id])
  const availableMs =
    declared === null
      ? null
      : received === null || backfill === true
        ? Number(declared)
        : Math.max(Number(declared), received)
  return { eventMs, availableMs, id, body: encodeRow(source.columns, row), row }
}

/** An engine over rows in memory that answers from the oracle, and the versions of its tables. One row an id is given to it. */
export function oracleEngine(
  sources: readonly SourceSpec[],
  rows: Readonly<Record<string, readonly WrittenRow[]>>,
): { readonly engine: OfflineEngine; readonly versions: Readonly<Record<string, TableVersion>> } {
  const written = new Map<string, Table>()
  const specs = new Map(sources.map((source) => [source.name, source]))
  const timed = (source: string) => (rows[source] ?? []).map((row) => timedRow(specs.get(source)!, row))
  const engine: OfflineEngine = {
    name: 'oracle',
    listHistory: () => Promise.reject(new Error('the oracle has no files')),
    readMoments: () => Promise.reject(new Error('the oracle has no moments')),
    readSource: (source, { source: name }) => Promise.resolve(sourceTable(source, rows[name] ?? [])),
    features: (request) => Promise.resolve(features(request, timed)),
    outcomes: (request) => Promise.resolve(outcomes(request, timed(request.source.name))),
    writeTable(table, path) {
      written.set(path, table)
      return Promise.resolve({ rows: table.rows, sizeBytes: 0 })
    },
    readTable: (path) => Promise.resolve(written.get(path)!),
    close: () => Promise.resolve(),
  }
  return { engine, versions: Object.fromEntries(sources.map(({ name }) => [name, version(name, rows[name] ?? [])])) }
}

function version(source: string, rows: readonly WrittenRow[]): TableVersion {
  const file = (origin: 'history' | 'log', count: number) => ({
    path: `${source}-${origin}.parquet`,
    origin,
    sizeBytes: 0,
    modifiedMs: 0,
    rows: count,
    sha256: digestJson([source, origin]),
  })
  const history = rows.filter(({ received }) => received === null).length
  return {
    source,
    digest: digestJson([source, rows.length]),
    files: [file('history', history), ...(rows.length > history ? [file('log', rows.length - history)] : [])],
    cutoverMs: null,
    logPosition: rows.length > history ? 'end' : null,
    listedAtMs: Date.UTC(2030, 0, 1),
  }
}

function sourceTable(source: SourceSpec, rows: readonly WrittenRow[]): SourceTable {
  const timed = rows.map((row) => timedRow(source, row))
  const doubles = (of: (row: NaiveRow, index: number) => number | null) =>
    Float64Array.from(timed, (row, index) => of(row, index) ?? Number.NaN)
  return {
    rows: rows.length,
    columns: Object.fromEntries(
      Object.entries(source.columns).map(([name, { type }]) => [
        name,
        columnOf(
          type,
          rows.map(({ row }) => row[name] ?? null),
        ),
      ]),
    ),
    event: doubles(({ eventMs }) => eventMs),
    available: doubles(({ availableMs }) => availableMs),
    known: doubles(({ eventMs, availableMs }) => knownMs(eventMs, availableMs)),
    received: doubles((_, index) => rows[index]!.received),
  }
}

function features(request: FeatureRequest, timed: (source: string) => readonly NaiveRow[]): FeatureColumn[] {
  return request.features.map((asked) => {
    const rows = timed(asked.source.name)
    const answers = Array.from({ length: request.rows }, (_, at) =>
      naiveFeature(
        rows,
        asked,
        asked.key.map((column) => columnValue(column, at)),
        asked.asOf[at]!,
      ),
    )
    return {
      values: columnOf(
        asked.feature.type,
        answers.map(({ value }) => value),
      ),
      statuses: Uint8Array.from(answers, ({ status }) => statusCode[status]),
    }
  })
}

function outcomes(request: OutcomeRequest, rows: readonly NaiveRow[]): OutcomeColumns {
  const { outcome, source, cutMs } = request
  const evaluate = compileExpression(outcome.value)
  const size = request.at.length
  const columns = {
    label: new Float64Array(size).fill(Number.NaN),
    labelStatus: new Uint8Array(size),
    labelAt: new Float64Array(size).fill(Number.NaN),
    weight: new Float64Array(size).fill(1),
  }
  const lag = source.available.from === 'lag' ? source.available.lagMs : (source.maturesAfterMs ?? 0)
  for (let at = 0; at < size; at++) {
    const until = request.at[at]! + outcome.withinMs
    if (until + lag >= cutMs) {
      columns.labelStatus[at] = 2
      continue
    }
    const found = rows.find(
      ({ eventMs, availableMs, row }) =>
        eventMs > request.after[at]! &&
        eventMs <= until &&
        (knownMs(eventMs, availableMs) ?? Number.POSITIVE_INFINITY) < cutMs &&
        outcome.on.every(({ column }, part) => row[column] === columnValue(request.key[part]!, at)),
    )
    columns.labelStatus[at] = found === undefined ? 1 : 0
    const value = found === undefined ? outcome.absent : evaluate(found.row)
    if (value !== null) columns.label[at] = Number(value)
  }
  return columns
}
