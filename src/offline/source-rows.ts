import type { Instant } from '../values/index.ts'

/** The rows of a source in typed arrays, in one fixed order, with the times that decide when each is visible. */
export interface SourceRows {
  readonly rows: number
  readonly event: Float64Array
  /** NaN: never. */
  readonly available: Float64Array
  /** The later of event and available; NaN: never visible. */
  readonly known: Float64Array
  /** The rows that count, rising; all where null. */
  readonly counted: Uint32Array | null
}

/**
 * Ranks of rows among others of the same event and available time: by id, then by canonical bytes. Asked for only where
 * Order depends on it, because it has to read the rows again.
 * @param tied 1 for every row whose rank is asked for
 * @returns one rank a row; meaningless where not asked for; equal rows have equal ranks
 */
export type TieRanks = (tied: Uint8Array) => Promise<Float64Array>

/** The places of rows that count and are known before an instant; rows that are never known are left out. */
export function visibleRows({ rows, known, counted }: SourceRows, knownBeforeMs: Instant): Uint32Array {
  const visible = new Uint32Array(counted === null ? rows : counted.length)
  let count = 0
  for (let i = 0; i < visible.length; i++) {
    const row = counted === null ? i : counted[i]!
    if (known[row]! < knownBeforeMs) visible[count++] = row
  }
  return visible.subarray(0, count)
}
