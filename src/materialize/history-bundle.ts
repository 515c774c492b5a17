import type { SourceSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import type { OfflineEngine, SourceTable, TableVersion } from '../offline/index.ts'
import {
  decodeMark,
  decodeSourceState,
  type EntityGroup,
  entityKey,
  featureColumns,
  type GroupFeature,
  type OnlineEntry,
  type OnlineStore,
  type SourceState,
  type StateKeys,
} from '../online/index.ts'
import type { LogExtent, StreamLog } from '../stream/index.ts'
import { columnValue, type Instant } from '../values/index.ts'
import { type HistoryByEntity, historyByEntity, historyMarks, historyStates } from './history-fold.ts'

/** What the history of a source makes of the state: computed where the tables are read, applied by the source's writer. */
export interface HistoryBundle {
  readonly about: BundleAbout
  /** What is to be put, in pieces. It is computed as it is read, so that no more than a piece is held; read it once. */
  entries(): AsyncIterable<readonly OnlineEntry[]>
}

/** What a bundle stands for. It can be applied where the state still is what it was computed for. */
export interface BundleAbout {
  readonly source: string
  /** The digests of the features whose history is in it. */
  readonly features: readonly string[]
  /** The entity groups of which nothing was in the state: their marks are in it. */
  readonly freshGroups: readonly string[]
  /** History counts before; null: there is none. */
  readonly cutoverMs: Instant | null
  /** The state had no cutover yet. */
  readonly first: boolean
  /** The ids of history with an event from here on are in it; null where none are. */
  readonly historyIdsFromMs: Instant | null
  readonly historyRows: number
}

/** A source as whoever computes its history sees it: beside its writer, perhaps in another process. */
export interface FillStart {
  readonly source: SourceSpec
  /** The entity groups that are declared. */
  readonly groups: readonly EntityGroup[]
  readonly keys: StateKeys
  readonly online: Pick<OnlineStore, 'read'>
  readonly log: {
    read: StreamLog['read']
    extent(name: {
      readonly project: string
      readonly source: string
    }): Promise<Pick<LogExtent, 'firstOffset' | 'nextOffset'>>
  }
  readonly project: string
}

/** Where the history of a source is read. */
export interface HistoryTable {
  readonly offline: Pick<OfflineEngine, 'readSource'>
  readonly version: TableVersion
}

/** Told how far the work is: `read` the table, `fold` it feature by feature, apply the `log`. */
export type FillProgress = (step: 'read' | 'fold' | 'log', done: number, total: number) => void

/** What is to be filled of one entity group. */
interface Piece {
  readonly group: EntityGroup
  readonly features: readonly GroupFeature[]
  /** Nothing of the group is in the state yet: marks and raw rows have to be made, too. */
  readonly fresh: boolean
}

/** Which of the declared features of a source are not filled. */
export async function unfilledFeatures({ source, groups, keys, online }: FillStart): Promise<string[]> {
  const { features } = await readState(online, keys, source)
  return groups.flatMap((group) => group.features.map(({ digest }) => digest)).filter((one) => !features.includes(one))
}

/**
 * Folds the history of a source into a bundle of what is not filled yet; null: there is nothing to fill. The first time it says
 * the cutover: that of the pinned version, else the clock at which it was listed.
 * @throws log_position_gone where the log has lost its first rows
 */
export async function foldHistory(
  start: FillStart,
  history: HistoryTable | null,
  onProgress: FillProgress = () => undefined,
): Promise<HistoryBundle | null> {
  const { source, keys, online } = start
  const state = await readState(online, keys, source)
  const pieces = unfilledPieces(start.groups, state)
  const first = history !== null && state.cutoverMs === null
  if (pieces.length === 0 && !first) return null
  await checkLogWhole(start)
  const cutoverMs =
    history === null ? null : (state.cutoverMs ?? history.version.cutoverMs ?? history.version.listedAtMs)
  onProgress('read', 0, 1)
  const table =
    history === null
      ? null
      : await history.offline.readSource(source, history.version, { columns: columnsOf(source, pieces) })
  onProgress('read', 1, 1)
  const rows = table === null || cutoverMs === null ? new Uint32Array(0) : historyRows(table, cutoverMs)
  const historyIdsFromMs =
    first && cutoverMs !== null && source.id !== null ? await idsFromMs(start, cutoverMs) : state.historyIdsFromMs
  const about: BundleAbout = {
    source: source.name,
    features: pieces.flatMap(({ features }) => features.map(({ digest }) => digest)),
    freshGroups: pieces.filter(({ fresh }) => fresh).map(({ group }) => group.id),
    cutoverMs,
    first,
    historyIdsFromMs,
    historyRows: rows.length,
  }
  async function* parts(): AsyncGenerator<Iterable<OnlineEntry>> {
    if (table === null || cutoverMs === null) return
    const total = about.features.length
    let done = 0
    for (const { group, features, fresh } of pieces) {
      const byEntity = historyByEntity(group, table, rows)
      if (fresh) yield historyMarks(byEntity, cutoverMs)
      const foldedTo = fresh
        ? new Float64Array(byEntity.entities.length).fill(cutoverMs)
        : await foldedToOf(online, byEntity, cutoverMs)
      for (const feature of features) {
        yield historyStates(byEntity, feature, foldedTo)
        onProgress('fold', ++done, total)
      }
    }
    if (first && historyIdsFromMs !== null) yield historyIds(start, table, rows, historyIdsFromMs)
  }
  return { about, entries: () => inPieces(parts()) }
}

async function readState(online: FillStart['online'], keys: StateKeys, source: SourceSpec): Promise<SourceState> {
  const { values } = await online.read({ gets: [keys.source(source.name)], ranges: [] })
  return decodeSourceState(values[0] ?? null)
}

function unfilledPieces(groups: readonly EntityGroup[], state: SourceState): Piece[] {
  return groups
    .map((group) => ({
      group,
      features: group.features.filter(({ digest }) => !state.features.includes(digest)),
      fresh: !state.groups.includes(group.id),
    }))
    .filter(({ features, fresh }) => fresh || features.length > 0)
}

async function checkLogWhole({ log, project, source }: FillStart): Promise<void> {
  const { firstOffset } = await log.extent({ project, source: source.name })
  if (firstOffset === 0) return
  throw noonmarkError('log_position_gone', {
    message: `The log of ${source.name} begins at row ${firstOffset}, and features are filled from its first.`,
  })
}

/** The columns that filling reads; all of them where a row's canonical bytes may be needed for Order. */
function columnsOf(source: SourceSpec, pieces: readonly Piece[]): string[] {
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

/** The rows of history that count: known before the cutover, and none that we received. */
function historyRows({ rows, known, received }: SourceTable, cutoverMs: Instant): Uint32Array {
  const counted = new Uint32Array(rows)
  let count = 0
  for (let row = 0; row < rows; row++) {
    if (Number.isNaN(received[row]!) && known[row]! < cutoverMs) counted[count++] = row
  }
  return counted.subarray(0, count)
}

/** For each entity the instant up to which its rows are folded: older tiles that left the window then are not made. */
async function foldedToOf(
  online: FillStart['online'],
  history: HistoryByEntity,
  cutoverMs: Instant,
): Promise<Float64Array> {
  const foldedTo = new Float64Array(history.entities.length).fill(cutoverMs)
  for (let from = 0; from < history.entities.length; from += entriesPerPiece) {
    const gets = history.entities
      .slice(from, from + entriesPerPiece)
      .map(({ key }) => entityKey(history.group.markPrefix, key))
    const { values } = await online.read({ gets, ranges: [] })
    values.forEach((value, i) => {
      if (value !== null) foldedTo[from + i] = decodeMark(value).foldedTo
    })
  }
  return foldedTo
}

/** From when on the ids of history are kept: of rows that the log would still take, and of those that it has taken already. */
async function idsFromMs({ source, log, project }: FillStart, cutoverMs: Instant): Promise<Instant> {
  const name = { project, source: source.name }
  let fromMs = cutoverMs - source.dedupWindowMs
  const { nextOffset } = await log.extent(name)
  for (let from = 0; from < nextOffset; ) {
    const rows = await log.read(name, { from, limit: Math.min(entriesPerPiece, nextOffset - from) })
    if (rows.length === 0) break
    for (const { eventMs } of rows) fromMs = Math.min(fromMs, eventMs)
    from += rows.length
  }
  return fromMs
}

const nothing = new Uint8Array(0)

/** The ids of history that a received row could repeat. */
function* historyIds(
  { source, keys }: FillStart,
  table: SourceTable,
  rows: Uint32Array,
  fromMs: Instant,
): Generator<OnlineEntry> {
  if (source.id === null) return
  const ids = table.columns[source.id]!
  for (const row of rows) {
    const id = table.event[row]! < fromMs ? null : columnValue(ids, row)
    if (id !== null) yield { key: keys.historyId(source.name, String(id)), value: nothing }
  }
}

/** A piece ends where it has so many entries or bytes. */
const entriesPerPiece = 4_000
const pieceBytes = 4 * 1024 * 1024

async function* inPieces(parts: AsyncIterable<Iterable<OnlineEntry>>): AsyncGenerator<readonly OnlineEntry[]> {
  let piece: OnlineEntry[] = []
  let sizeBytes = 0
  for await (const part of parts) {
    for (const entry of part) {
      piece.push(entry)
      sizeBytes += entry.value.length
      if (piece.length < entriesPerPiece && sizeBytes < pieceBytes) continue
      yield piece
      piece = []
      sizeBytes = 0
    }
  }
  if (piece.length > 0) yield piece
}
