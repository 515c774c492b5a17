import type { DuckDBConnection } from '@duckdb/node-api'
import type { MomentSpec, SourceSpec } from '../../define/index.ts'
import { type Column, type ExpressionNode, type Instant, type Table, takeColumn } from '../../values/index.ts'
import { answerFeatures } from '../feature-request.ts'
import type {
  FeatureColumn,
  FeatureRequest,
  OutcomeColumns,
  OutcomeRequest,
  ReadOptions,
  SourceTable,
  TableVersion,
} from '../offline-engine.ts'
import { joinOutcomes, outcomeCandidates } from '../outcome-join.ts'
import { orderRows } from '../row-order.ts'
import { gather } from '../sort-order.ts'
import { visibleRows } from '../source-rows.ts'
import { type StandingRows, standingRows } from '../standing-rows.ts'
import type { DecidedRows } from './decided-rows.ts'
import type { FileKnowledge } from './duckdb-files.ts'
import { DuckdbSource } from './duckdb-source.ts'

export { DuckDBInstance } from '@duckdb/node-api'
export { DecidedRows } from './decided-rows.ts'
export { FileKnowledge } from './duckdb-files.ts'
export { listHistory } from './duckdb-history.ts'
export { readTable, writeTable } from './duckdb-table.ts'

/** What every piece of work has: a connection of its own, and what is known of files. */
export interface DuckdbSession {
  readonly connection: DuckDBConnection
  readonly knowledge: FileKnowledge
  /** Rows of versions that were decided on before. */
  readonly decided: DecidedRows
  readonly rootDir: string
}

interface OpenSource {
  readonly reader: DuckdbSource
  readonly standing: StandingRows
}

/** Opens a pinned version and decides which of its rows count. */
async function openSource(session: DuckdbSession, source: SourceSpec, version: TableVersion): Promise<OpenSource> {
  const { connection, knowledge, decided, rootDir } = session
  const reader = await DuckdbSource.open(connection, knowledge, source, version, rootDir)
  // Where there is no history, no received row can repeat it.
  const cutoverMs = source.history === null ? null : version.cutoverMs
  const standing = await decided.of([version.digest, cutoverMs, source], async () =>
    standingRows(await reader.rawRows(), cutoverMs),
  )
  return { reader, standing }
}

/** The rows of a source that count. */
export async function readSource(
  session: DuckdbSession,
  source: SourceSpec,
  version: TableVersion,
  { columns: names = Object.keys(source.columns), knownBeforeMs }: ReadOptions,
): Promise<SourceTable> {
  const { reader, standing } = await openSource(session, source, version)
  const rows = knownBeforeMs === undefined ? countedRows(standing, null, null) : visibleRows(standing, knownBeforeMs)
  const columns = await reader.columns(names, markRows(standing.rows, rows))
  const take = (values: Float64Array) => gather(values, rows)
  return {
    rows: rows.length,
    columns: Object.fromEntries(names.map((name, i) => [name, takeColumn(columns[i]!, rows)])),
    event: take(standing.event),
    available: take(standing.available),
    known: take(standing.known),
    received: take(standing.received),
  }
}

/** The occurrences of a moment in Order. */
export async function readMoments(
  session: DuckdbSession,
  moment: MomentSpec,
  source: SourceSpec,
  version: TableVersion,
  { fromMs, toMs }: { readonly fromMs: Instant | null; readonly toMs: Instant | null },
): Promise<Table> {
  const { reader, standing } = await openSource(session, source, version)
  const rows = await orderRows(standing, countedRows(standing, fromMs, toMs), reader.tieRanks)
  const fields = [
    ...moment.key,
    ...moment.entities.flatMap(({ role, key }) =>
      key.map(({ name, column }) => ({ name: key.length === 1 ? role : `${role}_${name}`, column })),
    ),
    ...moment.request,
  ]
  const columns = await reader.columns(
    fields.map(({ column }) => column),
    markRows(standing.rows, rows),
  )
  const at = gather(standing.event, rows)
  return {
    rows: rows.length,
    columns: {
      at: { type: 'timestamp', values: at },
      ...Object.fromEntries(fields.map(({ name }, i) => [name, takeColumn(columns[i]!, rows)])),
    },
  }
}

/** Every feature at every instant. */
export function features(session: DuckdbSession, request: FeatureRequest): Promise<readonly FeatureColumn[]> {
  return answerFeatures(request, async (source, version, nodes) => {
    const { reader, standing } = await openSource(session, source, version)
    return { source: standing, columns: await reader.expressions(nodes), tieRanks: reader.tieRanks }
  })
}

/** The outcome of every moment. */
export async function outcomes(session: DuckdbSession, request: OutcomeRequest): Promise<OutcomeColumns> {
  const { outcome, source, version, ...spine } = request
  const { reader, standing } = await openSource(session, source, version)
  const key = outcome.on.map(
    ({ column: name }): ExpressionNode => ({ op: 'column', name, type: source.columns[name]!.type }),
  )
  const candidates = outcomeCandidates(outcome, source, standing, spine)
  const columns: Column[] = await reader.expressions([...key, outcome.value], markRows(standing.rows, candidates))
  const rows = { source: standing, key: columns.slice(0, -1), value: columns.at(-1)!, tieRanks: reader.tieRanks }
  return joinOutcomes(outcome, source, rows, spine)
}

/** Marks the rows that are worth reading; null for all. */
function markRows(total: number, rows: Uint32Array): Uint8Array | null {
  if (rows.length === total) return null
  const marks = new Uint8Array(total)
  for (const row of rows) marks[row] = 1
  return marks
}

/** The rows that count and happened within a range. */
function countedRows(
  { rows, event, counted }: StandingRows,
  fromMs: Instant | null,
  toMs: Instant | null,
): Uint32Array {
  const within = new Uint32Array(counted?.length ?? rows)
  let count = 0
  for (let i = 0; i < within.length; i++) {
    const row = counted === null ? i : counted[i]!
    const at = event[row]!
    if ((fromMs === null || at >= fromMs) && (toMs === null || at < toMs)) within[count++] = row
  }
  return within.subarray(0, count)
}
