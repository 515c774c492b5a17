import type { Column, DtypeName } from '../values/index.ts'

/** How the values of a column are put into bins; what they are counted by, at training time and ever after. */
export type ColumnBins =
  /** Few numbers: a bin each, and one for all others. Bools are 0 and 1. */
  | { readonly kind: 'values'; readonly values: readonly number[] }
  /** Bin i holds `edges[i - 1] < value <= edges[i]`; the first and the last are open. */
  | { readonly kind: 'ranges'; readonly edges: readonly number[] }
  /** The most frequent texts: a bin each, and one for all others. */
  | { readonly kind: 'categories'; readonly categories: readonly string[] }

/** A column by its bins. Every row is in exactly one: `counts` has one number a bin, in order, `missing` is beside them. */
export interface ColumnProfile {
  readonly column: string
  readonly type: DtypeName
  readonly bins: ColumnBins
  readonly rows: number
  readonly missing: number
  readonly counts: readonly number[]
  /** Of the numbers that are there; null for text, and without any. */
  readonly mean: number | null
  readonly min: number | null
  readonly max: number | null
}

/** A column of numbers with at most this many different ones has a bin for each. */
const mostValues = 12
/** Ranges are deciles, the convention of the Population Stability Index. */
const ranges = 10
const mostCategories = 20
/** Deciles are those of about so many rows, evenly spread over the column: a whole sort would cost more than it tells. */
const sampledRows = 50_000

/** Chooses the bins of a column by its values. */
export function chooseBins(column: Column, rows: number): ColumnBins {
  if (column.type === 'string') return { kind: 'categories', categories: frequentTexts(column) }
  const values = numbersOf(column, rows)
  const few = fewValues(values)
  return few === null ? { kind: 'ranges', edges: decileEdges(values) } : { kind: 'values', values: few }
}

/** How many bins there are, beside the one for missing values. */
export function binCount(bins: ColumnBins): number {
  if (bins.kind === 'ranges') return bins.edges.length + 1
  return (bins.kind === 'values' ? bins.values.length : bins.categories.length) + 1
}

/** The bin of every row; missing values are in bin `binCount(bins)`. */
export function binRows(bins: ColumnBins, column: Column, rows: number): Uint8Array {
  const found = new Uint8Array(rows)
  const missing = binCount(bins)
  if (column.type === 'string') {
    const known = bins.kind === 'categories' ? bins.categories : []
    const places = new Map(known.map((text, place) => [text, place]))
    const binOf = Uint8Array.from(column.dictionary, (text) => places.get(text) ?? known.length)
    for (let row = 0; row < rows; row++) {
      const code = column.codes[row]!
      found[row] = code < 0 ? missing : binOf[code]!
    }
    return found
  }
  const values = numbersOf(column, rows)
  if (bins.kind === 'categories') return found.map((_, row) => (Number.isNaN(values[row]!) ? missing : missing - 1))
  const sorted = bins.kind === 'ranges' ? bins.edges : bins.values
  const ranged = bins.kind === 'ranges'
  for (let row = 0; row < rows; row++) {
    const value = values[row]!
    if (Number.isNaN(value)) {
      found[row] = missing
      continue
    }
    let place = 0
    while (place < sorted.length && sorted[place]! < value) place++
    found[row] = ranged || sorted[place] === value ? place : missing - 1
  }
  return found
}

/** Counts a column by bins that are chosen by its own values, or by those given. */
export function profileColumn(name: string, column: Column, rows: number, given?: ColumnBins): ColumnProfile {
  const bins = given ?? chooseBins(column, rows)
  const counts = new Array<number>(binCount(bins) + 1).fill(0)
  for (const bin of binRows(bins, column, rows)) counts[bin]!++
  const missing = counts.pop()!
  return { column: name, type: column.type, bins, rows, missing, counts, ...momentsOf(column, rows) }
}

/** Mean, least and greatest of the numbers of a column. */
export function momentsOf(column: Column, rows: number): Pick<ColumnProfile, 'mean' | 'min' | 'max'> {
  let [count, mean, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  if (column.type !== 'string') {
    const values = numbersOf(column, rows)
    for (let row = 0; row < rows; row++) {
      const value = values[row]!
      if (Number.isNaN(value)) continue
      count++
      // A running mean does not overflow where a sum does.
      mean += (value - mean) / count
      if (value < min) min = value
      if (value > max) max = value
    }
  }
  return count === 0 ? { mean: null, min: null, max: null } : { mean, min, max }
}

/** The numbers of a column as doubles, NaN where missing; whole numbers of 64 bits lose what a double does not hold. */
function numbersOf(column: Exclude<Column, { type: 'string' }>, rows: number): Float64Array {
  if (column.type !== 'int64') return column.values
  return Float64Array.from({ length: rows }, (_, row) =>
    column.nulls[row] === 1 ? Number.NaN : Number(column.values[row]!),
  )
}

/** The different numbers of a column in order; null where there are more than a few. */
function fewValues(values: Float64Array): number[] | null {
  const found = new Set<number>()
  for (const value of values) {
    if (Number.isNaN(value)) continue
    found.add(value)
    if (found.size > mostValues) return null
  }
  return [...found].sort((a, b) => a - b)
}

function decileEdges(values: Float64Array): number[] {
  const step = Math.max(1, Math.floor(values.length / sampledRows))
  const sample = Float64Array.from({ length: Math.ceil(values.length / step) }, (_, i) => values[i * step]!)
  const sorted = sample.filter((value) => !Number.isNaN(value)).sort()
  const greatest = greatestBelow(values, Number.POSITIVE_INFINITY)
  const edges = new Set<number>()
  for (let part = 1; part < ranges && sorted.length > 0; part++) {
    // The smallest value that at least this share of the sample does not exceed.
    const edge = sorted[Math.ceil((part / ranges) * sorted.length) - 1]!
    if (edge < greatest) edges.add(edge)
  }
  // Where nearly all values are the greatest one, the others are a bin of their own.
  if (edges.size === 0) edges.add(greatestBelow(values, greatest))
  return [...edges]
}

function greatestBelow(values: Float64Array, bound: number): number {
  let greatest = Number.NEGATIVE_INFINITY
  for (const value of values) if (value < bound && value > greatest) greatest = value
  return greatest
}

function frequentTexts({ codes, dictionary }: Extract<Column, { type: 'string' }>): string[] {
  const counts = new Float64Array(dictionary.length)
  for (const code of codes) if (code >= 0) counts[code]!++
  const order = [...dictionary.keys()].filter((code) => counts[code]! > 0)
  // Ties by text, so that the bins do not depend on the order of rows.
  order.sort((a, b) => counts[b]! - counts[a]! || (dictionary[a]! < dictionary[b]! ? -1 : 1))
  return order.slice(0, mostCategories).map((code) => dictionary[code]!)
}
