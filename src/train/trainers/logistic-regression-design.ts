import type { LinearModel } from '../../artifact/linear-model.ts'
import type { LabelledMatrix, MatrixColumn } from '../matrix.ts'

/** How one input became coefficients; -1 stands for "none", which contributes 0. */
interface DesignColumn {
  readonly values: Float64Array
  readonly isCategory: boolean
  readonly mean: number
  readonly scale: number
  /** Numbers: the coefficient of the standardised value. */
  readonly slope: number
  /** Categories: the coefficient of each code. */
  readonly ofCode: Int32Array
  /** The coefficient of a missing value. */
  readonly missing: number
}

/**
 * The columns of a regression: coefficient 0 is the intercept; a number has a standardised column (its missing values are the mean, 0) and
 * an indicator where values are missing; a category has one column per frequent category, one for all the others, and one for missing.
 */
export interface Design {
  readonly columns: readonly DesignColumn[]
  readonly coefficients: number
}

/** Lays out the coefficients for a training set. */
export function designOf({ matrix, weights }: LabelledMatrix, maxCategories: number): Design {
  let next = 1
  const columns = matrix.columns.map((column): DesignColumn => {
    const design =
      column.kind === 'number'
        ? numberDesign(column, weights, next)
        : categoryDesign(column, weights, next, maxCategories)
    next = Math.max(next, design.slope + 1, design.missing + 1, ...Array.from(new Set(design.ofCode), (at) => at + 1))
    return design
  })
  return { columns, coefficients: next }
}

function numberDesign({ values }: MatrixColumn, weights: Float64Array | undefined, first: number): DesignColumn {
  let [total, missingTotal, mean, squares] = [0, 0, 0, 0]
  for (let row = 0; row < values.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]!
    const value = values[row]!
    if (weight === 0) continue
    if (Number.isNaN(value)) missingTotal += weight
    else {
      // Welford's update with weights (West, "Updating mean and variance estimates", 1979): no difference of large sums.
      total += weight
      const apart = value - mean
      mean += (apart * weight) / total
      squares += weight * apart * (value - mean)
    }
  }
  const deviation = total > 0 ? Math.sqrt(squares / total) : 0
  // Below these bounds the deviation is rounding, of the mean or of squares that are too small for a double.
  const varies = deviation > Math.max(1e-12 * Math.abs(mean), 1e-140) && Number.isFinite(deviation)
  const indicated = missingTotal > 0 && total > 0
  return {
    values,
    isCategory: false,
    mean: Number.isFinite(mean) ? mean : 0,
    scale: varies ? deviation : 1,
    slope: varies ? first : -1,
    ofCode: new Int32Array(0),
    missing: indicated ? first + (varies ? 1 : 0) : -1,
  }
}

function categoryDesign(
  { values, categories }: MatrixColumn,
  weights: Float64Array | undefined,
  first: number,
  maxCategories: number,
): DesignColumn {
  const size = categories?.length ?? 0
  const counts = new Float64Array(size)
  let missing = 0
  for (let row = 0; row < values.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]!
    if (Number.isNaN(values[row]!)) missing += weight
    else counts[values[row]!]! += weight
  }
  const seen = Array.from(counts.keys()).filter((code) => counts[code]! > 0)
  seen.sort((one, other) => counts[other]! - counts[one]! || one - other)
  // What training never saw is treated like a missing value.
  const kept = Math.min(seen.length, maxCategories)
  const used = kept + (seen.length > kept ? 1 : 0)
  const missingAt = missing > 0 ? first + used : -1
  const ofCode = new Int32Array(size).fill(missingAt)
  seen.forEach((code, rank) => {
    ofCode[code] = first + Math.min(rank, kept)
  })
  return { values, isCategory: true, mean: 0, scale: 1, slope: -1, ofCode, missing: missingAt }
}

/**
 * The coefficients that one row touches, in ascending order, the intercept first: their numbers go to `at`, their values to `by`. Returns
 * how many there are.
 */
export function touch(design: Design, row: number, at: Int32Array, by: Float64Array): number {
  at[0] = 0
  by[0] = 1
  let count = 1
  for (let input = 0; input < design.columns.length; input++) {
    const column = design.columns[input]!
    const value = column.values[row]!
    let coefficient: number
    let factor = 1
    if (Number.isNaN(value)) coefficient = column.missing
    else if (column.isCategory) coefficient = column.ofCode[value]!
    else {
      coefficient = column.slope
      factor = (value - column.mean) / column.scale
    }
    if (coefficient < 0) continue
    at[count] = coefficient
    by[count] = factor
    count++
  }
  return count
}

/** The model that these coefficients are. */
export function modelOf(design: Design, coefficients: Float64Array): LinearModel {
  const weightOf = (coefficient: number) => (coefficient < 0 ? 0 : coefficients[coefficient]!)
  const weights = design.columns.map((column) =>
    column.isCategory ? Array.from(column.ofCode, weightOf) : [weightOf(column.slope)],
  )
  const weightStart = new Int32Array(weights.length + 1)
  weights.forEach((own, input) => {
    weightStart[input + 1] = weightStart[input]! + own.length
  })
  return {
    objective: 'binary',
    intercept: coefficients[0]!,
    isCategory: Int32Array.from(design.columns, (column) => (column.isCategory ? 1 : 0)),
    mean: Float64Array.from(design.columns, (column) => column.mean),
    scale: Float64Array.from(design.columns, (column) => column.scale),
    missingWeight: Float64Array.from(design.columns, (column) => weightOf(column.missing)),
    weightStart,
    weights: Float64Array.from(weights.flat()),
  }
}
