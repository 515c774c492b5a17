import type { DtypeName } from './dtype.ts'
import type { Row, Schema, Value } from './row.ts'

/**
 * Canonical bytes of a row: the same values give the same bytes on every machine, and an optional column added later
 * changes nothing for a row in which it is null. Layout, big-endian: version byte 1; then for every non-null column in
 * the order of its UTF-8 name: u16 name length, name, one tag byte, payload. Tags: `b` bool (1 byte), `i` whole number
 * (8 bytes two's complement; int and int64 alike), `f` float (8 bytes IEEE 754), `s` string (u32 length, UTF-8),
 * `t` timestamp (8 bytes).
 */
export function encodeRow(schema: Schema, row: Row): Uint8Array {
  const names = sortedNames(schema).filter((name) => row[name] !== null && row[name] !== undefined)
  const parts: { name: Uint8Array; type: DtypeName; value: Value; text: Uint8Array | null }[] = []
  let size = 1
  for (const name of names) {
    const { type } = schema[name]!
    const value = row[name]!
    const text = type === 'string' ? utf8.encode(value as string) : null // by its declared type
    const nameBytes = encodedName(name)
    size += 3 + nameBytes.length + (text === null ? (type === 'bool' ? 1 : 8) : 4 + text.length)
    parts.push({ name: nameBytes, type, value, text })
  }
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  bytes[0] = 1
  let at = 1
  for (const { name, type, value, text } of parts) {
    view.setUint16(at, name.length)
    bytes.set(name, at + 2)
    at += 2 + name.length
    bytes[at++] = tags[type]
    if (text !== null) {
      view.setUint32(at, text.length)
      bytes.set(text, at + 4)
      at += 4 + text.length
    } else if (type === 'bool') {
      bytes[at++] = value === true ? 1 : 0
    } else {
      if (type === 'float')
        view.setFloat64(at, value as number) // by its declared type
      else view.setBigInt64(at, BigInt(value as number | bigint)) // whole numbers and timestamps
      at += 8
    }
  }
  return bytes
}

/** The row in canonical bytes, read by today's schema: columns that it does not name are left out, missing ones are null. */
export function decodeRow(schema: Schema, bytes: Uint8Array): Row {
  const row: Record<string, Value | null> = {}
  for (const name of Object.keys(schema)) row[name] = null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes[0] !== 1) throw new Error(`canonical row version ${bytes[0]} is not known`)
  let at = 1
  while (at < bytes.length) {
    const nameLength = view.getUint16(at)
    const name = decodeName(bytes, at + 2, nameLength)
    at += 2 + nameLength
    const tag = bytes[at++]!
    const type = schema[name]?.type
    let value: Value
    if (tag === tags.string) {
      const length = view.getUint32(at)
      value = text.decode(bytes.subarray(at + 4, at + 4 + length))
      at += 4 + length
    } else if (tag === tags.bool) {
      value = bytes[at++] === 1
    } else {
      if (tag === tags.float) value = view.getFloat64(at)
      else {
        const whole = view.getBigInt64(at)
        value = type === 'int64' ? whole : Number(whole)
      }
      at += 8
    }
    if (type !== undefined) row[name] = value
  }
  return row
}

const utf8 = new TextEncoder()
const text = new TextDecoder()
const tags: Record<DtypeName, number> = {
  bool: 0x62,
  int: 0x69,
  int64: 0x69,
  float: 0x66,
  string: 0x73,
  timestamp: 0x74,
}

const sorted = new WeakMap<Schema, readonly string[]>()

/** Column names in the order of their UTF-8 bytes. */
function sortedNames(schema: Schema): readonly string[] {
  let names = sorted.get(schema)
  if (names === undefined) {
    names = Object.keys(schema).sort((a, b) => compareBytes(encodedName(a), encodedName(b)))
    sorted.set(schema, names)
  }
  return names
}

const nameBytes = new Map<string, Uint8Array>()

function encodedName(name: string): Uint8Array {
  let bytes = nameBytes.get(name)
  if (bytes === undefined) {
    bytes = utf8.encode(name)
    nameBytes.set(name, bytes)
  }
  return bytes
}

function decodeName(bytes: Uint8Array, at: number, length: number): string {
  return text.decode(bytes.subarray(at, at + length))
}

/** Compares byte strings as unsigned bytes, the shorter first where one begins the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}
