import type { ModelInput } from '../artifact/artifact.ts'
import { categoryCodes } from '../artifact/row-coder.ts'
import { noonmarkError } from '../errors.ts'

/** One column: a number per row (NaN is missing), or the code of a category per row, an index into `categories`. */
export interface MatrixColumn {
  readonly name: string
  readonly kind: 'number' | 'category'
  readonly values: Float64Array
  readonly categories?: readonly string[]
}

/** What trainers read: columns of equal length, in the order that the model will expect. */
export interface FeatureMatrix {
  readonly rows: number
  readonly columns: readonly MatrixColumn[]
}

/** A matrix with the truth beside it: a label of 0 or 1 and, where given, a weight of 0 or more per row. */
export interface LabelledMatrix {
  readonly matrix: FeatureMatrix
  readonly labels: Uint8Array
  readonly weights?: Float64Array
}

/** A number column; null and undefined are missing, booleans are 0 and 1. */
export function numberColumn(
  name: string,
  values: ArrayLike<number | bigint | boolean | null | undefined>,
): MatrixColumn {
  if (values instanceof Float64Array) return { name, kind: 'number', values }
  const numbers = new Float64Array(values.length)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    numbers[row] = value === null || value === undefined ? Number.NaN : Number(value)
  }
  return { name, kind: 'number', values: numbers }
}

/**
 * A category column from texts; null and undefined are missing. Without `categories` the texts found are sorted by UTF-16
 * code units, so the codes depend on the set of texts alone, never on the order of the rows. With `categories`, a text that
 * is not among them is missing.
 */
export function categoryColumn(
  name: string,
  texts: ArrayLike<string | null | undefined>,
  categories?: readonly string[],
): MatrixColumn {
  let known = categories
  if (known === undefined) {
    const found = new Set<string>()
    for (let row = 0; row < texts.length; row++) {
      const text = texts[row]
      if (text !== null && text !== undefined) found.add(text)
    }
    known = [...found].sort()
  }
  const codes = categoryCodes(known)
  const values = new Float64Array(texts.length)
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row]
    values[row] = text === null || text === undefined ? Number.NaN : (codes.get(text) ?? Number.NaN)
  }
  return { name, kind: 'category', values, categories: known }
}

/** Puts columns together. Throws `training_data_invalid` where lengths differ, a name is used twice or a code has no category. */
export function featureMatrix(columns: readonly MatrixColumn[]): FeatureMatrix {
  const rows = columns[0]?.values.length ?? 0
  const names = new Set<string>()
  for (const { name, kind, values, categories } of columns) {
    if (names.has(name)) throw invalidData(`The column "${name}" is there twice.`, name)
    names.add(name)
    if (values.length !== rows) {
      throw invalidData(`The column "${name}" has ${values.length} rows, the first column has ${rows}.`, name)
    }
    if (kind !== 'category') continue
    const size = categories?.length ?? 0
    const bad = values.findIndex((code) => !Number.isNaN(code) && !(Number.isInteger(code) && code >= 0 && code < size))
    if (bad >= 0) {
      throw invalidData(
        `Row ${bad} of the column "${name}" has the code ${values[bad]}, but there are ${size} categories.`,
        name,
      )
    }
  }
  return { rows, columns }
}

/** The inputs of a model that was trained on this matrix. */
export function matrixInputs(matrix: FeatureMatrix): ModelInput[] {
  return matrix.columns.map(({ name, kind, categories }) =>
    kind === 'category' ? { name, kind, categories: categories ?? [] } : { name, kind },
  )
}

/**
 * The columns that a model expects, in its order and with its category codes; other columns are left out. A category that
 * the model does not know becomes missing. Throws `training_data_invalid` where a column is missing or of the other kind.
 */
export function alignMatrix(matrix: FeatureMatrix, inputs: readonly ModelInput[]): FeatureMatrix {
  const byName = new Map(matrix.columns.map((column) => [column.name, column]))
  const columns = inputs.map((input) => {
    const column = byName.get(input.name)
    if (column === undefined) throw invalidData(`The column "${input.name}" is missing.`, input.name)
    if (column.kind !== input.kind) {
      throw invalidData(
        `The column "${input.name}" holds a ${column.kind}, the model expects a ${input.kind}.`,
        input.name,
      )
    }
    return input.kind === 'number' ? column : recode(column, input.categories ?? [])
  })
  return { rows: matrix.rows, columns }
}

function recode(column: MatrixColumn, categories: readonly string[]): MatrixColumn {
  const own = column.categories ?? []
  if (own.length === categories.length && own.every((text, code) => text === categories[code])) return column
  const codes = categoryCodes(categories)
  const translated = Float64Array.from(own, (text) => codes.get(text) ?? Number.NaN)
  const values = column.values.map((code) => (Number.isNaN(code) ? code : translated[code]!))
  return { name: column.name, kind: 'category', values, categories }
}

/** The rows named, in the order named; category codes stay as they are. */
export function selectRows(matrix: FeatureMatrix, rowIndices: ArrayLike<number>): FeatureMatrix {
  const columns = matrix.columns.map((column) => {
    const values = new Float64Array(rowIndices.length)
    for (let at = 0; at < rowIndices.length; at++) values[at] = column.values[rowIndices[at]!]!
    return { ...column, values }
  })
  return { rows: rowIndices.length, columns }
}

/** The values of each column, as `predictBatch` takes them. */
export function columnValues(matrix: FeatureMatrix): Float64Array[] {
  return matrix.columns.map((column) => column.values)
}

/**
 * Throws `training_data_invalid` unless there are rows, every label is 0 or 1, weights are finite and not negative, and all
 * have one length; `training_one_class` where only one label has weight. `what` names the part in the message.
 */
export function requireLearnable({ matrix, labels, weights }: LabelledMatrix, what = 'training'): void {
  featureMatrix(matrix.columns)
  if (matrix.rows === 0) throw invalidData(`The ${what} set is empty.`)
  if (labels.length !== matrix.rows) {
    throw invalidData(`The ${what} set has ${matrix.rows} rows and ${labels.length} labels.`)
  }
  if (weights !== undefined && weights.length !== matrix.rows) {
    throw invalidData(`The ${what} set has ${matrix.rows} rows and ${weights.length} weights.`)
  }
  const seen = [false, false]
  for (let row = 0; row < matrix.rows; row++) {
    const label = labels[row]!
    const weight = weights === undefined ? 1 : weights[row]!
    if (label > 1) throw invalidData(`Row ${row} of the ${what} set has the label ${label}.`)
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw invalidData(`Row ${row} of the ${what} set has the weight ${weight}.`)
    }
    if (weight > 0) seen[label] = true
  }
  if (!(seen[0] || seen[1])) throw invalidData(`Every row of the ${what} set has the weight 0.`)
  if (what === 'training' && !(seen[0] && seen[1])) {
    throw noonmarkError('training_one_class', { message: `Every training row has the label ${seen[1] ? 1 : 0}.` })
  }
}

function invalidData(message: string, path?: string) {
  return noonmarkError('training_data_invalid', path === undefined ? { message } : { message, path })
}
