import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jensenShannonDistance, populationStabilityIndex, stabilityByChance } from './population-stability.ts'

const counts = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { minLength: 1, maxLength: 12 })
const sides = (pairs: readonly (readonly [number, number])[]) =>
  [pairs.map(([a]) => a), pairs.map(([, b]) => b)] as const

describe('the Population Stability Index', () => {
  it('is the sum of (a - b) ln(a / b) over smoothed shares of bins that anybody is in', () => {
    fc.assert(
      fc.property(counts, (pairs) => {
        const [one, other] = sides(pairs)
        const used = pairs.filter(([a, b]) => a + b > 0)
        const total = (side: 0 | 1) => used.reduce((sum, pair) => sum + pair[side], 0)
        const share = (pair: readonly [number, number], side: 0 | 1) =>
          (pair[side] + 0.5) / (total(side) + 0.5 * used.length)
        const plain = used
          .map((pair) => (share(pair, 0) - share(pair, 1)) * Math.log(share(pair, 0) / share(pair, 1)))
          .reduce((sum, part) => sum + part, 0)
        const found = populationStabilityIndex(one, other)
        if (total(0) === 0 || total(1) === 0) expect(found).toBeNull()
        else {
          expect(found).toBeCloseTo(plain, 10)
          expect(found).toBeCloseTo(populationStabilityIndex(other, one)!, 10)
          expect(found).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })

  it('is what the textbook computes by hand where no bin is small', () => {
    // 0.1 ln(0.6 / 0.5) + -0.1 ln(0.4 / 0.5)
    expect(populationStabilityIndex([600_000, 400_000], [500_000, 500_000])).toBeCloseTo(0.0405465, 6)
  })

  it('stays below what chance explains in about 95 of 100 samples of the same population', () => {
    const random = generator(7)
    const sample = (rows: number) => {
      const found = new Array<number>(10).fill(0)
      for (let row = 0; row < rows; row++) found[Math.floor(random() * random() * 10)]!++
      return found
    }
    let below = 0
    for (let trial = 0; trial < 1000; trial++) {
      const [one, other] = [sample(2000), sample(800)]
      if (populationStabilityIndex(one, other)! < stabilityByChance(one, other)!) below++
    }
    expect(below).toBeGreaterThan(930)
    expect(below).toBeLessThan(970)
  })

  it('takes its bound from the chi-squared distribution, by its published quantiles', () => {
    // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4, upper 5 %.
    for (const [freedom, quantile] of [
      [1, 3.841],
      [5, 11.07],
      [9, 16.919],
      [20, 31.41],
    ] as const) {
      const bins = new Array<number>(freedom + 1).fill(1000 / (freedom + 1))
      const found = stabilityByChance(bins, bins)! / (2 / 1000)
      expect(Math.abs(found / quantile - 1)).toBeLessThan(freedom < 5 ? 0.026 : 0.003)
    }
  })
})

describe('the Jensen-Shannon distance', () => {
  it('lies between 0 for equal shares and 1 for bins that nobody shares, the same both ways', () => {
    expect(jensenShannonDistance([1, 2, 0], [10, 20, 0])).toBeCloseTo(0, 7)
    expect(jensenShannonDistance([5, 0], [0, 3])).toBe(1)
    fc.assert(
      fc.property(counts, (pairs) => {
        const [one, other] = sides(pairs)
        const found = jensenShannonDistance(one, other)
        if (found === null) return
        expect(found).toBeCloseTo(jensenShannonDistance(other, one)!, 7)
        const [p, q] = [one, other].map((side) => side.map((count) => count / side.reduce((a, b) => a + b, 0)))
        const entropy = (shares: readonly number[]) =>
          -shares.reduce((sum, share) => sum + (share > 0 ? share * Math.log2(share) : 0), 0)
        const divergence = entropy(p!.map((share, i) => (share + q![i]!) / 2)) - (entropy(p!) + entropy(q!)) / 2
        expect(found ** 2).toBeCloseTo(divergence, 9)
      }),
    )
  })
})

/** Lehmer's generator with the constants of Park and Miller (1988). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
