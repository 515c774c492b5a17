import { ascendingOrder } from './order.ts'

/** One point of the ROC curve: rows that score at least `threshold` are called positive. The first point calls none. */
export interface RocPoint {
  readonly threshold: number | null
  readonly false_positive_rate: number
  readonly true_positive_rate: number
}

/**
 * The ROC curve from (0, 0) to (1, 1) with at most about `points` points, spread evenly along it; empty where a class has no
 * weight. Equal scores are one point, as no threshold can part them.
 */
export function rocCurve(
  labels: Uint8Array,
  scores: Float64Array,
  weights?: Float64Array,
  points = 101,
  order: Uint32Array = ascendingOrder(scores),
): RocPoint[] {
  const sums = [0, 0]
  for (let row = 0; row < labels.length; row++) sums[labels[row]!]! += weights === undefined ? 1 : weights[row]!
  const [negative, positive] = [sums[0]!, sums[1]!]
  if (!(negative > 0 && positive > 0)) return []
  const curve: RocPoint[] = [{ threshold: null, false_positive_rate: 0, true_positive_rate: 0 }]
  const step = 2 / Math.max(points - 1, 1)
  let [falsePositive, truePositive, next] = [0, 0, step]
  for (let at = order.length - 1; at >= 0; at--) {
    const row = order[at]!
    const weight = weights === undefined ? 1 : weights[row]!
    if (labels[row] === 1) truePositive += weight
    else falsePositive += weight
    const threshold = scores[row]!
    if (at > 0 && scores[order[at - 1]!] === threshold) continue
    const falsePositiveRate = falsePositive / negative
    const truePositiveRate = truePositive / positive
    if (at > 0 && falsePositiveRate + truePositiveRate < next) continue
    curve.push({ threshold, false_positive_rate: falsePositiveRate, true_positive_rate: truePositiveRate })
    next = falsePositiveRate + truePositiveRate + step
  }
  return curve
}
