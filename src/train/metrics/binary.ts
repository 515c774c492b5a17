import { aucWithInterval } from './auc.ts'
import { type CalibrationBin, calibrationOf } from './calibration.ts'
import { brierScore, logLoss, requireComparable } from './loss.ts'
import { ascendingOrder } from './order.ts'

/** How good probabilities were, as a JSON value. What is not defined (one class, no rows) is null. */
export interface BinaryMetrics {
  readonly rows: number
  /** Rows with label 1. */
  readonly positives: number
  /** Weighted share of label 1, and what was said on average. */
  readonly positive_rate: number | null
  readonly mean_probability: number | null
  readonly auc: number | null
  /** The 95 % interval of the AUC. */
  readonly auc_low: number | null
  readonly auc_high: number | null
  readonly log_loss: number | null
  readonly brier: number | null
  /** Expected calibration error over the bins below. */
  readonly calibration_error: number | null
  readonly calibration: readonly CalibrationBin[]
}

/**
 * Evaluates probabilities of label 1 against what came true; one entry per row in each array. Throws `evaluation_invalid` where
 * lengths differ or a value is not of its range.
 */
export function evaluateBinary(labels: Uint8Array, probabilities: Float64Array, weights?: Float64Array): BinaryMetrics {
  requireComparable(labels, probabilities, weights)
  const order = ascendingOrder(probabilities)
  const { auc, low, high } = aucWithInterval(labels, probabilities, weights, order)
  const { bins, error } = calibrationOf(labels, probabilities, weights, 10, order)
  let [positives, positiveSum, probabilitySum, total] = [0, 0, 0, 0]
  for (let row = 0; row < labels.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]!
    positives += labels[row]!
    positiveSum += weight * labels[row]!
    probabilitySum += weight * probabilities[row]!
    total += weight
  }
  return {
    rows: labels.length,
    positives,
    positive_rate: total > 0 ? positiveSum / total : null,
    mean_probability: total > 0 ? probabilitySum / total : null,
    auc,
    auc_low: low,
    auc_high: high,
    log_loss: logLoss(labels, probabilities, weights),
    brier: brierScore(labels, probabilities, weights),
    calibration_error: error,
    calibration: bins,
  }
}
