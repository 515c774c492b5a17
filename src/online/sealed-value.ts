import { crc32 } from 'node:zlib'
import { noonmarkError } from '../errors.ts'

/** What a value of the online store can be; the first byte of each says which. */
export const valueKinds = {
  mark: 0x6d,
  row: 0x72,
  tiles: 0x74,
  latest: 0x6c,
  source: 0x73,
  position: 0x70,
  frontier: 0x66,
} as const

export type ValueKind = keyof typeof valueKinds

/**
 * Every value begins with 8 bytes (little endian): its kind (1), version of the format (1), two zero bytes, CRC-32 of what
 * follows. Eight, so that doubles behind them lie on their boundaries.
 */
export const headerBytes = 8

const version = 1

/** A value of a kind with room for `bodyBytes`; fill the body, then `seal` it. */
export function blankValue(kind: ValueKind, bodyBytes: number): Uint8Array {
  const value = new Uint8Array(headerBytes + bodyBytes)
  value[0] = valueKinds[kind]
  value[1] = version
  return value
}

/** Writes the checksum of a value whose body is filled. */
export function seal(value: Uint8Array): Uint8Array {
  const sum = crc32(value.subarray(headerBytes))
  value[4] = sum & 0xff
  value[5] = (sum >>> 8) & 0xff
  value[6] = (sum >>> 16) & 0xff
  value[7] = sum >>> 24
  return value
}

/**
 * Checks a value as it was read.
 * @throws state_damaged; store_newer when a later release wrote it
 */
export function checkSealed(kind: ValueKind, value: Uint8Array): void {
  if (value[0] !== valueKinds[kind] || value.length < headerBytes) {
    throw noonmarkError('state_damaged', { message: `A value of the online store is not of the kind '${kind}'.` })
  }
  if (value[1]! > version) {
    throw noonmarkError('store_newer', {
      message: `A value of the online store has version ${value[1]}; this release reads version ${version}.`,
    })
  }
  const sum = (value[4]! | (value[5]! << 8) | (value[6]! << 16) | (value[7]! << 24)) >>> 0
  if (crc32(value.subarray(headerBytes)) !== sum) {
    throw noonmarkError('state_damaged', {
      message: `A value of the kind '${kind}' has another checksum than it says.`,
    })
  }
}

/** Doubles as a value. They stand in the machine's order, which is little endian wherever Node runs. */
export function doublesValue(kind: ValueKind, doubles: Float64Array): Uint8Array {
  const value = blankValue(kind, doubles.byteLength)
  value.set(new Uint8Array(doubles.buffer, doubles.byteOffset, doubles.byteLength), headerBytes)
  return seal(value)
}

/** The doubles of a value: a view of it where it lies on a boundary, else a copy. */
export function readDoubles(kind: ValueKind, value: Uint8Array): Float64Array {
  checkSealed(kind, value)
  const at = value.byteOffset + headerBytes
  const length = (value.length - headerBytes) >> 3
  if (at % 8 === 0) return new Float64Array(value.buffer, at, length)
  return new Float64Array(value.slice(headerBytes).buffer, 0, length)
}
