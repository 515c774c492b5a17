import { countBits, placeBytes } from './gradient-boosting-kernel.ts'

const partialWords = placeBytes / 4
const countMask = 2 ** countBits - 1

/**
 * Adds the whole numbers that the kernel counted in `count` places to a histogram of doubles and sets them to 0. Both hold whole numbers below 2^53, so
 * no order of adding makes a difference: any number of threads finds the same sums.
 */
export function flushCounts(partial: Int32Array, histogram: Float64Array, first: number, count: number): void {
  let from = (partialWords * first) | 0
  let to = (3 * first) | 0
  for (let place = 0; place < count; place++) {
    const low = partial[from + 2]!
    if (low !== 0) {
      histogram[to] = histogram[to]! + partial[from + 1]! * 0x1_0000_0000 + (partial[from]! >>> 0)
      // The sum of hessians stands above the count of rows.
      histogram[to + 1] = histogram[to + 1]! + partial[from + 3]! * 2 ** (32 - countBits) + (low >>> countBits)
      histogram[to + 2] = histogram[to + 2]! + (low & countMask)
      partial[from] = 0
      partial[from + 1] = 0
      partial[from + 2] = 0
      partial[from + 3] = 0
    }
    from += partialWords
    to += 3
  }
}

/**
 * Makes `sum` the sum of parts, whose places become 0, and takes it away from `whole`, where there is one: what is left of a node
 * without its one child is the other.
 */
export function addUpHistograms(
  parts: readonly Float64Array[],
  sum: Float64Array,
  whole: Float64Array | undefined,
  first: number,
  last: number,
): void {
  sum.fill(0, first, last)
  for (const part of parts) {
    addPlaces(part, sum, first, last)
    part.fill(0, first, last)
  }
  if (whole !== undefined) subtractPlaces(whole, sum, first, last)
}

function addPlaces(part: Float64Array, sum: Float64Array, first: number, last: number): void {
  for (let at = first | 0; at < last; at++) sum[at] = sum[at]! + part[at]!
}

function subtractPlaces(whole: Float64Array, part: Float64Array, first: number, last: number): void {
  for (let at = first | 0; at < last; at++) whole[at] = whole[at]! - part[at]!
}
