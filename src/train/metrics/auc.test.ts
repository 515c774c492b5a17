import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areaUnderCurve, aucVariance, aucWithInterval, compareAuc } from './auc.ts'
import { normalTwoSided } from './normal.ts'
import { ascendingOrder } from './order.ts'

interface Rows {
  labels: Uint8Array
  scores: Float64Array
  others: Float64Array
  weights: Float64Array
}

/** Few distinct scores, so that ties are common. */
const score = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-0, 0, 1e-310),
)
const rows = fc.array(fc.tuple(fc.nat(1), score, fc.integer({ min: 0, max: 4 }), fc.nat(3)), { maxLength: 40 }).map(
  (all): Rows => ({
    labels: Uint8Array.from(all, ([label]) => label),
    scores: Float64Array.from(all, ([, one]) => one),
    others: Float64Array.from(all, ([, , other]) => other),
    weights: Float64Array.from(all, ([, , , weight]) => weight),
  }),
)

const kernel = (positive: number, negative: number) => (positive > negative ? 1 : positive === negative ? 0.5 : 0)

/** Mann and Whitney by all pairs. */
function naiveAuc(labels: Uint8Array, scores: Float64Array, weights?: Float64Array): number | null {
  let wins = 0
  let pairs = 0
  labels.forEach((positive, one) => {
    labels.forEach((negative, other) => {
      if (positive !== 1 || negative !== 0) return
      const weight = weights === undefined ? 1 : weights[one]! * weights[other]!
      wins += weight * kernel(scores[one]!, scores[other]!)
      pairs += weight
    })
  })
  return pairs > 0 ? wins / pairs : null
}

/** DeLong's covariance by its definition, from all pairs; the variance where both scores are the same. */
function naiveCovariance(labels: Uint8Array, first: Float64Array, second: Float64Array): number | null {
  const positives = [...labels.keys()].filter((row) => labels[row] === 1)
  const negatives = [...labels.keys()].filter((row) => labels[row] === 0)
  if (positives.length < 2 || negatives.length < 2) return null
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const placed = (scores: Float64Array) => ({
    ofPositives: positives.map((one) => mean(negatives.map((other) => kernel(scores[one]!, scores[other]!)))),
    ofNegatives: negatives.map((other) => mean(positives.map((one) => kernel(scores[one]!, scores[other]!)))),
  })
  const [a, b] = [placed(first), placed(second)]
  const share = (one: number[], other: number[]) => {
    const products = one.map((value, at) => (value - mean(one)) * (other[at]! - mean(other)))
    return products.reduce((sum, product) => sum + product, 0) / (one.length - 1) / one.length
  }
  return share(a.ofPositives, b.ofPositives) + share(a.ofNegatives, b.ofNegatives)
}

function expectNear(found: number | null, expected: number | null): void {
  if (expected === null) expect(found).toBeNull()
  else expect(found).toBeCloseTo(expected, 10)
}

describe('the area under the ROC curve', () => {
  it('is the share of pairs that are in order, ties counting half', () => {
    fc.assert(
      fc.property(rows, ({ labels, scores }) => expectNear(areaUnderCurve(labels, scores), naiveAuc(labels, scores))),
    )
  })

  it('weighs each pair by both weights', () => {
    fc.assert(
      fc.property(rows, ({ labels, scores, weights }) =>
        expectNear(areaUnderCurve(labels, scores, weights), naiveAuc(labels, scores, weights)),
      ),
    )
  })

  it('has the variance of DeLong', () => {
    fc.assert(
      fc.property(rows, ({ labels, others }) =>
        expectNear(aucVariance(labels, others), naiveCovariance(labels, others, others)),
      ),
    )
  })

  it('does not change, nor does its interval, when every weight is doubled', () => {
    fc.assert(
      fc.property(rows, ({ labels, others, weights }) => {
        const once = aucWithInterval(labels, others, weights)
        const twice = aucWithInterval(
          labels,
          others,
          weights.map((weight) => 2 * weight),
        )
        expectNear(twice.auc, once.auc)
        expectNear(twice.low, once.low)
      }),
    )
  })

  it('is null, not an error, for one class and for no rows', () => {
    const none = { auc: null, low: null, high: null }
    expect(aucWithInterval(Uint8Array.of(1, 1), Float64Array.of(0.1, 0.2))).toEqual(none)
    expect(aucWithInterval(new Uint8Array(0), new Float64Array(0))).toEqual(none)
    expect(aucWithInterval(Uint8Array.of(0, 1, 0), Float64Array.of(0, 1, 2))).toMatchObject({ auc: 0.5, low: null })
  })

  it('covers the truth in about 95 of 100 samples', () => {
    // Scores N(1, 1) against N(0, 1): the AUC is P(N(1, 2) > 0) = 0.7602499389.
    let state = 7
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return (state + 0.5) / 2 ** 32
    }
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    let covered = 0
    for (let sample = 0; sample < 1000; sample++) {
      const labels = Uint8Array.from({ length: 120 }, (_, row) => (row % 3 === 0 ? 1 : 0))
      const scores = Float64Array.from(labels, (label) => normal() + label)
      const { low, high } = aucWithInterval(labels, scores)
      if (low! <= 0.7602499389 && 0.7602499389 <= high!) covered++
    }
    expect(covered).toBeGreaterThan(925)
    expect(covered).toBeLessThan(975)
  })
})

describe('the comparison of two scores on the same rows', () => {
  it('takes their covariance into account', () => {
    fc.assert(
      fc.property(rows, ({ labels, scores, others }) => {
        const found = compareAuc(labels, others, scores)
        const [one, other] = [naiveAuc(labels, others), naiveAuc(labels, scores)]
        expectNear(found.difference, one === null || other === null ? null : one - other)
        const covariances = [naiveCovariance(labels, others, others), naiveCovariance(labels, scores, scores)]
        const shared = naiveCovariance(labels, others, scores)
        if (shared === null) return
        const deviation = Math.sqrt(Math.max(covariances[0]! + covariances[1]! - 2 * shared, 0))
        expect(found.low).toBeCloseTo(Math.max(-1, one! - other! - 1.959963984540054 * deviation), 6)
      }),
    )
  })

  it('finds no difference between a score and itself', () => {
    const labels = Uint8Array.of(0, 1, 0, 1)
    const scores = Float64Array.of(1, 2, 3, 4)
    expect(compareAuc(labels, scores, scores)).toEqual({
      first: 0.75,
      second: 0.75,
      difference: 0,
      low: 0,
      high: 0,
      p_value: 1,
    })
  })
})

describe('the tails of the normal distribution', () => {
  // Values of erfc(z / sqrt 2) from the C library.
  it.each([
    [0, 1],
    [1, 0.31731050786291415],
    [1.959963984540054, 0.05],
    [2.8, 0.005110260660855874],
    [2.9, 0.003731626600768077],
    [5, 5.733031437583892e-7],
    [-10, 1.5239706048321186e-23],
  ])('2 (1 - Phi(|%d|)) is %d', (z, expected) => {
    expect(normalTwoSided(z) / expected).toBeCloseTo(1, 9)
  })
})

describe('the order of values', () => {
  it('is that of a stable sort, -0 equal to 0', () => {
    const values = fc.array(fc.oneof(score, fc.constantFrom(Infinity, -Infinity)), { maxLength: 60 })
    fc.assert(
      fc.property(values, (all) => {
        const expected = [...all.keys()].sort((one, other) =>
          all[one]! < all[other]! ? -1 : all[one]! > all[other]! ? 1 : 0,
        )
        expect([...ascendingOrder(Float64Array.from(all))]).toEqual(expected)
      }),
    )
  })
})
