import type { Column, Instant } from '../values/index.ts'
import type { SourceRows, TieRanks } from './source-rows.ts'

/** The rows of a pinned version before anything is decided: history first, then received rows. */
export interface RawRows {
  readonly rows: number
  readonly historyRows: number
  readonly event: Float64Array
  /** The available time that the row itself declares; NaN: never. */
  readonly declared: Float64Array
  /** When a row was received; NaN for history. */
  readonly received: Float64Array
  /** Of a received row its available time as stamped on append; NaN: never. */
  readonly stamped: Float64Array
  /** Equal for equal ids; different ids may share one. Null where the source has no id. */
  readonly idHashes: Float64Array | null
  readonly tieRanks: TieRanks
  /** The ids of the rows where the mask is 1. */
  readonly ids: (mask: Uint8Array) => Promise<Extract<Column, { type: 'string' }>>
}

/** Rows with their times, and when each was received. */
export interface StandingRows extends SourceRows {
  readonly received: Float64Array
}

/**
 * Decides which rows count. Of history: those declared known before the cutover, and of those with one id the one with the
 * smallest known, by Order where equal. Of received rows, which the log keeps free of repeats: those that happened from the
 * cutover on, and earlier ones whose id is not in the history that counts; without an id, those declared known from the
 * cutover on, since of earlier ones nobody can tell whether history has them.
 * A row that is never known is taken as known after everything.
 */
export async function standingRows(raw: RawRows, cutoverMs: Instant | null): Promise<StandingRows> {
  const { rows, historyRows, event, declared, stamped, received } = raw
  const available = declared.slice()
  available.set(stamped.subarray(historyRows), historyRows)
  const known = new Float64Array(rows)
  for (let row = 0; row < rows; row++) known[row] = Math.max(event[row]!, available[row]!) // NaN wins: never
  const times = { rows, event, available, known, received }
  const counts = new Uint8Array(rows).fill(1)
  if (cutoverMs !== null) {
    for (let row = 0; row < historyRows; row++) if (!(known[row]! < cutoverMs)) counts[row] = 0
    if (raw.idHashes === null) {
      for (let row = historyRows; row < rows; row++)
        if (Math.max(event[row]!, declared[row]!) < cutoverMs) counts[row] = 0
    }
  }
  if (raw.idHashes !== null) await dropRepeats(raw, known, available, cutoverMs, counts)
  const kept = counts.reduce((sum, flag) => sum + flag, 0)
  if (kept === rows) return { ...times, counted: null }
  const counted = new Uint32Array(kept)
  let count = 0
  for (let row = 0; row < rows; row++) if (counts[row] === 1) counted[count++] = row
  return { ...times, counted }
}

async function dropRepeats(
  raw: RawRows,
  known: Float64Array,
  available: Float64Array,
  cutoverMs: Instant | null,
  counts: Uint8Array,
): Promise<void> {
  const { rows, historyRows, event } = raw
  const suspects = sharedHashes(raw.idHashes!, counts)
  if (suspects === null) return
  const { codes } = await raw.ids(suspects)
  // Rows with one id, in the order in which they lie.
  const byId = new Map<number, number[]>()
  for (let row = 0; row < rows; row++) {
    if (suspects[row] !== 1) continue
    const same = byId.get(codes[row]!)
    if (same === undefined) byId.set(codes[row]!, [row])
    else same.push(row)
  }
  const groups = [...byId.values()].filter((group) => group.length > 1)
  const never = (time: number) => (Number.isNaN(time) ? Number.POSITIVE_INFINITY : time)
  const compareTimes = (a: number, b: number) =>
    compare(never(known[a]!), never(known[b]!)) ||
    compare(event[a]!, event[b]!) ||
    compare(never(available[a]!), never(available[b]!))
  const tied = new Uint8Array(rows)
  let ties = false
  for (const group of groups) {
    const history = group.filter((row) => row < historyRows).sort(compareTimes)
    for (const row of history.slice(1)) {
      if (compareTimes(history[0]!, row) !== 0) break
      tied[history[0]!] = 1
      tied[row] = 1
      ties = true
    }
  }
  const ranks = ties ? await raw.tieRanks(tied) : null
  for (const group of groups) {
    const history = group.filter((row) => row < historyRows)
    if (history.length === 0) continue
    const standing = history.reduce((best, row) => {
      const order = compareTimes(row, best)
      return order < 0 || (order === 0 && ranks !== null && ranks[row]! < ranks[best]!) ? row : best
    })
    for (const row of history) if (row !== standing) counts[row] = 0
    for (const row of group) {
      // A repeat happened when the row of history did, whatever it declares of when that was known.
      if (row >= historyRows && (cutoverMs === null || event[row]! < cutoverMs)) counts[row] = 0
    }
  }
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Marks the counting rows whose hash another counting row has; null where there are none. */
function sharedHashes(hashes: Float64Array, counts: Uint8Array): Uint8Array | null {
  const sorted = hashes.filter((_, row) => counts[row] === 1).sort()
  const shared = new Set<number>()
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) shared.add(sorted[i]!)
  if (shared.size === 0) return null
  return Uint8Array.from(hashes, (hash, row) => (counts[row] === 1 && shared.has(hash) ? 1 : 0))
}
