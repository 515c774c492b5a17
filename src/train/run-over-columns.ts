import type { FunctionRows } from '../code/index.ts'
import type { Digest } from '../digest.ts'
import type { Column, Table } from '../values/index.ts'
import type { TrainingPorts } from './training-ports.ts'

/** Small enough to be sent without holding up the thread that sends, large enough that sending costs little. */
const batchRows = 20_000

/**
 * Runs one function of the project over the rows of a table; the values in order. Columns are named as the function's
 * parameters are.
 * @throws code_failed naming the function and the row
 */
export async function runOverColumns(
  ports: Pick<TrainingPorts, 'runFunction'>,
  code: Digest,
  name: string,
  table: Table,
): Promise<unknown[]> {
  const columns = Object.entries(table.columns)
  const values: unknown[] = []
  for (let from = 0; from < table.rows; from += batchRows) {
    const to = Math.min(table.rows, from + batchRows)
    const batch: FunctionRows = {
      columns: Object.fromEntries(columns.map(([parameter, column]) => [parameter, codeColumn(column, from, to)])),
      rowCount: to - from,
    }
    for (const value of await ports.runFunction(code, name, batch, from)) values.push(value)
  }
  return values
}

/** Rows of a column as the code of a project sees them: timestamps are dates, and in an array of doubles NaN is sent for null. */
export function codeColumn(column: Column, from: number, to: number): ArrayLike<unknown> {
  switch (column.type) {
    case 'int':
    case 'float':
      return column.values.slice(from, to)
    case 'bool':
      return Array.from(column.values.subarray(from, to), (value) => (Number.isNaN(value) ? null : value === 1))
    case 'timestamp':
      return Array.from(column.values.subarray(from, to), (value) => (Number.isNaN(value) ? null : new Date(value)))
    case 'int64':
      return Array.from(column.values.subarray(from, to), (value, i) => (column.nulls[from + i] === 1 ? null : value))
    case 'string':
      return Array.from(column.codes.subarray(from, to), (code) => (code < 0 ? null : column.dictionary[code]!))
  }
}
