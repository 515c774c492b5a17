const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1

/**
 * Row numbers by ascending value, equals in row order; -0 equals 0. A radix sort over the bytes of the numbers: O(rows), a
 * few times faster than sorting with a comparison. NaN is not allowed.
 */
export function ascendingOrder(values: Float64Array): Uint32Array {
  const size = values.length
  const bits = new Uint32Array(Float64Array.from(values, (value) => value + 0).buffer)
  let low = new Uint32Array(size)
  let high = new Uint32Array(size)
  const counts = new Uint32Array(8 * 256)
  for (let row = 0; row < size; row++) {
    const lowBits = bits[2 * row + (littleEndian ? 0 : 1)]!
    const highBits = bits[2 * row + (littleEndian ? 1 : 0)]!
    // As unsigned integers the bits of doubles sort like the doubles, once negative ones are inverted and the sign is flipped.
    const negative = highBits >>> 31 === 1
    low[row] = negative ? ~lowBits : lowBits
    high[row] = negative ? ~highBits : highBits ^ 0x80000000
    for (let digit = 0; digit < 8; digit++) counts[digit * 256 + digitOf(low[row]!, high[row]!, digit)]!++
  }
  let order = Uint32Array.from({ length: size }, (_, row) => row)
  let [nextLow, nextHigh, nextOrder] = [new Uint32Array(size), new Uint32Array(size), new Uint32Array(size)]
  for (let digit = 0; digit < 8; digit++) {
    const starts = counts.subarray(digit * 256, digit * 256 + 256)
    if (starts.includes(size)) continue
    let sum = 0
    for (let bucket = 0; bucket < 256; bucket++) {
      const count = starts[bucket]!
      starts[bucket] = sum
      sum += count
    }
    for (let at = 0; at < size; at++) {
      const to = starts[digitOf(low[at]!, high[at]!, digit)]!++
      nextLow[to] = low[at]!
      nextHigh[to] = high[at]!
      nextOrder[to] = order[at]!
    }
    ;[low, nextLow] = [nextLow, low]
    ;[high, nextHigh] = [nextHigh, high]
    ;[order, nextOrder] = [nextOrder, order]
  }
  return order
}

function digitOf(low: number, high: number, digit: number): number {
  return digit < 4 ? (low >>> (8 * digit)) & 255 : (high >>> (8 * (digit - 4))) & 255
}
