import { createHash, type Hash } from 'node:crypto'
import type { Digest } from '../digest.ts'
import { type Column, compareBytes, type Table } from '../values/index.ts'

/**
 * The digest of a table's content: SHA-256 over canonical column bytes, never over file bytes. It is over the ASCII text
 * `noonmark table 1`, the number of rows (u64), and for every column in the order of its UTF-8 name: u16 name length,
 * name, one tag byte (as in canonical rows: `b i f s t`, `I` for int64), then the values from the first row to the last.
 * bool, int, float and timestamp: an IEEE 754 double each, the quiet NaN 7FF8000000000000 for null, never -0. int64: one
 * byte a row (1 for null), then 8 bytes each, 0 for null. string: u32 length (FFFFFFFF for null) and UTF-8 each. All
 * numbers are little-endian. The order of rows counts; the order of columns and of a dictionary does not.
 */
export function tableDigest(table: Table): Digest {
  const hash = createHash('sha256').update('noonmark table 1')
  hash.update(integer(8, table.rows))
  const encoder = new TextEncoder()
  const named = Object.entries(table.columns).map(([name, column]) => ({ name: encoder.encode(name), column }))
  named.sort((a, b) => compareBytes(a.name, b.name))
  for (const { name, column } of named) {
    hash.update(integer(2, name.length)).update(name).update(tags[column.type])
    hashColumn(hash, column)
  }
  return hash.digest('hex')
}

const tags = { bool: 'b', int: 'i', int64: 'I', float: 'f', string: 's', timestamp: 't' } as const
const partRows = 65_536

function integer(bytes: 2 | 4 | 8, value: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  if (bytes === 2) buffer.writeUInt16LE(value)
  else if (bytes === 4) buffer.writeUInt32LE(value)
  else buffer.writeBigUInt64LE(BigInt(value))
  return buffer
}

function hashColumn(hash: Hash, column: Column): void {
  if (column.type === 'string') {
    hashTexts(hash, column)
    return
  }
  if (column.type === 'int64') {
    hash.update(column.nulls)
    for (let row = 0; row < column.values.length; row += partRows) {
      const values = column.values.slice(row, row + partRows)
      for (let i = 0; i < values.length; i++) if (column.nulls[row + i] === 1) values[i] = 0n
      hash.update(littleEndian(values))
    }
    return
  }
  for (let row = 0; row < column.values.length; row += partRows) {
    const values = column.values.slice(row, row + partRows)
    for (let i = 0; i < values.length; i++) values[i] = Number.isNaN(values[i]!) ? Number.NaN : values[i]! + 0
    hash.update(littleEndian(values))
  }
}

function hashTexts(hash: Hash, { codes, dictionary }: Extract<Column, { type: 'string' }>): void {
  // Texts that repeat are encoded once; of many that do not, the bytes need not stand in memory twice.
  const repeated = dictionary.length * 4 < codes.length
  const encoded = repeated ? dictionary.map((text) => Buffer.from(text, 'utf8')) : null
  let part = Buffer.allocUnsafe(1 << 20)
  let used = 0
  for (const code of codes) {
    // At most three bytes of UTF-8 a code unit.
    const most = 4 + (code < 0 ? 0 : 3 * dictionary[code]!.length)
    if (used + most > part.length) {
      hash.update(part.subarray(0, used))
      used = 0
      if (most > part.length) part = Buffer.allocUnsafe(most)
    }
    if (code < 0) {
      used = part.writeUInt32LE(0xffff_ffff, used)
      continue
    }
    const bytes =
      encoded === null ? part.write(dictionary[code]!, used + 4, 'utf8') : encoded[code]!.copy(part, used + 4)
    part.writeUInt32LE(bytes, used)
    used += 4 + bytes
  }
  hash.update(part.subarray(0, used))
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function littleEndian(values: Float64Array | BigInt64Array): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  return isLittleEndian ? bytes : bytes.swap64()
}
