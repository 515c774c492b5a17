import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shareDifference, shareInterval } from './proportion.ts'

const counts = fc
  .integer({ min: 1, max: 5_000 })
  .chain((rows) => fc.tuple(fc.integer({ min: 0, max: rows }), fc.constant(rows)))

describe('the difference of two shares', () => {
  it('has the intervals that Newcombe published for method 10', () => {
    // Newcombe 1998, table II: 56/70 - 48/80, 9/10 - 3/10, 5/56 - 0/29, 10/10 - 0/10.
    const published = [
      [56, 70, 48, 80, 0.0524, 0.3339],
      [9, 10, 3, 10, 0.1705, 0.809],
      [5, 56, 0, 29, -0.0381, 0.1926],
      [10, 10, 0, 10, 0.6075, 1],
    ] as const
    for (const [count, rows, otherCount, otherRows, low, high] of published) {
      const found = shareDifference(count, rows, otherCount, otherRows)
      expect(found.low).toBeCloseTo(low, 4)
      expect(found.high).toBeCloseTo(high, 4)
    }
  })

  it('lies within its interval, and changes its sign with the order', () => {
    fc.assert(
      fc.property(counts, counts, ([count, rows], [otherCount, otherRows]) => {
        const { difference, low, high } = shareDifference(count, rows, otherCount, otherRows)
        expect(low).toBeLessThanOrEqual(difference!)
        expect(high).toBeGreaterThanOrEqual(difference!)
        const turned = shareDifference(otherCount, otherRows, count, rows)
        expect(turned.low).toBeCloseTo(-high!, 12)
        expect(turned.high).toBeCloseTo(-low!, 12)
        const { low: least, high: most } = shareInterval(count, rows)
        expect(least).toBeGreaterThanOrEqual(0)
        expect(most).toBeLessThanOrEqual(1)
      }),
      { numRuns: 2_000 },
    )
  })

  it('says nothing of a share of nothing', () => {
    expect(shareDifference(0, 0, 1, 2)).toEqual({ difference: null, low: null, high: null })
  })
})
