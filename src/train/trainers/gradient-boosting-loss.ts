import { sigmoid } from '../../artifact/tree-ensemble.ts'
import type { LabelledMatrix } from '../matrix.ts'

/** Rows that the loops over scores take at once; short loops that are called often are compiled once for good. */
const blockRows = 4096

/** The log-odds of label 1: the best constant. */
export function logOdds({ labels, weights }: LabelledMatrix): number {
  let positive = 0
  let total = 0
  for (let row = 0; row < labels.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]!
    positive += weight * labels[row]!
    total += weight
  }
  return Math.log(positive / (total - positive))
}

/** Sets the gradient w (p - y) and the hessian w p (1 - p) of the log loss for every row. */
export function setGradients(
  { labels, weights }: LabelledMatrix,
  scores: Float64Array,
  gradients: Float64Array,
  hessians: Float64Array,
): void {
  for (let begin = 0; begin < labels.length; begin += blockRows) {
    gradientsOf(begin, Math.min(labels.length, begin + blockRows), scores, labels, weights, gradients, hessians)
  }
}

/** The weighted mean log loss of scores in log-odds. */
export function meanLoss({ labels, weights }: LabelledMatrix, scores: Float64Array): number {
  let loss = 0
  let total = 0
  for (let begin = 0; begin < labels.length; begin += blockRows) {
    const end = Math.min(labels.length, begin + blockRows)
    loss += lossOf(begin, end, scores, labels, weights)
    for (let row = begin; row < end; row++) total += weights === undefined ? 1 : weights[row]!
  }
  return loss / total
}

function gradientsOf(
  begin: number,
  end: number,
  scores: Float64Array,
  labels: Uint8Array,
  weights: Float64Array | undefined,
  gradients: Float64Array,
  hessians: Float64Array,
): void {
  for (let row = begin; row < end; row++) {
    const probability = sigmoid(scores[row]!)
    const weight = weights === undefined ? 1 : weights[row]!
    gradients[row] = weight * (probability - labels[row]!)
    hessians[row] = weight * probability * (1 - probability)
  }
}

/** The weighted sum of log losses, log(1 + exp(-s)) for a positive row and log(1 + exp(s)) for a negative one. */
function lossOf(
  begin: number,
  end: number,
  scores: Float64Array,
  labels: Uint8Array,
  weights: Float64Array | undefined,
): number {
  let loss = 0
  for (let row = begin; row < end; row++) {
    const margin = labels[row] === 1 ? scores[row]! : -scores[row]!
    const size = Math.abs(margin)
    loss += (weights === undefined ? 1 : weights[row]!) * (Math.log1p(Math.exp(-size)) + (margin < 0 ? size : 0))
  }
  return loss
}
