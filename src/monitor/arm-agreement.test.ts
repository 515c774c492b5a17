import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agreementOf } from './arm-agreement.ts'

const score = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.05, 0.1, 0.5, 0.95, 1))
const pairs = fc.array(fc.tuple(score, score), { minLength: 1, maxLength: 60 })
const sides = (some: readonly (readonly [number, number])[]) =>
  [Float64Array.from(some, ([a]) => a), Float64Array.from(some, ([, b]) => b)] as const

describe('the agreement of champion and shadow', () => {
  it('counts what a plain reading of its words counts', () => {
    fc.assert(
      fc.property(pairs, (some) => {
        const found = agreementOf(...sides(some))
        for (const { threshold, both, neither, champion_only, shadow_only, agreement, low, high } of found.thresholds) {
          const count = (a: boolean, b: boolean) =>
            some.filter(([one, other]) => one >= threshold === a && other >= threshold === b).length
          expect([both, neither, champion_only, shadow_only]).toEqual([
            count(true, true),
            count(false, false),
            count(true, false),
            count(false, true),
          ])
          expect(agreement).toBeCloseTo((both + neither) / some.length, 12)
          expect(low).toBeLessThanOrEqual(agreement)
          expect(high).toBeGreaterThanOrEqual(agreement)
        }
        for (const [side, name] of [[0, 'champion'] as const, [1, 'shadow'] as const]) {
          expect(found.scores.reduce((sum, bin) => sum + bin[name], 0)).toBe(some.length)
          const mean = some.reduce((sum, pair) => sum + pair[side], 0) / some.length
          expect(found[`${name}_mean`]).toBeCloseTo(mean, 12)
        }
        expect(found.mean_absolute_difference).toBeCloseTo(
          some.reduce((sum, [a, b]) => sum + Math.abs(b - a), 0) / some.length,
          12,
        )
      }),
    )
  })

  it('puts a score on a bound into the bin above it, and 1 into the last', () => {
    const { scores } = agreementOf(Float64Array.of(0, 0.05, 0.999), Float64Array.of(1, 1, 0.95))
    expect(scores.map(({ champion }) => champion).slice(0, 2)).toEqual([1, 1])
    expect(scores.at(-1)).toMatchObject({ low: 0.95, high: 1, champion: 1, shadow: 3 })
  })

  it('correlates as scores move together, and not at all where one stands still', () => {
    const [a, b] = [Float64Array.of(0.1, 0.2, 0.4), Float64Array.of(0.3, 0.5, 0.9)]
    expect(agreementOf(a, b).correlation).toBeCloseTo(1, 12)
    expect(
      agreementOf(
        a,
        b.map((value) => 1 - value),
      ).correlation,
    ).toBeCloseTo(-1, 12)
    expect(agreementOf(a, Float64Array.of(0.1, 0.1, 0.1)).correlation).toBeNull()
  })
})
