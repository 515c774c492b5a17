import type { Instant } from '../values/index.ts'
import { blankValue, checkSealed, doublesValue, headerBytes, readDoubles, seal } from './sealed-value.ts'

/** What of a source is in the state. */
export interface SourceState {
  /** History counts before, received rows from here on; null where there is no history, or none was folded yet. */
  readonly cutoverMs: Instant | null
  /** The ids of history rows with an event from here on are kept; null where none are. */
  readonly historyIdsFromMs: Instant | null
  /** The entity groups whose marks and raw rows are kept. */
  readonly groups: readonly string[]
  /** The digests of the features that are filled; all others are `unavailable`. */
  readonly features: readonly string[]
}

/** A source of which nothing is in the state. */
export const blankSourceState: SourceState = { cutoverMs: null, historyIdsFromMs: null, groups: [], features: [] }

/** The bytes of a source's state. */
export function encodeSourceState(state: SourceState): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(state))
  const value = blankValue('source', json.length)
  value.set(json, headerBytes)
  return seal(value)
}

/** Reads the bytes of a source's state; null: nothing is in the state. @throws state_damaged */
export function decodeSourceState(value: Uint8Array | null): SourceState {
  if (value === null) return blankSourceState
  checkSealed('source', value)
  return JSON.parse(new TextDecoder().decode(value.subarray(headerBytes))) // written by encodeSourceState, whole by its checksum
}

/** The bytes of the log's offset up to which rows are applied. */
export function encodeOffset(nextOffset: number): Uint8Array {
  return doublesValue('position', Float64Array.of(nextOffset))
}

/** Reads the offset from which on rows are to be applied. @throws state_damaged */
export function decodeOffset(value: Uint8Array | null): number {
  return value === null ? 0 : (readDoubles('position', value)[0] ?? 0)
}

/** The bytes of a frontier that a source has reached. */
export function encodeFrontier(frontierMs: Instant): Uint8Array {
  return doublesValue('frontier', Float64Array.of(frontierMs))
}

/** Reads a frontier that a source has reached; null: none is kept. @throws state_damaged */
export function decodeFrontier(value: Uint8Array | null): Instant | null {
  return value === null ? null : (readDoubles('frontier', value)[0] ?? null)
}
