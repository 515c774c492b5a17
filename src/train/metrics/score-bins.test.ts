import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scoresByLabel } from './score-bins.ts'

const rows = fc.array(
  fc.record({
    label: fc.constantFrom(0, 1),
    probability: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 1)),
  }),
  { maxLength: 80 },
)

describe('scores by label', () => {
  it('count every row once, in the bin of its probability', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(1, 4, 40), (all, bins) => {
        const found = scoresByLabel(
          Uint8Array.from(all, ({ label }) => label),
          Float64Array.from(all, ({ probability }) => probability),
          bins,
        )
        expect(found).toHaveLength(bins)
        for (const [place, { low, high, positives, negatives }] of found.entries()) {
          const inBin = all.filter(
            ({ probability }) =>
              probability * bins >= place &&
              (probability * bins < place + 1 || (place === bins - 1 && probability === 1)),
          )
          expect([low, high]).toEqual([place / bins, (place + 1) / bins])
          expect(positives).toBe(inBin.filter(({ label }) => label === 1).length)
          expect(negatives).toBe(inBin.length - positives)
        }
      }),
    )
  })
})
