import type { FileHandle } from 'node:fs/promises'

/** A footer is not longer than this; one that says so is not read. */
const mostFooterBytes = 64 * 1024 * 1024

/**
 * The names of a Parquet file's columns at the top level, read from its footer alone: `FileMetaData` in Thrift's compact protocol,
 * its length (4 bytes, little endian) and `PAR1` behind it (https://parquet.apache.org/docs/file-format/). Null where the file has
 * no such footer, as an encrypted one.
 */
export async function parquetColumns(file: FileHandle): Promise<readonly string[] | null> {
  const { size } = await file.stat()
  if (size < 12) return null
  const tail = Buffer.alloc(8)
  await file.read(tail, 0, 8, size - 8)
  const length = tail.readUInt32LE(0)
  if (tail.toString('latin1', 4) !== 'PAR1' || length > Math.min(size - 12, mostFooterBytes)) return null
  const footer = Buffer.alloc(length)
  await file.read(footer, 0, length, size - 8 - length)
  try {
    return topNames(new CompactReader(footer).schema())
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

interface SchemaElement {
  readonly name: string
  readonly children: number
}

/** The schema is a tree in depth-first order; its first element is the root. */
function topNames(schema: readonly SchemaElement[]): string[] {
  const names: string[] = []
  let at = 1
  const skip = (): void => {
    const { children } = schema[at++]!
    for (let child = 0; child < children; child++) skip()
  }
  for (let column = 0; column < (schema[0]?.children ?? 0); column++) {
    if (schema[at] === undefined) throw new RangeError('the schema ends early')
    names.push(schema[at]!.name)
    skip()
  }
  return names
}

/** Types of the compact protocol. */
const stop = 0
const [isTrue, isFalse, byte, i16, i32, i64, double, binary, list, set, map, struct] = Array.from(
  { length: 12 },
  (_, i) => i + 1,
)

/** Reads as much of the compact protocol as the schema needs. Reading beyond the bytes is a RangeError. */
class CompactReader {
  private at = 0
  private readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** Field 2 of `FileMetaData`. */
  schema(): SchemaElement[] {
    let found: SchemaElement[] | null = null
    this.struct((field, type) => {
      if (field !== 2 || type !== list || found !== null) return false
      const { size } = this.listHead()
      found = Array.from({ length: size }, () => this.element())
      return 'end'
    })
    if (found === null) throw new RangeError('there is no schema')
    return found
  }

  /** Fields 4 (name) and 5 (number of children) of a `SchemaElement`. */
  private element(): SchemaElement {
    let name = ''
    let children = 0
    this.struct((field, type) => {
      if (field === 4 && type === binary) name = this.text()
      else if (field === 5 && type === i32) children = this.zigzag()
      else return false
      return true
    })
    return { name, children }
  }

  /** Calls back for each field, until one is the `end`; a field that is not taken is passed over. */
  private struct(take: (field: number, type: number) => boolean | 'end'): void {
    let field = 0
    for (;;) {
      const head = this.bytes.readUInt8(this.at++)
      const type = head & 0x0f
      if (type === stop) return
      const delta = head >> 4
      field = delta === 0 ? this.zigzag() : field + delta
      const taken = take(field, type)
      if (taken === 'end') return
      if (!taken) this.pass(type)
    }
  }

  private pass(type: number): void {
    switch (type) {
      case isTrue:
      case isFalse:
        return
      case byte:
        this.at += 1
        return
      case i16:
      case i32:
      case i64:
        this.varint()
        return
      case double:
        this.at += 8
        return
      case binary:
        // In one expression the place would be read before the length has moved it.
        this.text()
        return
      case list:
      case set: {
        const { size, type: of } = this.listHead()
        // A bool of a list has a byte of its own.
        for (let i = 0; i < size; i++) this.pass(of === isTrue || of === isFalse ? byte! : of)
        return
      }
      case map: {
        const size = this.varint()
        if (size === 0) return
        const types = this.bytes.readUInt8(this.at++)
        for (let i = 0; i < size; i++) {
          this.pass(types >> 4)
          this.pass(types & 0x0f)
        }
        return
      }
      case struct:
        this.struct(() => false)
        return
      default:
        throw new RangeError(`there is no type ${type}`)
    }
  }

  private listHead(): { readonly size: number; readonly type: number } {
    const head = this.bytes.readUInt8(this.at++)
    const size = head >> 4
    return { size: size === 15 ? this.varint() : size, type: head & 0x0f }
  }

  private text(): string {
    const size = this.varint()
    if (this.at + size > this.bytes.length) throw new RangeError('a name ends behind the footer')
    this.at += size
    return this.bytes.toString('utf8', this.at - size, this.at)
  }

  /** Up to 53 bits; longer numbers are passed over only, so that their value does not matter. */
  private varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const part = this.bytes.readUInt8(this.at++)
      value += (part & 0x7f) * scale
      if (part < 0x80) return value
    }
  }

  private zigzag(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}
