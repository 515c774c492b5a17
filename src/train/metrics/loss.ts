import { noonmarkError } from '../../errors.ts'

/** Probabilities are kept this far from 0 and 1, so that one confident mistake does not make the log loss infinite. */
const leastProbability = 1e-15

/**
 * Throws `evaluation_invalid` unless there is one label of 0 or 1, one finite prediction and, where given, one finite weight
 * of 0 or more per row.
 */
export function requireComparable(labels: Uint8Array, predictions: Float64Array, weights?: Float64Array): void {
  const rows = labels.length
  if (predictions.length !== rows || (weights !== undefined && weights.length !== rows)) {
    throw invalid(`There are ${rows} labels, ${predictions.length} predictions and ${weights?.length ?? 'no'} weights.`)
  }
  for (let row = 0; row < rows; row++) {
    if (labels[row]! > 1) throw invalid(`Row ${row} has the label ${labels[row]}.`)
    if (!Number.isFinite(predictions[row])) throw invalid(`Row ${row} has the prediction ${predictions[row]}.`)
    const weight = weights === undefined ? 1 : weights[row]!
    if (!(weight >= 0 && Number.isFinite(weight))) throw invalid(`Row ${row} has the weight ${weight}.`)
  }
}

function invalid(message: string) {
  return noonmarkError('evaluation_invalid', { message })
}

/** Mean of -log(probability of the label that came true), in nats; null without weight. */
export function logLoss(labels: Uint8Array, probabilities: Float64Array, weights?: Float64Array): number | null {
  return weightedMean(labels, weights, (row) => {
    const probability = labels[row] === 1 ? probabilities[row]! : 1 - probabilities[row]!
    return -Math.log(Math.min(Math.max(probability, leastProbability), 1 - leastProbability))
  })
}

/** Mean squared difference of probability and label (Brier, "Verification of forecasts", 1950, for two classes); null without weight. */
export function brierScore(labels: Uint8Array, probabilities: Float64Array, weights?: Float64Array): number | null {
  return weightedMean(labels, weights, (row) => (probabilities[row]! - labels[row]!) ** 2)
}

function weightedMean(
  labels: Uint8Array,
  weights: Float64Array | undefined,
  of: (row: number) => number,
): number | null {
  let sum = 0
  let total = 0
  for (let row = 0; row < labels.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]!
    sum += weight * of(row)
    total += weight
  }
  return total > 0 ? sum / total : null
}
