import { sigmoid } from '../../artifact/tree-ensemble.ts'
import type { LabelledMatrix } from '../matrix.ts'
import { type Design, touch } from './logistic-regression-design.ts'

/** The objective at a point: the penalised loss, its gradient, and the lower triangle of its second derivatives, row by row. */
export interface Curvature {
  loss: number
  /** Weighted sum of log losses, without the penalty. */
  dataLoss: number
  readonly gradient: Float64Array
  readonly hessian: Float64Array
}

/** Rows that the inner loop takes at once; a short loop that is called often is compiled once for good. */
const blockRows = 1024

/**
 * Measures sum of w * log loss + l2 / 2 * (sum of squares of all coefficients but the intercept) with its derivatives. A row touches few
 * coefficients, so the cost grows with the square of the inputs, not of the categories.
 */
export function measure(
  { labels, weights }: LabelledMatrix,
  design: Design,
  coefficients: Float64Array,
  l2: number,
): Curvature {
  const size = design.coefficients
  const found = { loss: 0, dataLoss: 0, gradient: new Float64Array(size), hessian: new Float64Array(size * size) }
  for (let begin = 0; begin < labels.length; begin += blockRows) {
    addRows(found, design, coefficients, labels, weights, begin, Math.min(labels.length, begin + blockRows))
  }
  found.loss = found.dataLoss
  for (let at = 1; at < size; at++) {
    const coefficient = coefficients[at]!
    found.loss += (l2 / 2) * coefficient * coefficient
    found.gradient[at]! += l2 * coefficient
    found.hessian[at * size + at]! += l2
  }
  return found
}

function addRows(
  found: Curvature,
  design: Design,
  coefficients: Float64Array,
  labels: Uint8Array,
  weights: Float64Array | undefined,
  begin: number,
  end: number,
): void {
  const size = design.coefficients
  const { gradient, hessian } = found
  const at = new Int32Array(design.columns.length + 1)
  const by = new Float64Array(design.columns.length + 1)
  for (let row = begin | 0; row < end; row++) {
    const count = touch(design, row, at, by)
    let score = 0
    for (let one = 0; one < count; one++) score += coefficients[at[one]!]! * by[one]!
    const weight = weights === undefined ? 1 : weights[row]!
    const probability = sigmoid(score)
    const margin = labels[row] === 1 ? score : -score
    const size1 = Math.abs(margin)
    found.dataLoss += weight * (Math.log1p(Math.exp(-size1)) + (margin < 0 ? size1 : 0))
    const slope = weight * (probability - labels[row]!)
    const bend = weight * probability * (1 - probability)
    for (let one = 0; one < count; one++) {
      const place = at[one]! * size
      const factor = by[one]!
      gradient[at[one]!] = gradient[at[one]!]! + slope * factor
      const bent = bend * factor
      for (let other = 0; other <= one; other++) {
        const cell = place + at[other]!
        hessian[cell] = hessian[cell]! + bent * by[other]!
      }
    }
  }
}

/**
 * Solves A x = b for a symmetric positive definite A given by its lower triangle, which is overwritten (Cholesky's decomposition). A
 * pivot that rounding made too small is raised, which shortens the step in its direction.
 */
export function solveSymmetric(lower: Float64Array, right: Float64Array): Float64Array {
  const size = right.length
  const solution = right.slice()
  for (let row = 0; row < size; row++) {
    const diagonal = lower[row * size + row]!
    for (let column = 0; column <= row; column++) {
      const dot = dotOf(lower, row * size, column * size, column)
      const rest = lower[row * size + column]! - dot
      if (column < row) lower[row * size + column] = rest / lower[column * size + column]!
      else lower[row * size + row] = Math.sqrt(Math.max(rest, 1e-14 * diagonal, 1e-300))
    }
    solution[row] = (solution[row]! - dotWith(lower, row * size, solution, row)) / lower[row * size + row]!
  }
  for (let row = size - 1; row >= 0; row--) {
    const value = solution[row]! / lower[row * size + row]!
    solution[row] = value
    for (let above = 0; above < row; above++) {
      solution[above] = solution[above]! - lower[row * size + above]! * value
    }
  }
  return solution
}

function dotOf(values: Float64Array, one: number, other: number, count: number): number {
  let sum = 0
  for (let at = 0; at < count; at++) sum += values[one + at]! * values[other + at]!
  return sum
}

function dotWith(values: Float64Array, start: number, vector: Float64Array, count: number): number {
  let sum = 0
  for (let at = 0; at < count; at++) sum += values[start + at]! * vector[at]!
  return sum
}
