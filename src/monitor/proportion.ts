import { normalQuantile975 } from '../train/metrics/normal.ts'

/** A difference of two shares with its 95 % interval; null where one of them is of nothing. */
export interface ShareDifference {
  readonly difference: number | null
  readonly low: number | null
  readonly high: number | null
}

/** The 95 % interval of a share: Wilson, "Probable inference, the law of succession, and statistical inference" (1927). */
export function shareInterval(count: number, rows: number): { readonly low: number; readonly high: number } {
  if (!(rows > 0)) return { low: 0, high: 1 }
  const square = normalQuantile975 ** 2
  const share = count / rows
  const middle = share + square / (2 * rows)
  const margin = normalQuantile975 * Math.sqrt((share * (1 - share)) / rows + square / (4 * rows * rows))
  const scale = 1 + square / rows
  // Rounding must neither leave the share itself outside nor reach beyond 0 and 1.
  return {
    low: Math.max(0, Math.min(share, (middle - margin) / scale)),
    high: Math.min(1, Math.max(share, (middle + margin) / scale)),
  }
}

/**
 * The first share less the second with its 95 % interval: method 10 of Newcombe, "Interval estimation for the difference between
 * independent proportions" (1998), which holds for shares at or near 0 and 1, where features without nulls are.
 */
export function shareDifference(count: number, rows: number, otherCount: number, otherRows: number): ShareDifference {
  if (!(rows > 0 && otherRows > 0)) return { difference: null, low: null, high: null }
  const [one, other] = [count / rows, otherCount / otherRows]
  const [around, otherAround] = [shareInterval(count, rows), shareInterval(otherCount, otherRows)]
  const difference = one - other
  return {
    difference,
    low: difference - Math.hypot(one - around.low, otherAround.high - other),
    high: difference + Math.hypot(around.high - one, other - otherAround.low),
  }
}
