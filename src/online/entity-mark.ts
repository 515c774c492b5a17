import type { Instant } from '../values/index.ts'
import { doublesValue, readDoubles } from './sealed-value.ts'

/** What is kept of an entity that was ever seen in a source. */
export interface EntityMark {
  /** The entity is seen at q if and only if this is before q. */
  readonly smallestKnown: Instant
  /** Rows known before this are folded into tiles; no answer before it is exact. Minus infinity: all rows are raw. */
  readonly foldedTo: Instant
  /** How many raw rows there are. */
  readonly rawRows: number
  /** The known time of the first of them; infinity without any. */
  readonly oldestRaw: Instant
}

/** The mark of an entity of which nothing is stored yet. */
export const blankMark: EntityMark = {
  smallestKnown: Number.POSITIVE_INFINITY,
  foldedTo: Number.NEGATIVE_INFINITY,
  rawRows: 0,
  oldestRaw: Number.POSITIVE_INFINITY,
}

/** The bytes of a mark. */
export function encodeMark({ smallestKnown, foldedTo, rawRows, oldestRaw }: EntityMark): Uint8Array {
  return doublesValue('mark', Float64Array.of(smallestKnown, foldedTo, rawRows, oldestRaw))
}

/** Reads the bytes of a mark. @throws state_damaged */
export function decodeMark(value: Uint8Array): EntityMark {
  const [smallestKnown = 0, foldedTo = 0, rawRows = 0, oldestRaw = 0] = readDoubles('mark', value)
  return { smallestKnown, foldedTo, rawRows, oldestRaw }
}
