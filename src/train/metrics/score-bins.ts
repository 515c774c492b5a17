/** Rows by label whose probability lies in a bin: `low <= probability < high`, the last up to 1. */
export interface ScoreBin {
  readonly low: number
  readonly high: number
  readonly positives: number
  readonly negatives: number
}

/** Counts probabilities by label in bins of equal width from 0 to 1; one entry per row in each array. */
export function scoresByLabel(labels: Uint8Array, probabilities: Float64Array, bins = 40): ScoreBin[] {
  const counts = [new Uint32Array(bins), new Uint32Array(bins)] as const
  probabilities.forEach((probability, row) => {
    counts[labels[row] === 1 ? 1 : 0][Math.min(bins - 1, Math.floor(probability * bins))]!++
  })
  return Array.from({ length: bins }, (_, bin) => ({
    low: bin / bins,
    high: (bin + 1) / bins,
    positives: counts[1][bin]!,
    negatives: counts[0][bin]!,
  }))
}
