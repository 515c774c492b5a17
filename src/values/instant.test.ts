import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatInstant, parseInstant, zonedToInstant, zoneOffsetMs } from './instant.ts'

describe('instants', () => {
  it.each([
    ['2026-01-31T08:00:00Z', '2026-01-31T08:00:00.000Z'],
    ['2026-01-31 08:00+01:00', '2026-01-31T07:00:00.000Z'],
    ['2026-01-31T08:00:00.1239-0530', '2026-01-31T13:30:00.123Z'],
    ['1969-12-31T23:59:59.9999Z', '1969-12-31T23:59:59.999Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['0099-03-01T00:00:00Z', '0099-03-01T00:00:00.000Z'],
  ])('reads %s', (text, expected) => expect(formatInstant(parseInstant(text))).toBe(expected))

  it.each(['2026-02-30T00:00:00Z', '2026-01-01T24:00:00Z', '2026-13-01T00:00:00Z', 'yesterday', '', '20260101'])(
    'refuses %j',
    (text) => {
      expect(() => parseInstant(text, { timeZone: 'UTC' })).toThrow(/not (an ISO 8601 time|a time of the calendar)/)
    },
  )

  it('refuses a naive time without a zone, and reads it in one', () => {
    expect(() => parseInstant('2026-07-01T12:00:00')).toThrow('has no offset from UTC')
    expect(formatInstant(parseInstant('2026-07-01T12:00:00', { timeZone: 'Europe/Amsterdam' }))).toBe(
      '2026-07-01T10:00:00.000Z',
    )
    expect(() => parseInstant('2026-07-01T12:00:00', { timeZone: 'Mars/Olympus' })).toThrow(
      "'Mars/Olympus' is not a time zone",
    )
  })

  it('takes the later of two instants where clocks go back, and the offset before the gap where they go forward', () => {
    const amsterdam = (text: string) => formatInstant(parseInstant(text, { timeZone: 'Europe/Amsterdam' }))
    expect(amsterdam('2026-10-25T02:30:00')).toBe('2026-10-25T01:30:00.000Z')
    expect(amsterdam('2026-03-29T02:30:00')).toBe('2026-03-29T01:30:00.000Z')
  })

  it('finds an instant whose wall clock shows the local time, in every zone', () => {
    const zone = fc.constantFrom(
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'Europe/London',
    )
    fc.assert(
      fc.property(zone, fc.integer({ min: 0, max: 2e12 }), (timeZone, instant) => {
        const second = Math.floor(instant / 1000) * 1000
        const local = second + zoneOffsetMs(second, timeZone)
        const found = zonedToInstant(local, timeZone)
        expect(found).toBeGreaterThanOrEqual(second)
        expect(found + zoneOffsetMs(found, timeZone)).toBe(local)
      }),
    )
  })
})
