import type { LatestRow } from '../aggregate/index.ts'
import { compareBytes, type Instant, type Row, type Schema, type Value } from '../values/index.ts'
import { blankValue, checkSealed, headerBytes, seal } from './sealed-value.ts'

/** A row as it stands in the state until it is folded: its times, its id, its canonical bytes. */
export interface RawRow {
  readonly eventMs: Instant
  readonly availableMs: Instant
  readonly id: string | null
  /** Canonical bytes of the whole row. */
  readonly body: Uint8Array
}

const noId = 0xffff
const idAt = headerBytes + 18

/** Little endian: event (8), available (8), length of the id (2; FFFF: none), id, canonical bytes. */
export function encodeRawRow(row: RawRow): Uint8Array {
  const id = row.id === null ? nothing : utf8.encode(row.id)
  const value = blankValue('row', 18 + id.length + row.body.length)
  const view = new DataView(value.buffer)
  view.setFloat64(headerBytes, row.eventMs, true)
  view.setFloat64(headerBytes + 8, row.availableMs, true)
  view.setUint16(headerBytes + 16, row.id === null ? noId : id.length, true)
  value.set(id, idAt)
  value.set(row.body, idAt + id.length)
  return seal(value)
}

/** Reads the bytes of a raw row; its canonical bytes are a view of them. @throws state_damaged */
export function decodeRawRow(value: Uint8Array): RawRow {
  checkSealed('row', value)
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  const idLength = view.getUint16(headerBytes + 16, true)
  const end = idAt + (idLength === noId ? 0 : idLength)
  return {
    eventMs: view.getFloat64(headerBytes, true),
    availableMs: view.getFloat64(headerBytes + 8, true),
    id: idLength === noId ? null : text.decode(value.subarray(idAt, end)),
    body: value.subarray(end),
  }
}

/** A raw row in its place in Order, with the value that a `latest` takes from it. */
export function asLatest(raw: RawRow, value: Value | null): LatestRow {
  return { eventMs: raw.eventMs, availableMs: raw.availableMs, id: raw.id, body: raw.body, value }
}

const nothing = new Uint8Array(0)
const utf8 = new TextEncoder()
const text = new TextDecoder()
const limb = 4_294_967_296

/**
 * Reads some columns out of canonical bytes, and only these: the rest of a row is passed over. The layout is that of
 * `encodeRow`.
 */
export function rowReader(schema: Schema, names: readonly string[]): (body: Uint8Array) => Row {
  const wanted = [...new Set(names)]
    .filter((name) => schema[name] !== undefined)
    .map((name) => ({ name, bytes: utf8.encode(name), type: schema[name]!.type }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
  const blank: Record<string, Value | null> = Object.fromEntries(wanted.map(({ name }) => [name, null]))
  return (body) => {
    if (body[0] !== 1) throw new Error(`canonical row version ${body[0]} is not known`)
    const row = { ...blank }
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    let next = 0
    let at = 1
    while (at < body.length && next < wanted.length) {
      const nameEnd = at + 2 + view.getUint16(at)
      let order = compareName(wanted[next]!.bytes, body, at + 2, nameEnd)
      while (order < 0 && ++next < wanted.length) order = compareName(wanted[next]!.bytes, body, at + 2, nameEnd)
      const tag = body[nameEnd]
      const valueAt = nameEnd + 1
      const length = tag === tagString ? 4 + view.getUint32(valueAt) : tag === tagBool ? 1 : 8
      if (order === 0 && next < wanted.length) {
        const { name, type } = wanted[next]!
        if (tag === tagString) row[name] = text.decode(body.subarray(valueAt + 4, valueAt + length))
        else if (tag === tagBool) row[name] = body[valueAt] === 1
        else if (tag === tagFloat) row[name] = view.getFloat64(valueAt)
        else if (type === 'int64') row[name] = view.getBigInt64(valueAt)
        else row[name] = view.getInt32(valueAt) * limb + view.getUint32(valueAt + 4)
        next += 1
      }
      at = valueAt + length
    }
    return row
  }
}

const tagString = 0x73
const tagBool = 0x62
const tagFloat = 0x66

function compareName(name: Uint8Array, body: Uint8Array, from: number, to: number): number {
  const length = Math.min(name.length, to - from)
  for (let i = 0; i < length; i++) {
    const difference = name[i]! - body[from + i]!
    if (difference !== 0) return difference
  }
  return name.length - (to - from)
}
