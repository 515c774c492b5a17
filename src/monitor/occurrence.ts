import { columnValue, formatInstant, type Instant, type Table } from '../values/index.ts'
import { namesOf, textAt, textColumn } from './prediction-columns.ts'

/** The UTC day of an instant, `2026-01-31`. */
export function utcDay(instant: Instant): string {
  return formatInstant(instant).slice(0, 10)
}

/** A number for each row of a predictions table; rows of one occurrence (moment key and item) have the same. */
export function occurrences(table: Table): Int32Array {
  const keys = namesOf(table, 'key:').map((name) => table.columns[`key:${name}`]!)
  const items = textColumn(table, 'item')
  const codes = new Map<string, number>()
  return Int32Array.from({ length: table.rows }, (_, row) => {
    const name = JSON.stringify([textAt(items, row), ...keys.map((column) => String(columnValue(column, row)))])
    const code = codes.get(name) ?? codes.size
    codes.set(name, code)
    return code
  })
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
