import { requireComparable } from './loss.ts'
import { normalQuantile975, normalTwoSided } from './normal.ts'
import { ascendingOrder } from './order.ts'

/** The area under the ROC curve with its 95 % interval; null where it is not defined (one class, or one row of a class). */
export interface AucInterval {
  readonly auc: number | null
  readonly low: number | null
  readonly high: number | null
}

/** Two AUCs on the same rows. */
export interface AucComparison {
  readonly first: number | null
  readonly second: number | null
  /** `first` minus `second`, with its 95 % interval and two-sided p-value. */
  readonly difference: number | null
  readonly low: number | null
  readonly high: number | null
  readonly p_value: number | null
}

/**
 * Per row: of a positive, the weighted share of negatives that score below it, ties counting half; of a negative, the share of
 * positives above it. DeLong's structural components.
 */
interface Placements {
  readonly auc: number
  readonly values: Float64Array
}

/** Sums of weights and of squared weights per label. */
interface ClassWeights {
  readonly sum: readonly [number, number]
  readonly squares: readonly [number, number]
}

/**
 * The probability that a positive row scores above a negative one, ties counting half (the Mann-Whitney statistic); null where
 * a class has no weight. O(rows) after one radix sort. A sorted `order` of the same scores saves that sort.
 */
export function areaUnderCurve(
  labels: Uint8Array,
  scores: Float64Array,
  weights?: Float64Array,
  order: Uint32Array = ascendingOrder(scores),
): number | null {
  return place(labels, scores, weights, order, classWeights(labels, weights))?.auc ?? null
}

/**
 * AUC with a 95 % interval: DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver
 * operating characteristic curves" (1988), computed from ranks as in Sun and Xu (2014); the normal interval, cut at 0 and 1. With weights the
 * components are weighted and the class sizes become Kish's effective sizes, (sum w)^2 / sum w^2.
 */
export function aucWithInterval(
  labels: Uint8Array,
  scores: Float64Array,
  weights?: Float64Array,
  order?: Uint32Array,
): AucInterval {
  requireComparable(labels, scores, weights)
  const sizes = classWeights(labels, weights)
  const placements = place(labels, scores, weights, order ?? ascendingOrder(scores), sizes)
  if (placements === null) return { auc: null, low: null, high: null }
  const { auc } = placements
  const variance = covariance(labels, weights, sizes, placements, placements)
  if (variance === null) return { auc, low: null, high: null }
  const margin = normalQuantile975 * Math.sqrt(Math.max(variance, 0))
  return { auc, low: Math.max(0, auc - margin), high: Math.min(1, auc + margin) }
}

/** The variance of the AUC by DeLong; null where a class has less than two rows. */
export function aucVariance(labels: Uint8Array, scores: Float64Array, weights?: Float64Array): number | null {
  const sizes = classWeights(labels, weights)
  const placements = place(labels, scores, weights, ascendingOrder(scores), sizes)
  return placements === null ? null : covariance(labels, weights, sizes, placements, placements)
}

/** The paired test of DeLong and others (1988) for two scores of the same rows: their covariance is taken into account. */
export function compareAuc(
  labels: Uint8Array,
  firstScores: Float64Array,
  secondScores: Float64Array,
  weights?: Float64Array,
): AucComparison {
  requireComparable(labels, firstScores, weights)
  requireComparable(labels, secondScores, weights)
  const sizes = classWeights(labels, weights)
  const first = place(labels, firstScores, weights, ascendingOrder(firstScores), sizes)
  const second = place(labels, secondScores, weights, ascendingOrder(secondScores), sizes)
  if (first === null || second === null) {
    return { first: null, second: null, difference: null, low: null, high: null, p_value: null }
  }
  const difference = first.auc - second.auc
  const values = first.values.map((value, row) => value - second.values[row]!)
  const apart = { auc: difference, values }
  const variance = covariance(labels, weights, sizes, apart, apart)
  const known = { first: first.auc, second: second.auc, difference }
  if (variance === null) return { ...known, low: null, high: null, p_value: null }
  const deviation = Math.sqrt(Math.max(variance, 0))
  const margin = normalQuantile975 * deviation
  const unequal = difference === 0 ? 1 : 0
  return {
    ...known,
    low: Math.max(-1, difference - margin),
    high: Math.min(1, difference + margin),
    p_value: deviation > 0 ? normalTwoSided(difference / deviation) : unequal,
  }
}

function classWeights(labels: Uint8Array, weights: Float64Array | undefined): ClassWeights {
  const sum: [number, number] = [0, 0]
  const squares: [number, number] = [0, 0]
  for (let row = 0; row < labels.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]!
    const label = labels[row] === 1 ? 1 : 0
    sum[label] += weight
    squares[label] += weight * weight
  }
  return { sum, squares }
}

function place(
  labels: Uint8Array,
  scores: Float64Array,
  weights: Float64Array | undefined,
  order: Uint32Array,
  { sum: [negative, positive] }: ClassWeights,
): Placements | null {
  if (!(negative > 0 && positive > 0)) return null
  const values = new Float64Array(labels.length)
  let negativeBelow = 0
  let positiveBelow = 0
  let area = 0
  for (let begin = 0; begin < order.length; ) {
    const score = scores[order[begin]!]!
    let end = begin
    let negativeTied = 0
    let positiveTied = 0
    for (; end < order.length && scores[order[end]!]! === score; end++) {
      const row = order[end]!
      const weight = weights === undefined ? 1 : weights[row]!
      if (labels[row] === 1) positiveTied += weight
      else negativeTied += weight
    }
    const ofPositive = (negativeBelow + negativeTied / 2) / negative
    const ofNegative = 1 - (positiveBelow + positiveTied / 2) / positive
    for (let at = begin; at < end; at++) values[order[at]!] = labels[order[at]!] === 1 ? ofPositive : ofNegative
    area += positiveTied * ofPositive
    negativeBelow += negativeTied
    positiveBelow += positiveTied
    begin = end
  }
  return { auc: area / positive, values }
}

/** The covariance of two AUCs from their components; null where a class has an effective size of 1. */
function covariance(
  labels: Uint8Array,
  weights: Float64Array | undefined,
  { sum, squares }: ClassWeights,
  one: Placements,
  other: Placements,
): number | null {
  const products: [number, number] = [0, 0]
  for (let row = 0; row < labels.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]!
    const product = weight * weight * (one.values[row]! - one.auc) * (other.values[row]! - other.auc)
    products[labels[row] === 1 ? 1 : 0] += product
  }
  let total = 0
  for (const label of [0, 1] as const) {
    const effective = sum[label] ** 2 / squares[label]
    if (!(effective > 1 + 1e-9)) return null
    total += (products[label] / sum[label] ** 2) * (effective / (effective - 1))
  }
  return total
}
