import type { DtypeName, Instant, Ordered, Value } from '../values/index.ts'
import { compareOrder } from '../values/index.ts'
import type { FeatureValue } from './naive.ts'
import type { PreparedLatest } from './prepare.ts'

/** The last row in Order so far: its place in Order, and the value that the feature has by it. */
export interface LatestRow extends Ordered {
  readonly availableMs: Instant
  readonly value: Value | null
}

/** The later of two rows in Order. */
export function laterRow(a: LatestRow | null, b: LatestRow): LatestRow {
  return a === null || compareOrder(a, b) < 0 ? b : a
}

/** The feature's value at an instant, by the last row that was visible then. */
export function finalizeLatest(
  { maxAgeMs }: Pick<PreparedLatest, 'maxAgeMs'>,
  last: LatestRow | null,
  at: Instant,
): FeatureValue {
  if (last === null) return { value: null, status: 'null' }
  if (maxAgeMs !== null && last.eventMs < at - maxAgeMs) return { value: null, status: 'expired' }
  return { value: last.value, status: last.value === null ? 'null' : 'present' }
}

/**
 * Bytes of the last row (big endian): event (8), available (8), flags (1: an id, 2: a value), length of the id (2), length
 * of the value (4), id, value, canonical bytes of the row. A row with an id is told from every other by it, so of such a
 * row the canonical bytes are left out.
 */
export function encodeLatest(type: DtypeName, row: LatestRow): Uint8Array {
  const id = utf8.encode(row.id ?? '')
  const value = row.value === null ? nothing : encodeValue(type, row.value)
  const body = row.id === null ? row.body : nothing
  const bytes = new Uint8Array(fixedBytes + id.length + value.length + body.length)
  const view = new DataView(bytes.buffer)
  view.setFloat64(0, row.eventMs)
  view.setFloat64(8, row.availableMs)
  bytes[16] = (row.id === null ? 0 : 1) + (row.value === null ? 0 : 2)
  view.setUint16(17, id.length)
  view.setUint32(19, value.length)
  bytes.set(id, fixedBytes)
  bytes.set(value, fixedBytes + id.length)
  bytes.set(body, fixedBytes + id.length + value.length)
  return bytes
}

/** Reads what `encodeLatest` wrote. */
export function decodeLatest(type: DtypeName, bytes: Uint8Array): LatestRow {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const flags = bytes[16]!
  const valueAt = fixedBytes + view.getUint16(17)
  const bodyAt = valueAt + view.getUint32(19)
  return {
    eventMs: view.getFloat64(0),
    availableMs: view.getFloat64(8),
    id: (flags & 1) === 0 ? null : text.decode(bytes.subarray(fixedBytes, valueAt)),
    value: (flags & 2) === 0 ? null : decodeValue(type, bytes.subarray(valueAt, bodyAt)),
    body: bytes.subarray(bodyAt),
  }
}

const fixedBytes = 23
const nothing = new Uint8Array(0)
const utf8 = new TextEncoder()
const text = new TextDecoder()

function encodeValue(type: DtypeName, value: Value): Uint8Array {
  if (type === 'string') return utf8.encode(String(value))
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  if (type === 'int64') view.setBigInt64(0, BigInt(value))
  else view.setFloat64(0, Number(value))
  return bytes
}

function decodeValue(type: DtypeName, bytes: Uint8Array): Value {
  if (type === 'string') return text.decode(bytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (type === 'int64') return view.getBigInt64(0)
  const number = view.getFloat64(0)
  return type === 'bool' ? number === 1 : number
}
