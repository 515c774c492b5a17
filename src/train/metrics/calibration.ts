import { ascendingOrder } from './order.ts'

/** Rows with similar probabilities: what was said of them and what came true. */
export interface CalibrationBin {
  /** Smallest and greatest probability in the bin. */
  readonly low: number
  readonly high: number
  readonly rows: number
  readonly mean_probability: number
  readonly positive_rate: number
}

/** Calibration over bins, and the mean distance of probability and rate. */
export interface Calibration {
  readonly bins: readonly CalibrationBin[]
  /** The weighted mean over bins of |mean probability - rate of positives|; null without weight. */
  readonly error: number | null
}

/**
 * Calibration over at most `bins` bins of about equal weight; equal probabilities share a bin. The error is the expected
 * calibration error of Naeini and others, "Obtaining well calibrated probabilities using Bayesian binning" (2015), over bins of equal mass
 * (Nixon and others, "Measuring calibration in deep learning", 2019), since bins of equal width are mostly empty for rare labels.
 */
export function calibrationOf(
  labels: Uint8Array,
  probabilities: Float64Array,
  weights?: Float64Array,
  bins = 10,
  order: Uint32Array = ascendingOrder(probabilities),
): Calibration {
  let total = 0
  for (let row = 0; row < labels.length; row++) total += weights === undefined ? 1 : weights[row]!
  const found: CalibrationBin[] = []
  let error = 0
  let done = 0
  for (let begin = 0; begin < order.length; ) {
    const target = Math.floor((done / total) * bins * (1 + 1e-12)) + 1
    let [weightSum, probabilitySum, positiveSum] = [0, 0, 0]
    let end = begin
    while (end < order.length) {
      const row = order[end]!
      const tied = end > begin && probabilities[row] === probabilities[order[end - 1]!]
      if (!tied && ((done + weightSum) / total) * bins >= target - 1e-9) break
      const weight = weights === undefined ? 1 : weights[row]!
      weightSum += weight
      probabilitySum += weight * probabilities[row]!
      positiveSum += weight * labels[row]!
      end++
    }
    if (weightSum > 0) {
      const mean = probabilitySum / weightSum
      const rate = positiveSum / weightSum
      error += weightSum * Math.abs(mean - rate)
      found.push({
        low: probabilities[order[begin]!]!,
        high: probabilities[order[end - 1]!]!,
        rows: end - begin,
        mean_probability: mean,
        positive_rate: rate,
      })
    }
    done += weightSum
    if (end === begin) break
    begin = end
  }
  return { bins: found, error: total > 0 ? error / total : null }
}
