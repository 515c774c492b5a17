import type { FeatureMatrix, MatrixColumn } from '../matrix.ts'
import type { Random } from './gradient-boosting-random.ts'

/** Places per feature in a histogram: bin 0 for missing values and up to 255 for the others. */
export const binSlots = 256

/** Rows from which the bounds of number bins are taken; more rows move the quantiles by less than a bin. */
const sampleRows = 100_000

/** How the values of one column became bins. Bin 0 is for missing values and for categories too rare for a bin of their own. */
export interface FeatureBins {
  /** The column's position in the matrix. */
  readonly column: number
  readonly kind: 'number' | 'category'
  /** Bins in use, bin 0 included. */
  readonly binCount: number
  /** Numbers: bin b holds the values in (upper[b - 1], upper[b]]; the last bound is Infinity. Empty for categories. */
  readonly upper: Float64Array
  /** Categories: the bin of each code. Empty for numbers. */
  readonly binOfCode: Uint8Array
}

/** The columns as bins, one byte a row. Columns that hold a single bin are left out: no split can use them. */
export interface BinnedMatrix {
  readonly rows: number
  readonly features: readonly FeatureBins[]
  /** Per feature. */
  readonly columns: readonly Uint8Array[]
}

/** Bins all columns of a matrix; at most `bins` (2 to 255) bins per column besides bin 0. */
export function binMatrix(matrix: FeatureMatrix, bins: number, random: Random): BinnedMatrix {
  const { rows } = matrix
  const sample = rows > sampleRows ? random.sample(rows, sampleRows) : undefined
  const features: FeatureBins[] = []
  const columns: Uint8Array[] = []
  matrix.columns.forEach((column, position) => {
    const feature =
      column.kind === 'number' ? numberBins(column, position, bins, sample) : categoryBins(column, position, bins)
    const binned = binColumn(column, feature)
    const first = binned[0]
    if (binned.every((bin) => bin === first)) return
    columns.push(binned)
    features.push(feature)
  })
  return { rows, features, columns }
}

/** The bins of a column's rows, which may be others than those that the bins were made from. */
export function binColumn({ values }: MatrixColumn, { kind, upper, binOfCode }: FeatureBins): Uint8Array {
  const binned = new Uint8Array(values.length)
  if (kind === 'number') assignNumbers(values, upper, binned)
  else assignCategories(values, binOfCode, binned)
  return binned
}

function numberBins(column: MatrixColumn, position: number, bins: number, sample: Int32Array | undefined): FeatureBins {
  const { values } = column
  const drawn = new Float64Array(sample?.length ?? values.length)
  let count = 0
  for (let at = 0; at < drawn.length; at++) {
    const value = values[sample === undefined ? at : sample[at]!]!
    if (!Number.isNaN(value)) drawn[count++] = value
  }
  const upper = numberBounds(drawn.subarray(0, count).sort(), bins)
  return { column: position, kind: 'number', binCount: upper.length + 1, upper, binOfCode: new Uint8Array(0) }
}

/**
 * Bounds for bins of about equal counts over sorted values. A value that fills a bin alone gets one of its own, the rest is
 * shared evenly (the greedy rule of LightGBM: Ke et al., "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", 2017).
 * A bound lies half-way between neighbours, so that it separates new values fairly.
 */
export function numberBounds(sorted: Float64Array, bins: number): Float64Array {
  const values = new Float64Array(sorted.length)
  const counts = new Int32Array(sorted.length)
  let size = 0
  for (let at = 0; at < sorted.length; at++) {
    const value = sorted[at]!
    if (at === 0 || value > sorted[at - 1]!) values[size++] = value
    counts[size - 1]!++
  }
  const bounds: number[] = []
  const close = (at: number) => bounds.push(between(values[at]!, values[at + 1]!))
  if (size <= bins) for (let at = 0; at + 1 < size; at++) close(at)
  else {
    const mean = sorted.length / bins
    let restBins = bins
    let restCount = sorted.length
    for (let at = 0; at < size; at++) {
      if (counts[at]! < mean) continue
      restBins--
      restCount -= counts[at]!
    }
    let target = restCount / Math.max(restBins, 1)
    let inBin = 0
    for (let at = 0; at + 1 < size && bounds.length < bins - 1; at++) {
      const count = counts[at]!
      const fills = count >= mean
      inBin += count
      if (!fills) restCount -= count
      const full = fills || inBin >= target || (counts[at + 1]! >= mean && inBin >= Math.max(1, target / 2))
      if (!full) continue
      close(at)
      inBin = 0
      if (fills) continue
      restBins--
      target = restCount / Math.max(restBins, 1)
    }
  }
  return Float64Array.from([...bounds, Number.POSITIVE_INFINITY])
}

/** A number that is at least `low` and below `high`. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2
  return middle >= low && middle < high ? middle : low
}

/** Rows that an inner loop takes at once; short loops that are called often are compiled once for good. */
const blockRows = 4096

function assignNumbers(values: Float64Array, upper: Float64Array, binned: Uint8Array): void {
  for (let begin = 0; begin < values.length; begin += blockRows) {
    assignBlock(values, upper, binned, begin, Math.min(values.length, begin + blockRows))
  }
}

function assignBlock(values: Float64Array, upper: Float64Array, binned: Uint8Array, begin: number, end: number): void {
  const last = upper.length - 1
  for (let row = begin | 0; row < end; row++) {
    const value = values[row]!
    if (Number.isNaN(value)) {
      binned[row] = 0
      continue
    }
    let low = 0
    let high = last
    while (low < high) {
      const middle = (low + high) >> 1
      if (value <= upper[middle]!) high = middle
      else low = middle + 1
    }
    binned[row] = low + 1
  }
}

/** The most frequent categories get bins of their own, equals by their code. */
function categoryBins(column: MatrixColumn, position: number, bins: number): FeatureBins {
  const size = column.categories?.length ?? 0
  const counts = new Float64Array(size)
  for (const code of column.values) if (!Number.isNaN(code)) counts[code]!++
  const byCount = Array.from(counts.keys()).filter((code) => counts[code]! > 0)
  byCount.sort((one, other) => counts[other]! - counts[one]! || one - other)
  const binOfCode = new Uint8Array(size)
  const kept = byCount.slice(0, bins)
  kept.forEach((code, at) => {
    binOfCode[code] = at + 1
  })
  return { column: position, kind: 'category', binCount: kept.length + 1, upper: new Float64Array(0), binOfCode }
}

function assignCategories(values: Float64Array, binOfCode: Uint8Array, binned: Uint8Array): void {
  for (let row = 0; row < values.length; row++) {
    const code = values[row]!
    binned[row] = Number.isNaN(code) ? 0 : binOfCode[code]!
  }
}
