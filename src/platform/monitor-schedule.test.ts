import { describe, expect, it } from 'vitest'
import { isMeasureDue } from './monitor-schedule.ts'

const minute = 60_000
const now = Date.UTC(2026, 0, 1, 12)
const last = (agoMs: number, seconds: number, seen = 'one') => ({
  measured_at: new Date(now - agoMs).toISOString(),
  seconds,
  seen,
})

describe('a report is due', () => {
  it.each([
    ['nothing was predicted', null, null, false],
    ['nothing was measured yet', 'one', null, true],
    ['nothing new came', 'one', last(60 * minute, 1), false],
    ['something new came, and the last is some minutes old', 'two', last(3 * minute, 1), true],
    ['something new came, and the last is younger', 'two', last(3 * minute - 1, 1), false],
    ['it took a minute, and is not twenty minutes old', 'two', last(19 * minute, 60), false],
    ['it took a minute, and is twenty minutes old', 'two', last(20 * minute, 60), true],
    ['the last was measured before the clock was set back', 'two', last(-180 * minute, 1), true],
  ])('or not where %s', (_, seen, before, due) => {
    expect(isMeasureDue(seen, before, now)).toBe(due)
  })
})
