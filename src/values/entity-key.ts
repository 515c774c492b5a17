import { noonmarkError } from '../errors.ts'
import type { DtypeName } from './dtype.ts'
import type { Value } from './row.ts'

/** The most bytes that an entity key may take. */
export const entityKeyLimitBytes = 1024

const version = 1
const tags: Partial<Record<DtypeName, number>> = { bool: 0x10, int: 0x20, timestamp: 0x30, string: 0x40 }
const utf8 = new TextEncoder()
const text = new TextDecoder()

/**
 * Bytes of an entity key whose order is the order of the key's columns: version byte 1, then a column after the other: a
 * tag and bool 1 byte, int and timestamp 8 bytes big-endian with the sign bit flipped, string UTF-8 with 00 written as
 * 00 FF and ended by 00 00. Null when a column is null: such a key names no entity.
 * @throws key_invalid for another type or more than 1 KiB
 */
export function encodeEntityKey(types: readonly DtypeName[], values: readonly (Value | null)[]): Uint8Array | null {
  const bytes: number[] = [version]
  for (let i = 0; i < types.length; i++) {
    const type = types[i]!
    const value = values[i]
    if (value === null || value === undefined) return null
    const tag = tags[type]
    if (tag === undefined) throw noonmarkError('key_invalid', { message: `A key column cannot be of type ${type}.` })
    bytes.push(tag)
    if (type === 'bool') bytes.push(value === true ? 1 : 0)
    else if (type === 'string') {
      for (const byte of utf8.encode(value as string)) byte === 0 ? bytes.push(0, 0xff) : bytes.push(byte) // by its declared type
      bytes.push(0, 0)
    } else {
      const flipped = BigInt.asUintN(64, BigInt(value as number)) ^ (1n << 63n) // int and timestamp are whole numbers
      for (let shift = 56n; shift >= 0n; shift -= 8n) bytes.push(Number((flipped >> shift) & 0xffn))
    }
  }
  if (bytes.length > entityKeyLimitBytes) {
    throw noonmarkError('key_invalid', {
      message: `An entity key of ${bytes.length} bytes is longer than ${entityKeyLimitBytes} bytes.`,
    })
  }
  return Uint8Array.from(bytes)
}

/** The values in the bytes of an entity key. */
export function decodeEntityKey(bytes: Uint8Array): Value[] {
  const values: Value[] = []
  if (bytes[0] !== version)
    throw noonmarkError('key_invalid', { message: `Entity key version ${bytes[0]} is not known.` })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 1
  while (at < bytes.length) {
    const tag = bytes[at++]
    if (tag === tags.bool) values.push(bytes[at++] === 1)
    else if (tag === tags.string) {
      const plain: number[] = []
      for (; ; at++) {
        if (bytes[at] === 0 && bytes[at + 1] === 0) break
        plain.push(bytes[at]!)
        if (bytes[at] === 0) at++
      }
      at += 2
      values.push(text.decode(Uint8Array.from(plain)))
    } else {
      values.push(Number(BigInt.asIntN(64, view.getBigUint64(at) ^ (1n << 63n))))
      at += 8
    }
  }
  return values
}
