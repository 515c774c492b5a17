/**
 * What a sweep keeps while rows enter and leave the window of one entity. `enter(i)` takes the i-th row in order of known,
 * `leave(j)` the j-th in order of leaving; both count from the first row of the feature, over all entities.
 */
export interface Running {
  /** Begins an entity whose rows are the places `from <= i < to`. */
  begin(from: number, to: number): void
  enter(place: number): void
  leave(place: number): void
  /** The value now; `absent` over no values, `overflowed` where it does not fit. */
  read(): number
  /** How many values there are. */
  count(): number
}

/** `read` where a sum does not fit its type. */
export const overflowed = Number.POSITIVE_INFINITY

/** Counts rows. */
export function runningCount(): Running {
  let rows = 0
  return {
    begin: () => {
      rows = 0
    },
    enter: () => {
      rows++
    },
    leave: () => {
      rows--
    },
    read: () => rows,
    count: () => rows,
  }
}

/** The share of values that are 1 among values of 0 and 1. */
export function runningShare(entering: Float64Array, leaving: Float64Array): Running {
  let rows = 0
  let ones = 0
  return {
    begin() {
      rows = 0
      ones = 0
    },
    enter(place) {
      rows++
      ones += entering[place]!
    },
    leave(place) {
      rows--
      ones -= leaving[place]!
    },
    read: () => ones / rows,
    count: () => rows,
  }
}

const limb = 2 ** 32

/** Whole numbers of 64 bits in two limbs: value = high x 2^32 + low. */
export interface Limbs {
  readonly high: Float64Array
  readonly low: Float64Array
}

/** The limbs of doubles that are whole numbers. */
export function limbsOfDoubles(values: Float64Array): Limbs {
  const high = new Float64Array(values.length)
  const low = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) {
    high[i] = Math.floor(values[i]! / limb)
    low[i] = values[i]! - high[i]! * limb
  }
  return { high, low }
}

/** The limbs of 64-bit integers. */
export function limbsOfIntegers(values: BigInt64Array): Limbs {
  const high = new Float64Array(values.length)
  const low = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) {
    high[i] = Number(values[i]! >> 32n)
    low[i] = Number(values[i]! & 0xffff_ffffn)
  }
  return { high, low }
}

/** A sum of whole numbers, exact whatever entered and left before. */
export interface RunningInteger extends Running {
  /** The sum in two limbs, for 64-bit results; meaningless where it overflowed. */
  readInteger(): bigint
}

/**
 * Sums whole numbers exactly.
 * @param result `int` overflows beyond 2^53 - 1, `int64` beyond 64 bits; `mean` never: it is the sum over the count
 */
export function runningInteger(entering: Limbs, leaving: Limbs, result: 'int' | 'int64' | 'mean'): RunningInteger {
  let rows = 0
  let high = 0
  let low = 0 // always 0 <= low < 2^32, so that nothing is lost however many rows pass
  const carry = () => {
    if (low >= limb) {
      low -= limb
      high++
    } else if (low < 0) {
      low += limb
      high--
    }
  }
  return {
    begin() {
      rows = 0
      high = 0
      low = 0
    },
    enter(place) {
      rows++
      low += entering.low[place]!
      high += entering.high[place]!
      carry()
    },
    leave(place) {
      rows--
      low -= leaving.low[place]!
      high -= leaving.high[place]!
      carry()
    },
    read() {
      const sum = high * limb + low
      if (result === 'mean') return sum / rows
      if (result === 'int') return Number.isSafeInteger(sum) ? sum : overflowed
      return high < -(limb / 2) || high >= limb / 2 ? overflowed : sum
    },
    count: () => rows,
    readInteger: () => BigInt(high) * 4294967296n + BigInt(low),
  }
}
