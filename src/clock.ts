import { noonmarkError } from './errors.ts'
import { formatInstant, type Instant } from './values/index.ts'

/** What time it is for the platform. */
export interface Clock {
  /** Now, in UTC milliseconds. */
  now(): Instant
  readonly replay: boolean
}

/** The machine's clock. It never goes back within a process, also when the machine's does. */
export function systemClock(): Clock {
  let last = 0
  return {
    replay: false,
    now() {
      last = Math.max(last, Date.now())
      return last
    },
  }
}

/** A clock that stands until it is advanced: for tests, demos and replays of history. */
export interface ReplayClock extends Clock {
  /**
   * Moves to an instant.
   * @throws instant_ahead never; a step back is refused with clock_backwards
   */
  advance(to: Instant): void
}

/** A replay clock that starts at an instant. */
export function replayClock(start: Instant): ReplayClock {
  let now = start
  return {
    replay: true,
    now: () => now,
    advance(to) {
      if (to < now) {
        throw noonmarkError('clock_backwards', {
          message: `The clock stands at ${formatInstant(now)} and cannot go back to ${formatInstant(to)}.`,
        })
      }
      now = to
    },
  }
}
