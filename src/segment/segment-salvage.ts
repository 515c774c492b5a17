import type { FileHandle } from 'node:fs/promises'
import { isNoonmarkError } from '../errors.ts'
import { readFrame } from './frame.ts'
import { segmentDamaged } from './segment-file.ts'

/** Where reading can go on behind damage. */
export interface Resumption {
  readonly offset: number
  readonly byte: number
}

/** Records that cannot be read. */
export interface LostRecords {
  readonly path: string
  readonly fromOffset: number
  /** The first record behind them; they end before it. */
  readonly toOffset: number
}

/**
 * Finds where a segment can be read again behind a broken byte. Records have no numbers of their own, so those behind the damage
 * are counted from the segment's end, whose offset the next segment or the end mark tells. Null where the bytes up to the end are
 * no whole records.
 */
export async function resumeBehind(
  handle: FileHandle,
  brokenByte: number,
  endOffset: number,
): Promise<Resumption | null> {
  const { size } = await handle.stat()
  const bytes = Buffer.alloc(Math.max(0, size - brokenByte))
  await handle.read(bytes, 0, bytes.length, brokenByte)
  let chain: number | null = null
  let records = 0
  for (let at = 1; at < bytes.length; ) {
    const frame = readFrame(bytes, at)
    if (typeof frame === 'object') {
      chain ??= at
      records += 1
      at += frame.sizeBytes
      continue
    }
    // Only what comes behind the last hole can be numbered.
    chain = null
    records = 0
    const next = bytes.indexOf('NM', at + 5, 'latin1')
    if (next === -1) return null
    at = next - 4
  }
  return chain === null ? null : { offset: endOffset - records, byte: brokenByte + chain }
}

/**
 * Reads records piece by piece from an offset up to another, or to the end of the log. What cannot be read is told, where somebody
 * listens, and left out; else it is thrown.
 */
export async function* wholeRecords(
  reader: { read(from: number, limit: number): Promise<Uint8Array[]> },
  range: { readonly from: number; readonly to?: number; readonly atOnce: number },
  onDamage?: (error: unknown) => void,
): AsyncGenerator<readonly Uint8Array[]> {
  const { to = Number.POSITIVE_INFINITY, atOnce } = range
  for (let offset = range.from; offset < to; ) {
    try {
      const payloads = await reader.read(offset, Math.min(atOnce, to - offset))
      if (payloads.length === 0) return
      offset += payloads.length
      yield payloads
    } catch (error) {
      const lost = lostRecords(error)
      if (lost === null || onDamage === undefined) throw error
      onDamage(error)
      offset = lost.toOffset
    }
  }
}

/** The error for records that cannot be read; `lostRecords` tells which. */
export function recordsLost(lost: LostRecords, reason: string, byte: number) {
  const { path, fromOffset, toOffset } = lost
  const which = toOffset - fromOffset === 1 ? `record ${fromOffset}` : `records ${fromOffset} to ${toOffset - 1}`
  const error = segmentDamaged(path, `${reason}; lost: ${which}`, byte, fromOffset)
  known.set(error, lost)
  return error
}

/** The records that an error speaks of, to go on behind them; null for any other error. */
export function lostRecords(error: unknown): LostRecords | null {
  return isNoonmarkError(error) ? (known.get(error) ?? null) : null
}

const known = new WeakMap<object, LostRecords>()
