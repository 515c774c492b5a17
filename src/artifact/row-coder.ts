import type { ModelInput } from './artifact.ts'

/** A value as a feature or a request field holds it; null and undefined are missing. */
export type InputValue = number | bigint | boolean | string | null | undefined

/** Writes one number per input of a model into `row` and returns it; without `row` a new one is made. See `rowCoder`. */
export type RowCoder = (values: Readonly<Record<string, InputValue>>, row?: Float64Array) => Float64Array

/**
 * Makes the function that codes a record for a model with these inputs: a number as it is, a boolean as 0 or 1, a category
 * by its place in `categories` (booleans as "true" and "false", numbers by their decimal text). Missing values, unseen
 * categories and text where a number is expected become NaN. Build it once per model: it holds a map per category column.
 */
export function rowCoder(inputs: readonly ModelInput[]): RowCoder {
  const names = inputs.map((input) => input.name)
  const codes = inputs.map((input) => (input.kind === 'category' ? categoryCodes(input.categories ?? []) : undefined))
  return (values, row = new Float64Array(names.length)) => {
    for (let input = 0; input < names.length; input++) {
      const value = values[names[input]!]
      const known = codes[input]
      if (value === null || value === undefined) row[input] = Number.NaN
      else if (known !== undefined)
        row[input] = known.get(typeof value === 'string' ? value : String(value)) ?? Number.NaN
      else row[input] = typeof value === 'string' ? Number.NaN : Number(value)
    }
    return row
  }
}

/** The code of each category: its place in the list. */
export function categoryCodes(categories: readonly string[]): Map<string, number> {
  return new Map(categories.map((text, code) => [text, code]))
}
