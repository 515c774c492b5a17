import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lossCurve } from './run-report.ts'

const loss = fc.oneof(fc.double({ min: 0, max: 2, noNaN: true }), fc.constant(null))
const curves = fc
  .array(fc.record({ training_loss: loss, validation_loss: loss }), { minLength: 1, maxLength: 2_000 })
  .map((points) => points.map((point, i) => ({ iteration: i + 1, ...point })))

describe('a loss curve', () => {
  it('is short, keeps its order, its end and the best iteration', () => {
    fc.assert(
      fc.property(curves, (points) => {
        const found = lossCurve(points, null)!
        expect(found.points.length).toBeLessThanOrEqual(402)
        expect(found.points.map(({ iteration }) => iteration)).toEqual(
          found.points.map(({ iteration }) => iteration).toSorted((a, b) => a - b),
        )
        expect(found.points.at(-1)!.iteration).toBe(points.length)
        for (const { iteration, train, validation } of found.points)
          expect(points[iteration - 1]).toEqual({ iteration, training_loss: train, validation_loss: validation })
        const known = points.flatMap(({ validation_loss }) => validation_loss ?? [])
        const best = found.points.find(({ iteration }) => iteration === found.best_iteration)
        if (known.length === 0) expect(found.best_iteration).toBeNull()
        else expect(best!.validation).toBe(Math.min(...known))
      }),
      { numRuns: 50 },
    )
  })

  it('of nothing is none', () => {
    expect(lossCurve([], 30)).toBeNull()
  })
})
