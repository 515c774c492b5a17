/** A value that a record can be found and ordered by; null and undefined are the same. */
export type IndexValue = string | number | boolean | null | undefined

/** The fields of a body that may be declared as indexes. */
export type IndexField<Body> = { [Field in keyof Body]: Body[Field] extends IndexValue ? Field : never }[keyof Body] &
  string

/** A kind of record: which room owns it is its own affair; the store only knows its name, its version and its indexes. */
export interface RecordKind<Body> {
  readonly kind: string
  /** Of the body's form. A store written with a greater one is refused. */
  readonly version: number
  readonly indexes: readonly IndexField<Body>[]
  /** Turns a body of an older version into one of this version; without it older bodies are read as they are. */
  readonly upgrade?: (body: unknown, fromVersion: number) => Body
}

/**
 * Declares a kind of record, once, in the room that owns it:
 * `const runRecord = defineRecord<Run>({ kind: 'run', version: 1, indexes: ['model', 'status'] })`.
 * A body is plain JSON; it comes back as `JSON.parse(JSON.stringify(body))` would give it.
 */
export function defineRecord<Body extends object>(kind: RecordKind<Body>): RecordKind<Body> {
  for (const field of kind.indexes) {
    if (columnOrders.has(field))
      throw new Error(`A record's index cannot be called "${field}": that orders by the record's own.`)
  }
  if (!Number.isInteger(kind.version) || kind.version < 1) throw new Error('The version of a record is 1, 2, 3 ...')
  return Object.freeze({ ...kind, indexes: Object.freeze([...kind.indexes]) })
}

/** What lists can be ordered by besides declared indexes. */
export const columnOrders: ReadonlySet<string> = new Set(['id', 'createdAtMs', 'updatedAtMs'])

/** What a record is called. */
export interface RecordKey {
  readonly project: string
  readonly id: string
}

/** A record as it stands in the store. */
export interface MetadataRecord<Body> extends RecordKey {
  readonly kind: string
  /** 1 when it was first written, one more with each write. */
  readonly revision: number
  readonly body: Body
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** The value of an index field, out of a body. */
export function indexValue(body: object, field: string): IndexValue {
  const value: unknown = Reflect.get(body, field)
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  throw new Error(
    `The index field "${field}" is of type ${typeof value}: only text, numbers, booleans and null can be found.`,
  )
}

/**
 * An index value as text whose byte order is the order of the values: null, false, true, numbers, text (by UTF-8 bytes). So one text
 * column serves equality, ranges and paging alike in every SQL database.
 */
export function encodeIndexValue(value: IndexValue): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'boolean') return value ? 'b1' : 'b0'
  if (typeof value === 'string') return `t${value}`
  if (Number.isNaN(value)) throw new Error('NaN cannot be found again: it is no index value.')
  const bits = Buffer.alloc(8)
  bits.writeDoubleBE(value === 0 ? 0 : value)
  const negative = ((bits[0] ?? 0) & 0x80) !== 0
  // The bits of positive doubles ascend with the number; those of negative ones descend.
  for (let at = 0; at < 8; at += 1) bits[at] = (bits[at] ?? 0) ^ (negative ? 0xff : at === 0 ? 0x80 : 0)
  return `n${bits.toString('hex')}`
}

/** Encoded values from `least` on and below `end`. */
export interface EncodedRange {
  readonly least: string
  readonly end: string
}

/** What a condition of a list means in encoded values. */
export function encodeCondition(condition: IndexCondition): string | EncodedRange {
  if (typeof condition !== 'object' || condition === null) return encodeIndexValue(condition)
  const { atLeast, below } = condition
  const type = encodeIndexValue(atLeast ?? below).slice(0, 1)
  if (type !== 'n' && type !== 't') throw new Error('A range of a list is of numbers or of text.')
  return {
    least: atLeast === undefined ? type : encodeIndexValue(atLeast),
    end: below === undefined ? String.fromCharCode(type.charCodeAt(0) + 1) : encodeIndexValue(below),
  }
}

/** A value that a field must have, or a range `atLeast <= value < below` of numbers or of text that it must lie in. */
export type IndexCondition = IndexValue | IndexRange

/** A range of index values; either end may be left open. */
export interface IndexRange {
  readonly atLeast?: string | number
  readonly below?: string | number
}
