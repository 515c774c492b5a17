/**
 * Exact sums of whole numbers in three doubles, without a bigint on the way: `top x 2^64 + middle x 2^32 + low`, where
 * middle and low lie in [0, 2^32) and top has the sign. That holds the sum of 2^53 numbers of 64 bits.
 */
const limb = 4_294_967_296

/** Adds a safe integer or 64-bit whole number to the sum at `at`, `at + 1` and `at + 2`. */
export function addWhole(partials: Float64Array, at: number, value: number | bigint): void {
  if (typeof value === 'bigint') {
    addLimbs(partials, at, 0, Number(value >> 32n), Number(value & 0xffff_ffffn))
  } else {
    const middle = Math.floor(value / limb)
    addLimbs(partials, at, 0, middle, value - middle * limb)
  }
}

/** Adds one sum to another. */
export function mergeWhole(into: Float64Array, at: number, from: Float64Array, fromAt: number): void {
  addLimbs(into, at, from[fromAt]!, from[fromAt + 1]!, from[fromAt + 2]!)
}

function addLimbs(partials: Float64Array, at: number, top: number, middle: number, low: number): void {
  let lowSum = partials[at + 2]! + low
  let middleSum = partials[at + 1]! + middle
  if (lowSum >= limb) {
    lowSum -= limb
    middleSum += 1
  }
  const carry = Math.floor(middleSum / limb)
  partials[at] = partials[at]! + top + carry
  partials[at + 1] = middleSum - carry * limb
  partials[at + 2] = lowSum
}

/** The sum as a safe integer; null where it is none. */
export function wholeSumAsNumber(partials: Float64Array, at: number): number | null {
  const top = partials[at]!
  if (top !== 0 && top !== -1) return null
  const sum = (partials[at + 1]! + top * limb) * limb + partials[at + 2]!
  return Number.isSafeInteger(sum) ? sum : null
}

/** The sum as a 64-bit whole number; null where it is none. */
export function wholeSumAsBigint(partials: Float64Array, at: number): bigint | null {
  const top = partials[at]!
  if (top !== 0 && top !== -1) return null
  const sum = (BigInt(top) << 64n) + (BigInt(partials[at + 1]!) << 32n) + BigInt(partials[at + 2]!)
  return BigInt.asIntN(64, sum) === sum ? sum : null
}
