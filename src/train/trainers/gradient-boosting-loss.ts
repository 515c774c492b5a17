import { countBits, pairBias } from './gradient-boosting-kernel.ts'

/** The log-odds of label 1: the best constant. */
export function logOdds({ labels, weights }: { labels: Uint8Array; weights?: Float64Array }): number {
  let positive = 0
  let total = 0
  for (let row = 0; row < labels.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]!
    positive += weight * labels[row]!
    total += weight
  }
  return Math.log(positive / (total - positive))
}

/** What makes whole numbers of the gradients and hessians of a training. Powers of 2, so that going back is exact. */
export interface PairScales {
  readonly gradient: number
  readonly hessian: number
}

/** Bits of a hessian: with those of its count, a sum of 2^`countBits` rows stays below 2^63. */
const hessianBits = 22

/**
 * The scales for gradients up to `most` and hessians up to a quarter of it, `most` being the largest weight: sums over all rows stay below
 * 2^52, where doubles are exact. Of a million rows a gradient keeps 31 bits, a hessian 22.
 */
export function pairScales(rows: number, most: number): PairScales {
  const weight = 2 ** Math.ceil(Math.log2(most))
  return {
    gradient: 2 ** (51 - Math.ceil(Math.log2(rows + 1))) / weight,
    hessian: 2 ** (hessianBits + 2) / weight,
  }
}

/** Writes the gradient and hessian of a row as the kernel adds them. */
export function setPair(pairs: Float64Array, row: number, gradient: number, hessian: number, scales: PairScales): void {
  pairs[2 * row] = gradient * scales.gradient + pairBias
  const whole = hessian * scales.hessian + pairBias - pairBias
  pairs[2 * row + 1] = whole * 2 ** countBits + 1 + pairBias
}

/** The whole numbers that `setPair` made of a row. */
export function pairOf(pairs: Float64Array, row: number): { gradient: number; hessian: number } {
  return { gradient: pairs[2 * row]! - pairBias, hessian: (pairs[2 * row + 1]! - pairBias - 1) / 2 ** countBits }
}

/**
 * Sets the pair of a row to the gradient w (p - y) and the hessian w p (1 - p) of the log loss, where `pairs` is given, and returns its
 * weighted log loss, log(1 + exp(-m)) with m the score of the row's own label.
 */
export function setGradient(
  row: number,
  score: number,
  truth: number,
  weight: number,
  pairs: Float64Array | undefined,
  scales: PairScales,
): number {
  const small = Math.exp(-Math.abs(score))
  const larger = 1 / (1 + small)
  if (pairs !== undefined) {
    const probability = score >= 0 ? larger : small * larger
    setPair(pairs, row, weight * (probability - truth), weight * larger * larger * small, scales)
  }
  return weight * (Math.log1p(small) + Math.max(0, score * (1 - 2 * truth)))
}
