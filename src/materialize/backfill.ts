import type { OfflineEngine, SourceTable, TableVersion } from '../offline/index.ts'
import {
  decodeMark,
  type EntityGroup,
  entityKey,
  featureColumns,
  type GroupFeature,
  type OnlineEntry,
  rangeOf,
  type SourceState,
} from '../online/index.ts'
import { columnValue, type Instant } from '../values/index.ts'
import { type HistoryByEntity, historyByEntity, historyMarks, historyStates } from './history-fold.ts'
import type { FillSession } from './source-writer.ts'
import type { Writer } from './writer.ts'

/** What is filled, and from where. */
export interface MaterializeOptions {
  readonly writer: Writer
  readonly source: string
  /** Reads the history; null for a source that has none. */
  readonly history: {
    readonly offline: Pick<OfflineEngine, 'readSource'>
    readonly version: TableVersion
  } | null
  readonly onProgress?: (progress: MaterializeProgress) => void
}

export interface MaterializeProgress {
  readonly source: string
  readonly step: 'read' | 'fold' | 'log'
  readonly done: number
  readonly total: number
}

/** What was filled. */
export interface Materialized {
  readonly source: string
  /** The digests of the features that were filled now. */
  readonly features: readonly string[]
  readonly historyRows: number
  readonly logRows: number
  readonly cutoverMs: Instant | null
}

/**
 * Fills the features of a source that are not filled yet: history before the cutover, then the rows of the log so far. A
 * feature becomes ready at the end and not before; what an earlier attempt left behind is cleared first. The first time it
 * records the cutover: that of the pinned version, else the clock at which it was listed.
 */
export async function materialize(options: MaterializeOptions): Promise<Materialized> {
  const { writer, source, history, onProgress = () => undefined } = options
  const progress = (step: MaterializeProgress['step'], done: number, total: number) => {
    onProgress({ source, step, done, total })
  }
  return writer.fill(source, async (session) => {
    const pieces = unfilledPieces(session)
    const { state } = session
    const first = history !== null && state.cutoverMs === null
    const fresh = session.groups.some(({ id }) => !state.groups.includes(id))
    if (pieces.length === 0 && !first && !fresh) {
      return { source, features: [], historyRows: 0, logRows: 0, cutoverMs: state.cutoverMs }
    }
    const cutoverMs =
      history === null ? null : (state.cutoverMs ?? history.version.cutoverMs ?? history.version.listedAtMs)
    progress('read', 0, 1)
    const table =
      history === null
        ? null
        : await history.offline.readSource(session.source, history.version, { columns: columnsOf(session, pieces) })
    progress('read', 1, 1)
    await clear(session, pieces, first)
    const rows = table === null || cutoverMs === null ? new Uint32Array(0) : historyRows(table, cutoverMs)
    if (table !== null && cutoverMs !== null) {
      const total = pieces.reduce((sum, { features }) => sum + features.length, 0)
      let done = 0
      for (const piece of pieces) {
        const byEntity = historyByEntity(piece.group, table, rows)
        if (piece.fresh) await writeAll(session, historyMarks(byEntity, cutoverMs))
        const foldedTo = piece.fresh
          ? new Float64Array(byEntity.entities.length).fill(cutoverMs)
          : await foldedToOf(session, byEntity, cutoverMs)
        for (const feature of piece.features) {
          await writeAll(session, historyStates(byEntity, feature, foldedTo))
          progress('fold', ++done, total)
        }
      }
    }
    const historyIdsFromMs =
      first && table !== null && cutoverMs !== null
        ? await keepHistoryIds(session, table, rows, cutoverMs)
        : state.historyIdsFromMs
    const logRows = await replay(session, pieces, { cutoverMs }, progress)
    await session.finish({
      cutoverMs,
      historyIdsFromMs,
      groups: session.groups.map(({ id }) => id),
      features: session.groups.flatMap((group) => group.features.map(({ digest }) => digest)),
    })
    const features = pieces.flatMap((piece) => piece.features.map(({ digest }) => digest))
    return { source, features, historyRows: rows.length, logRows, cutoverMs }
  })
}

/** What is to be filled of one entity group. */
interface Piece {
  readonly group: EntityGroup
  readonly features: readonly GroupFeature[]
  /** Nothing of the group is in the state yet: marks and raw rows have to be made, too. */
  readonly fresh: boolean
}

function unfilledPieces({ groups, state }: FillSession): Piece[] {
  return groups
    .map((group) => ({
      group,
      features: group.features.filter(({ digest }) => !state.features.includes(digest)),
      fresh: !state.groups.includes(group.id),
    }))
    .filter(({ features, fresh }) => fresh || features.length > 0)
}

/** The columns that filling reads; all of them where a row's canonical bytes may be needed for Order. */
function columnsOf({ source }: FillSession, pieces: readonly Piece[]): string[] {
  const features = pieces.flatMap((piece) => piece.features)
  const needsBytes = source.id === null && features.some(({ prepared }) => prepared.kind === 'latest')
  if (needsBytes) return Object.keys(source.columns)
  const names = [
    ...(source.id === null ? [] : [source.id]),
    ...pieces.flatMap(({ group }) => group.columns),
    ...features.flatMap(({ prepared }) => featureColumns(prepared.resolved)),
  ]
  return [...new Set(names)]
}

async function clear(session: FillSession, pieces: readonly Piece[], first: boolean): Promise<void> {
  const { keys, source } = session
  const deleteRanges = pieces.flatMap(({ group, features, fresh }) => [
    ...features.map(({ prefix }) => rangeOf(prefix)),
    ...(fresh ? [rangeOf(group.markPrefix), rangeOf(group.rowPrefix)] : []),
  ])
  if (first) deleteRanges.push(keys.historyIds(source.name))
  await session.write({ puts: [], deletes: [], deleteRanges })
}

/** The rows of history that count: known before the cutover, and none that we received. */
function historyRows({ rows, known, received }: SourceTable, cutoverMs: Instant): Uint32Array {
  const counted = new Uint32Array(rows)
  let count = 0
  for (let row = 0; row < rows; row++) {
    if (Number.isNaN(received[row]!) && known[row]! < cutoverMs) counted[count++] = row
  }
  return counted.subarray(0, count)
}

async function foldedToOf(session: FillSession, history: HistoryByEntity, cutoverMs: Instant): Promise<Float64Array> {
  const foldedTo = new Float64Array(history.entities.length).fill(cutoverMs)
  for (let from = 0; from < history.entities.length; from += entriesPerWrite) {
    const gets = history.entities
      .slice(from, from + entriesPerWrite)
      .map(({ key }) => entityKey(history.group.markPrefix, key))
    const { values } = await session.online.read({ gets, ranges: [] })
    values.forEach((value, i) => {
      if (value !== null) foldedTo[from + i] = decodeMark(value).foldedTo
    })
  }
  return foldedTo
}

/**
 * Keeps the ids of history that a received row could repeat: of those the log would still take, and of those that it has
 * taken already. Returns the instant from which on they are kept.
 */
async function keepHistoryIds(
  session: FillSession,
  table: SourceTable,
  rows: Uint32Array,
  cutoverMs: Instant,
): Promise<Instant | null> {
  const { source, keys } = session
  if (source.id === null) return null
  const ids = table.columns[source.id]!
  let fromMs = cutoverMs - source.dedupWindowMs
  for await (const piece of session.logRows()) for (const { eventMs } of piece) fromMs = Math.min(fromMs, eventMs)
  await writeAll(
    session,
    (function* () {
      for (const row of rows) {
        const id = table.event[row]! < fromMs ? null : columnValue(ids, row)
        if (id !== null) yield { key: keys.historyId(source.name, String(id)), value: nothing }
      }
    })(),
  )
  return fromMs
}

const nothing = new Uint8Array(0)

async function replay(
  session: FillSession,
  pieces: readonly Piece[],
  cutover: Pick<SourceState, 'cutoverMs'>,
  progress: (step: 'log', done: number, total: number) => void,
): Promise<number> {
  const groups = pieces.map(({ group, features, fresh }) => ({
    group,
    options: { features: new Set(features.map(({ digest }) => digest)), fill: !fresh },
  }))
  let done = 0
  for await (const rows of session.logRows()) {
    await session.apply(groups, rows, cutover)
    done += rows.length
    progress('log', done, session.nextOffset)
  }
  return done
}

const entriesPerWrite = 4_000

async function writeAll(session: FillSession, entries: Iterable<OnlineEntry>): Promise<void> {
  let puts: OnlineEntry[] = []
  for (const entry of entries) {
    puts.push(entry)
    if (puts.length < entriesPerWrite) continue
    await session.write({ puts, deletes: [] })
    puts = []
  }
  if (puts.length > 0) await session.write({ puts, deletes: [] })
}
