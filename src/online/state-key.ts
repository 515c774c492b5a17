import { createHash } from 'node:crypto'
import { digestJson } from '../digest.ts'
import type { Instant } from '../values/index.ts'
import type { Key, OnlineRange } from './online-store.ts'

/**
 * The keys of the online state. Each begins with the version of the layout (1 byte), the project and a zero byte, and one
 * letter; entity keys follow a prefix of fixed length, so that all that is stored of an entity can be found:
 *
 * | letter | then | value |
 * |---|---|---|
 * | `s` | source | which features are filled, the cutover |
 * | `p` | source | the log's offset up to which rows are applied |
 * | `f` | source | a frontier of the source that was reached |
 * | `h` | source, 0, id | an id in history (no value) |
 * | `m` | entity group (8), entity key | the entity's mark |
 * | `r` | entity group (8), entity key, known (8), offset (8) | a raw row |
 * | `t` | feature digest (16), entity key | tiles, or the last row, of a feature |
 */
export interface StateKeys {
  source(source: string): Key
  position(source: string): Key
  frontier(source: string): Key
  historyId(source: string, id: string): Key
  historyIds(source: string): OnlineRange
  /** The part of a key before the entity key. */
  marks(group: string): Key
  rows(group: string): Key
  feature(digest: string): Key
}

const layoutVersion = 1

/** The keys of a project's state. */
export function stateKeys(project: string): StateKeys {
  const begin = [layoutVersion, ...utf8.encode(project), 0]
  const key = (letter: string, ...parts: readonly (Uint8Array | string)[]): Key => {
    const bytes = [...begin, letter.charCodeAt(0)]
    for (const part of parts) bytes.push(...(typeof part === 'string' ? utf8.encode(part) : part))
    return Uint8Array.from(bytes)
  }
  return {
    source: (source) => key('s', source),
    position: (source) => key('p', source),
    frontier: (source) => key('f', source),
    historyId: (source, id) => key('h', source, zero, id),
    historyIds: (source) => rangeOf(key('h', source, zero)),
    marks: (group) => key('m', hexBytes(group)),
    rows: (group) => key('r', hexBytes(group)),
    feature: (digest) => key('t', hexBytes(digest).subarray(0, 16)),
  }
}

/** Whether a key of the state stands for an id in history, which has no value. */
export function isHistoryId(key: Key): boolean {
  return key[key.indexOf(0) + 1] === letterOfHistoryIds
}

const utf8 = new TextEncoder()
const letterOfHistoryIds = 'h'.charCodeAt(0)
const zero = Uint8Array.of(0)

/** The name of an entity group, 16 hexadecimal digits: the views of a source that are keyed by the same columns. */
export function entityGroupId(source: string, columns: readonly string[]): string {
  return digestJson({ source, columns }).slice(0, 16)
}

function hexBytes(text: string): Uint8Array {
  // Digests in tests may be any text; those of the platform are hexadecimal.
  return /^([0-9a-f]{2})+$/.test(text) ? Buffer.from(text, 'hex') : createHash('sha256').update(text).digest()
}

/** Every key that begins with a prefix. */
export function rangeOf(prefix: Key): OnlineRange {
  return { from: prefix, to: after(prefix) }
}

/** The first key after all that begin with a prefix. */
function after(prefix: Key): Key {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1
  const end = prefix.slice(0, length)
  end[length - 1]! += 1
  return end
}

/** A prefix followed by an entity key. */
export function entityKey(prefix: Key, entity: Uint8Array): Key {
  const key = new Uint8Array(prefix.length + entity.length)
  key.set(prefix)
  key.set(entity, prefix.length)
  return key
}

/** Bytes that a raw row's key has behind the entity key: known and offset. */
export const rowSuffixBytes = 16

/** The key of a raw row. Rows of an entity lie in the order of their known times. */
export function rowKey(prefix: Key, entity: Uint8Array, knownMs: Instant, offset: number): Key {
  const key = new Uint8Array(prefix.length + entity.length + rowSuffixBytes)
  key.set(prefix)
  key.set(entity, prefix.length)
  writeOrdered(key, key.length - 16, knownMs)
  writeOrdered(key, key.length - 8, offset)
  return key
}

/** The rows of an entity that are known before an instant. */
export function rowsBefore(prefix: Key, entity: Uint8Array, knownMs: Instant): OnlineRange {
  const to = new Uint8Array(prefix.length + entity.length + 8)
  to.set(prefix)
  to.set(entity, prefix.length)
  writeOrdered(to, to.length - 8, knownMs)
  return { from: to.subarray(0, to.length - 8), to }
}

/** The known time in the key of a raw row. */
export function rowKnown(key: Key): Instant {
  return readOrdered(key, key.length - 16)
}

/** The offset in the key of a raw row. */
export function rowOffset(key: Key): number {
  return readOrdered(key, key.length - 8)
}

const limb = 4_294_967_296

/** A safe integer as 8 bytes in the order of numbers: big endian, the sign bit flipped. */
function writeOrdered(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / limb) + 0x8000_0000
  const low = value - Math.floor(value / limb) * limb
  for (let i = 3; i >= 0; i--) {
    bytes[at + 3 - i] = (high / 2 ** (8 * i)) & 0xff
    bytes[at + 7 - i] = (low / 2 ** (8 * i)) & 0xff
  }
}

function readOrdered(bytes: Uint8Array, at: number): number {
  let high = 0
  let low = 0
  for (let i = 0; i < 4; i++) {
    high = high * 256 + bytes[at + i]!
    low = low * 256 + bytes[at + 4 + i]!
  }
  return (high - 0x8000_0000) * limb + low
}
