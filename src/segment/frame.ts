import { crc32 } from 'node:zlib'
import { noonmarkError } from '../errors.ts'

/**
 * A framed record, as it stands in every file that we append to (little endian):
 *
 * | bytes | what |
 * |---|---|
 * | 0..3 | CRC-32 of everything that follows, header and payload |
 * | 4..5 | magic `NM` |
 * | 6..7 | version of the frame |
 * | 8..11 | length of the payload |
 * | 12..15 | group number x 4 + flags (1: ends a batch, 2: ends a group) |
 *
 * A *batch* is what one caller appended: it counts whole or not at all. A *group* is what one fsync made durable: group
 * g + 1 is written only after group g is on disk, which is what tells a torn tail from a damaged middle.
 */
export const frameHeaderBytes = 16

/** The largest payload of a frame, in bytes; a length beyond it is read as damage. */
export const framePayloadLimitBytes = 64 * 1024 * 1024

/** The version of frames that this release writes. */
export const frameVersion = 1

const magic = 0x4d4e // "NM" read as a little-endian number
const magicAt = 4

/** A frame as read: its payload is a view of the buffer that it was read from. */
export interface Frame {
  readonly payload: Uint8Array
  readonly group: number
  readonly endsBatch: boolean
  readonly endsGroup: boolean
  /** Header and payload together, in bytes. */
  readonly sizeBytes: number
}

/** What else a frame says of its record. */
export interface FrameMarks {
  readonly group: number
  readonly endsBatch: boolean
  readonly endsGroup: boolean
}

/** Writes one frame into `target` at `start` and returns the byte after it. */
export function writeFrame(target: Buffer, start: number, payload: Uint8Array, marks: FrameMarks): number {
  const end = start + frameHeaderBytes + payload.length
  target.writeUInt16LE(magic, start + magicAt)
  target.writeUInt16LE(frameVersion, start + 6)
  target.writeUInt32LE(payload.length, start + 8)
  target.writeUInt32LE(marks.group * 4 + (marks.endsBatch ? 1 : 0) + (marks.endsGroup ? 2 : 0), start + 12)
  target.set(payload, start + frameHeaderBytes)
  target.writeUInt32LE(crc32(target.subarray(start + magicAt, end)), start)
  return end
}

/** One payload as a frame of its own, for small files that hold a single record. */
export function encodeFrame(payload: Uint8Array): Buffer {
  const target = Buffer.allocUnsafe(frameHeaderBytes + payload.length)
  writeFrame(target, 0, payload, { group: 1, endsBatch: true, endsGroup: true })
  return target
}

/** Reads the frame at `start`, `'short'` where the bytes end before it does, `'invalid'` where there is none. */
export function readFrame(source: Buffer, start: number): Frame | 'short' | 'invalid' {
  if (source.length - start < frameHeaderBytes) return 'short'
  if (source.readUInt16LE(start + magicAt) !== magic) return 'invalid'
  const version = source.readUInt16LE(start + 6)
  const length = source.readUInt32LE(start + 8)
  if (version === 0 || length > framePayloadLimitBytes) return 'invalid'
  const end = start + frameHeaderBytes + length
  if (end > source.length) return 'short'
  if (crc32(source.subarray(start + magicAt, end)) !== source.readUInt32LE(start)) return 'invalid'
  if (version > frameVersion) {
    throw noonmarkError('store_newer', {
      message: `A record has frame version ${version}; this release reads up to ${frameVersion}.`,
    })
  }
  const marks = source.readUInt32LE(start + 12)
  return {
    payload: source.subarray(start + frameHeaderBytes, end),
    group: Math.floor(marks / 4),
    endsBatch: (marks & 1) !== 0,
    endsGroup: (marks & 2) !== 0,
    sizeBytes: end - start,
  }
}

/** The highest group number of any whole frame that begins after `start`, at whatever byte; null where there is none. */
export function highestGroupAfter(source: Buffer, start: number): number | null {
  let highest: number | null = null
  let at = source.indexOf('NM', start + 1 + magicAt, 'latin1')
  while (at !== -1) {
    const frame = readFrame(source, at - magicAt)
    if (typeof frame === 'object') highest = Math.max(highest ?? 0, frame.group)
    at = source.indexOf('NM', typeof frame === 'object' ? at + frame.sizeBytes : at + 1, 'latin1')
  }
  return highest
}
