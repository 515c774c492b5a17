import type { AggregateSpec } from '../define/index.ts'
import type { Status, Value } from '../values/index.ts'
import { addCompensated, compensatedSum, mergeCompensated } from './compensated.ts'
import type { FeatureValue } from './naive.ts'
import { addWhole, mergeWhole, wholeSumAsBigint, wholeSumAsNumber } from './whole-sum.ts'

/**
 * The algebra of one aggregate function over *partials*: a fixed number of doubles that stand for a multiset of values.
 * Partials may be split and merged in any way: counts, integer sums, min and max come out the same, floating-point sums
 * within the tolerance of the contract. Partials live in arrays of the caller, so that no path allocates for a row.
 */
export interface Aggregator {
  /** Doubles in a partial. */
  readonly width: number
  /** Writes the partial of no values. */
  clear(partials: Float64Array, at: number): void
  /** Adds a value that is not null; bools as 1 and 0, int64 as bigint. */
  add(partials: Float64Array, at: number, value: number | bigint): void
  /** Adds all that another partial stands for. */
  merge(into: Float64Array, at: number, from: Float64Array, fromAt: number): void
  /** The feature's value over what the partial stands for. */
  finalize(partials: Float64Array, at: number): FeatureValue
}

/** The aggregator of a function that is made of partials: every one but `latest`. */
export function aggregatorOf(spec: Pick<AggregateSpec, 'function' | 'type'>): Aggregator {
  switch (spec.function) {
    case 'count':
      return count
    case 'share':
      return share
    case 'sum':
      return spec.type === 'float' ? floatSum : spec.type === 'int64' ? int64Sum : intSum
    case 'mean':
      return mean
    case 'min':
      return spec.type === 'int64' ? extreme64(-1) : extreme(-1)
    case 'max':
      return spec.type === 'int64' ? extreme64(1) : extreme(1)
    case 'latest':
      throw new TypeError('latest has no partials of doubles: it keeps a row')
  }
}

const present = (value: Value): FeatureValue => ({ value, status: 'present' })
const without = (status: Status): FeatureValue => ({ value: null, status })

function zeros(width: number): Pick<Aggregator, 'width' | 'clear'> {
  return { width, clear: (partials, at) => void partials.fill(0, at, at + width) }
}

/** n */
const count: Aggregator = {
  ...zeros(1),
  add(partials, at) {
    partials[at]! += 1
  },
  merge(into, at, from, fromAt) {
    into[at]! += from[fromAt]!
  },
  finalize: (partials, at) => present(partials[at]!),
}

/** n, how many of them are true */
const share: Aggregator = {
  ...zeros(2),
  add(partials, at, value) {
    partials[at]! += 1
    if (value === 1) partials[at + 1]! += 1
  },
  merge(into, at, from, fromAt) {
    into[at]! += from[fromAt]!
    into[at + 1]! += from[fromAt + 1]!
  },
  finalize: (partials, at) => (partials[at] === 0 ? without('null') : present(partials[at + 1]! / partials[at]!)),
}

/** n, sum, correction of the sum */
const floats: Omit<Aggregator, 'finalize'> = {
  ...zeros(3),
  add(partials, at, value) {
    partials[at]! += 1
    addCompensated(partials, at + 1, Number(value))
  },
  merge(into, at, from, fromAt) {
    into[at]! += from[fromAt]!
    mergeCompensated(into, at + 1, from, fromAt + 1)
  },
}

const floatSum: Aggregator = {
  ...floats,
  finalize(partials, at) {
    if (partials[at] === 0) return without('null')
    const sum = compensatedSum(partials, at + 1)
    return Number.isFinite(sum) ? present(sum + 0) : without('overflow')
  },
}

const mean: Aggregator = {
  ...floats,
  finalize(partials, at) {
    if (partials[at] === 0) return without('null')
    const sum = compensatedSum(partials, at + 1)
    return Number.isFinite(sum) ? present(sum / partials[at]! + 0) : without('overflow')
  },
}

/** n, and the sum in three limbs */
const wholes: Omit<Aggregator, 'finalize'> = {
  ...zeros(4),
  add(partials, at, value) {
    partials[at]! += 1
    addWhole(partials, at + 1, value)
  },
  merge(into, at, from, fromAt) {
    into[at]! += from[fromAt]!
    mergeWhole(into, at + 1, from, fromAt + 1)
  },
}

function wholeSum(read: (partials: Float64Array, at: number) => Value | null): Aggregator {
  return {
    ...wholes,
    finalize(partials, at) {
      if (partials[at] === 0) return without('null')
      const sum = read(partials, at + 1)
      return sum === null ? without('overflow') : present(sum)
    },
  }
}

const intSum = wholeSum(wholeSumAsNumber)
const int64Sum = wholeSum(wholeSumAsBigint)

/** The smallest (sign -1) or largest (sign 1) value; infinite over none. */
function extreme(sign: 1 | -1): Aggregator {
  const keep = (partials: Float64Array, at: number, value: number) => {
    if (sign * (value - partials[at]!) > 0) partials[at] = value
  }
  return {
    width: 1,
    clear(partials, at) {
      partials[at] = -sign * Number.POSITIVE_INFINITY
    },
    add: (partials, at, value) => keep(partials, at, Number(value)),
    merge: (into, at, from, fromAt) => keep(into, at, from[fromAt]!),
    finalize: (partials, at) => (Number.isFinite(partials[at]!) ? present(partials[at]!) : without('null')),
  }
}

/** The same for 64-bit whole numbers as high x 2^32 + low; high is infinite over none. */
function extreme64(sign: 1 | -1): Aggregator {
  const keep = (partials: Float64Array, at: number, high: number, low: number) => {
    const better = high === partials[at] ? sign * (low - partials[at + 1]!) > 0 : sign * (high - partials[at]!) > 0
    if (!better) return
    partials[at] = high
    partials[at + 1] = low
  }
  return {
    width: 2,
    clear(partials, at) {
      partials[at] = -sign * Number.POSITIVE_INFINITY
      partials[at + 1] = 0
    },
    add(partials, at, value) {
      const whole = BigInt(value)
      keep(partials, at, Number(whole >> 32n), Number(whole & 0xffff_ffffn))
    },
    merge: (into, at, from, fromAt) => keep(into, at, from[fromAt]!, from[fromAt + 1]!),
    finalize(partials, at) {
      if (!Number.isFinite(partials[at]!)) return without('null')
      return present((BigInt(partials[at]!) << 32n) + BigInt(partials[at + 1]!))
    },
  }
}
