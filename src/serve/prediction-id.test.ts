import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { predictionId, predictionPlace, randomLogName } from './prediction-id.ts'

describe('a prediction id', () => {
  const place = fc.record({
    time: fc.nat({ max: 2 ** 48 - 1 }),
    log: fc.nat().map(() => randomLogName()),
    offset: fc.nat({ max: 2 ** 45 - 1 }),
  })

  it('is a ULID that says where its record is', () => {
    fc.assert(
      fc.property(place, (where) => {
        const id = predictionId(where)
        expect(id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/)
        expect(predictionPlace(id)).toEqual(where)
      }),
    )
  })

  it('ascends with time, and with the offset within one log', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const sameLog = { ...b, log: a.log }
        const byPlace = a.time - sameLog.time || a.offset - sameLog.offset
        const [first, second] = [predictionId(a), predictionId(sameLog)]
        expect(Math.sign(byPlace)).toBe(first < second ? -1 : first > second ? 1 : 0)
      }),
    )
  })

  it('is not any text', () => {
    for (const text of ['', 'x', '../../../etc/passwd/aaaaaa', '0'.repeat(25), `${'0'.repeat(25)}U`]) {
      expect(predictionPlace(text)).toBeNull()
    }
  })
})
