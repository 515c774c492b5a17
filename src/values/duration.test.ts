import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { durationMs, formatDuration } from './duration.ts'

describe('durations', () => {
  it.each([
    ['50ms', 50],
    ['30s', 30_000],
    ['15m', 900_000],
    ['6h', 21_600_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('reads %s', (text, ms) => expect(durationMs(text)).toBe(ms))

  it.each(['1mo', '1y', '1.5h', '-1h', 'h', '', '1 h', '1H', '99999999999w'])('refuses %j', (text) => {
    expect(() => durationMs(text)).toThrow(`'${text}' is not a duration`)
  })

  it('writes what it reads', () => {
    fc.assert(
      fc.property(fc.nat(1e12), (ms) => {
        expect(durationMs(formatDuration(ms))).toBe(ms)
      }),
    )
  })
})
