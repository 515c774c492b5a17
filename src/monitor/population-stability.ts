import type { DriftStatistics } from './drift-report.ts'

/** Half a row is added to every bin: the additive smoothing of Jeffreys, without which one empty bin makes the index infinite. */
const smoothing = 0.5
const normalQuantile95 = 1.6448536269514722

/**
 * The Population Stability Index of two lists of counts over the same bins: the sum over bins of (a - b) ln(a / b), where a and b are
 * the shares of a bin on either side. 0 for equal shares, unbounded, the same both ways round: it is the symmetric
 * divergence of Kullback and Leibler, "On information and sufficiency" (1951), under the name that Lewis, "An introduction to credit
 * scoring" (1994), and Siddiqi, "Credit risk scorecards" (2006), gave it; by their rule of thumb values below 0.1 say little and
 * values above 0.25 a lot. A share is (rows in the bin + 0.5) / (all rows + 0.5 x bins); bins that are empty on both sides
 * do not count. Null where either side has no rows.
 */
export function populationStabilityIndex(one: ArrayLike<number>, other: ArrayLike<number>): number | null {
  const { bins, rows, otherRows } = extentOf(one, other)
  if (rows === 0 || otherRows === 0) return null
  let index = 0
  for (let bin = 0; bin < one.length; bin++) {
    if (one[bin]! + other[bin]! === 0) continue
    const share = (one[bin]! + smoothing) / (rows + smoothing * bins)
    const otherShare = (other[bin]! + smoothing) / (otherRows + smoothing * bins)
    index += (share - otherShare) * Math.log(share / otherShare)
  }
  return index
}

/**
 * What the index of two samples of the same population stays below in 95 of 100 cases: it is about (1/n + 1/m) times a chi-squared
 * variable of bins - 1 degrees of freedom (Yurdakul, "Statistical properties of population stability index", 2018), whose
 * quantile is that of Wilson and Hilferty, "The distribution of chi-square" (1931), within 0.3 % from 5 degrees on and 2.5 % at one.
 * Rows that resemble each other, such as many of one airport in an hour, are fewer than they seem: then chance reaches further.
 */
export function stabilityByChance(one: ArrayLike<number>, other: ArrayLike<number>): number | null {
  const { bins, rows, otherRows } = extentOf(one, other)
  if (rows === 0 || otherRows === 0) return null
  const freedom = bins - 1
  if (freedom === 0) return 0
  const part = 2 / (9 * freedom)
  return freedom * (1 - part + normalQuantile95 * Math.sqrt(part)) ** 3 * (1 / rows + 1 / otherRows)
}

/**
 * The Jensen-Shannon distance of two lists of counts over the same bins: the square root of half the Kullback-Leibler divergences, to base
 * 2, of either side's shares from their mean. From 0 to 1, a metric (Endres and Schindelin, "A new metric for probability
 * distributions", 2003), and defined with empty bins, so nothing is smoothed. Null where either side has no rows.
 */
export function jensenShannonDistance(one: ArrayLike<number>, other: ArrayLike<number>): number | null {
  const { rows, otherRows } = extentOf(one, other)
  if (rows === 0 || otherRows === 0) return null
  let divergence = 0
  for (let bin = 0; bin < one.length; bin++) {
    const [share, otherShare] = [one[bin]! / rows, other[bin]! / otherRows]
    const mean = (share + otherShare) / 2
    if (share > 0) divergence += (share * Math.log2(share / mean)) / 2
    if (otherShare > 0) divergence += (otherShare * Math.log2(otherShare / mean)) / 2
  }
  // Rounding must not leave 0 to 1.
  return Math.sqrt(Math.min(1, Math.max(0, divergence)))
}

/** All of them. */
export function driftStatistics(training: ArrayLike<number>, served: ArrayLike<number>): DriftStatistics {
  return {
    psi: populationStabilityIndex(training, served),
    psi_by_chance: stabilityByChance(training, served),
    jensen_shannon: jensenShannonDistance(training, served),
  }
}

/** Rows of either side, and how many bins are not empty on both. */
function extentOf(one: ArrayLike<number>, other: ArrayLike<number>) {
  let [bins, rows, otherRows] = [0, 0, 0]
  for (let bin = 0; bin < one.length; bin++) {
    if (one[bin]! + other[bin]! > 0) bins++
    rows += one[bin]!
    otherRows += other[bin]!
  }
  return { bins, rows, otherRows }
}
