import { noonmarkError } from '../errors.ts'
import type { Column, DtypeName, Table } from '../values/index.ts'
import { type FeatureMatrix, type LabelledMatrix, type MatrixColumn, numberColumn } from './matrix.ts'

/** An input column as a trainer sees it: text is a category, everything else a number. */
export interface MatrixInput {
  readonly column: string
  readonly type: DtypeName
}

/** Whether a type is a category for a trainer. */
export const inputKind = (type: DtypeName): 'number' | 'category' => (type === 'string' ? 'category' : 'number')

/** The input columns of a table as trainers read them. */
export function matrixFromTable(table: Table, inputs: readonly MatrixInput[]): FeatureMatrix {
  return { rows: table.rows, columns: inputs.map(({ column }) => matrixColumn(column, required(table, column))) }
}

/** The same with `label` and `weight`. */
export function labelledMatrix(table: Table, inputs: readonly MatrixInput[]): LabelledMatrix {
  const matrix = matrixFromTable(table, inputs)
  return { matrix, labels: Uint8Array.from(numbers(table, 'label')), weights: numbers(table, 'weight') }
}

/** One column as trainers read it. Categories are sorted, so that codes do not depend on the order of rows. */
export function matrixColumn(name: string, column: Column): MatrixColumn {
  if (column.type === 'int64') {
    return {
      name,
      kind: 'number',
      values: Float64Array.from(column.values, (value, row) => (column.nulls[row] === 1 ? Number.NaN : Number(value))),
    }
  }
  if (column.type !== 'string') return numberColumn(name, column.values)
  const used = new Set(column.codes)
  const categories = column.dictionary.filter((_, code) => used.has(code)).sort()
  const codes = new Map(categories.map((text, code) => [text, code]))
  const recoded = column.dictionary.map((text) => codes.get(text) ?? Number.NaN)
  return {
    name,
    kind: 'category',
    values: Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : recoded[code]!)),
    categories,
  }
}

function required(table: Table, name: string): Column {
  const column = table.columns[name]
  if (column === undefined)
    throw noonmarkError('training_data_invalid', { message: `The table has no column ${name}.`, path: name })
  return column
}

function numbers(table: Table, name: string): Float64Array {
  const column = required(table, name)
  if (column.type === 'int64' || column.type === 'string')
    throw noonmarkError('training_data_invalid', { message: `${name} is ${column.type}, not a number.`, path: name })
  return column.values
}
