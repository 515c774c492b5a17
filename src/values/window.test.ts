import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { durationMs } from './duration.ts'
import { hopMs, windowLeave, windowStart } from './window.ts'

describe('windows', () => {
  it.each([
    ['12d', '1d'],
    ['2w', '1d'],
    ['7d', '1h'],
    ['12h', '1h'],
    ['11h', '5m'],
    ['1h', '5m'],
    ['12m', '1m'],
    ['11m', '5s'],
    ['1m', '5s'],
  ])('of %s hop by %s', (window, hop) => expect(hopMs(durationMs(window))).toBe(durationMs(hop)))

  it('under a minute are refused', () => {
    expect(() => hopMs(59_999)).toThrow('too short')
  })

  const windowMs = fc.integer({ min: 60_000, max: 40 * 86_400_000 })
  const instant = fc.integer({ min: -2e12, max: 2e12 })

  it('are never shorter than said and never longer than 13/12 of it', () => {
    fc.assert(
      fc.property(windowMs, instant, (window, at) => {
        const length = at - windowStart(at, window)
        expect(length).toBeGreaterThanOrEqual(window)
        expect(length).toBeLessThanOrEqual((window * 13) / 12)
      }),
    )
  })

  it('hold an event until it leaves, and not after', () => {
    fc.assert(
      fc.property(windowMs, instant, fc.nat(60 * 86_400_000), (window, event, later) => {
        const at = event + later
        expect(windowStart(at, window) <= event).toBe(at < windowLeave(event, window))
      }),
    )
  })
})
