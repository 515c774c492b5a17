import { type Column, formatInstant, type Instant, type Table } from '../values/index.ts'
import { namesOf, textColumn } from './prediction-columns.ts'

const dayMs = 86_400_000
const days = new Map<number, string>()
/** Days are few and rows many; a table of many centuries must not fill the memory. */
const mostDays = 10_000

/** The UTC day of an instant, `2026-01-31`. */
export function utcDay(instant: Instant): string {
  const day = Math.floor(instant / dayMs)
  let name = days.get(day)
  if (name === undefined) {
    if (days.size >= mostDays) days.clear()
    name = formatInstant(instant).slice(0, 10)
    days.set(day, name)
  }
  return name
}

const known = new WeakMap<Table, Int32Array>()

/** A number for each row of a predictions table; rows of one occurrence (moment key and item) have the same. */
export function occurrences(table: Table): Int32Array {
  let found = known.get(table)
  if (found === undefined) {
    const keys = namesOf(table, 'key:').map((name) => table.columns[`key:${name}`]!)
    found = distinctRows([textColumn(table, 'item'), ...keys], allRows(table.rows)).groups
    known.set(table, found)
  }
  return found
}

/** The places of all rows of a table. */
export function allRows(rows: number): Uint32Array {
  const all = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) all[row] = row
  return all
}

/** Rows that are equal in some columns. */
export interface DistinctRows {
  /** The first row of each group. */
  readonly first: Uint32Array
  /** The group of each of the rows that were asked for, in their order. */
  readonly groups: Int32Array
}

/** Finds which of some rows are equal in all of some columns; null equals null. */
export function distinctRows(columns: readonly Column[], rows: Uint32Array): DistinctRows {
  const groups = new Int32Array(rows.length)
  let count = 1
  for (const column of columns) {
    const codeOf = coder(column)
    const codes = new Map<number, number>()
    const size = codesIn(column)
    for (let place = 0; place < rows.length; place++) {
      // Both factors are at most the number of rows or of texts, so that the product is a whole number.
      const pair = groups[place]! * size + codeOf(rows[place]!)
      let code = codes.get(pair)
      if (code === undefined) {
        code = codes.size
        codes.set(pair, code)
      }
      groups[place] = code
    }
    count = codes.size
  }
  const first = new Uint32Array(rows.length === 0 ? 0 : count)
  for (let place = rows.length - 1; place >= 0; place--) first[groups[place]!] = rows[place]!
  return { first, groups }
}

const codesIn = (column: Column): number =>
  column.type === 'string' ? column.dictionary.length + 1 : column.values.length + 1

/** A small whole number for each value of a column; 0 for null. */
function coder(column: Column): (row: number) => number {
  if (column.type === 'string') return (row) => column.codes[row]! + 1
  const codes = new Map<number | bigint, number>()
  const codeOf = (value: number | bigint): number => {
    let code = codes.get(value)
    if (code === undefined) {
      code = codes.size + 1
      codes.set(value, code)
    }
    return code
  }
  if (column.type === 'int64') return (row) => (column.nulls[row] === 1 ? 0 : codeOf(column.values[row]!))
  return (row) => (Number.isNaN(column.values[row]!) ? 0 : codeOf(column.values[row]!))
}

/** Rows by the text that names their group, groups in the order of their names. */
export function groupRows(rows: Iterable<number>, nameOf: (row: number) => string): [string, number[]][] {
  const groups = new Map<string, number[]>()
  for (const row of rows) {
    const name = nameOf(row)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [row])
    else group.push(row)
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1))
}
