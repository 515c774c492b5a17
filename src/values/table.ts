import type { DtypeName } from './dtype.ts'
import type { Row, Value } from './row.ts'

/**
 * A column in typed arrays. Numbers, bools (0 and 1) and timestamps are doubles in which NaN is null: NaN is never a value
 * here. Strings are codes into a dictionary, -1 for null.
 */
export type Column =
  | { readonly type: 'bool' | 'int' | 'float' | 'timestamp'; readonly values: Float64Array }
  | { readonly type: 'int64'; readonly values: BigInt64Array; readonly nulls: Uint8Array }
  | { readonly type: 'string'; readonly codes: Int32Array; readonly dictionary: readonly string[] }

/** Rows by columns, all of one length. */
export interface Table {
  readonly rows: number
  readonly columns: Readonly<Record<string, Column>>
}

/** One value of a column; null where it is missing. */
export function columnValue(column: Column, row: number): Value | null {
  if (column.type === 'string') {
    const code = column.codes[row]!
    return code < 0 ? null : column.dictionary[code]!
  }
  if (column.type === 'int64') return column.nulls[row] === 1 ? null : column.values[row]!
  const value = column.values[row]!
  if (Number.isNaN(value)) return null
  return column.type === 'bool' ? value === 1 : value
}

/** A column from values of one type. */
export function columnOf(type: DtypeName, values: readonly (Value | null)[]): Column {
  if (type === 'string') {
    const index = new Map<string, number>()
    const codes = Int32Array.from(values, (value) => {
      if (value === null) return -1
      const text = value as string // by the type given
      const code = index.get(text) ?? index.size
      if (code === index.size) index.set(text, code)
      return code
    })
    return { type, codes, dictionary: [...index.keys()] }
  }
  if (type === 'int64') {
    return {
      type,
      values: BigInt64Array.from(values, (value) => (value === null ? 0n : BigInt(value))),
      nulls: Uint8Array.from(values, (value) => (value === null ? 1 : 0)),
    }
  }
  return { type, values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))) }
}

/** One row of a table. */
export function tableRow(table: Table, row: number): Row {
  const values: Record<string, Value | null> = {}
  for (const [name, column] of Object.entries(table.columns)) values[name] = columnValue(column, row)
  return values
}

/** The rows of a table that an index list names, in its order. */
export function takeRows(table: Table, rows: Uint32Array): Table {
  const columns: Record<string, Column> = {}
  for (const [name, column] of Object.entries(table.columns)) columns[name] = takeColumn(column, rows)
  return { rows: rows.length, columns }
}

/** The values of a column that an index list names, in its order. */
export function takeColumn(column: Column, rows: Uint32Array): Column {
  if (column.type === 'string') return { ...column, codes: take(column.codes, new Int32Array(rows.length), rows) }
  if (column.type === 'int64') {
    const { length } = rows
    return {
      type: 'int64',
      values: take(column.values, new BigInt64Array(length), rows),
      nulls: take(column.nulls, new Uint8Array(length), rows),
    }
  }
  return { type: column.type, values: take(column.values, new Float64Array(rows.length), rows) }
}

/** A plain loop: `from` with a function takes ten times as long over millions of values. */
function take<A extends { [index: number]: number | bigint }>(values: A, into: A, rows: Uint32Array): A {
  for (let i = 0; i < rows.length; i++) into[i] = values[rows[i]!]!
  return into
}
