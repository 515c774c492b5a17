import { noonmarkError } from '../errors.ts'
import { formatDuration } from './duration.ts'
import type { Instant } from './instant.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/**
 * The hop of a window of length `windowMs`: the UTC-aligned grain to which the old end of the window is floored.
 * @throws window_invalid under one minute
 */
export function hopMs(windowMs: number, path?: string): number {
  if (windowMs >= 12 * day) return day
  if (windowMs >= 12 * hour) return hour
  if (windowMs >= hour) return 5 * minute
  if (windowMs >= 12 * minute) return minute
  if (windowMs >= minute) return 5_000
  throw noonmarkError('window_invalid', {
    message: `A window of ${formatDuration(windowMs)} is too short.`,
    ...(path === undefined ? {} : { path }),
  })
}

/** `instant` floored to a multiple of `grainMs`, also before 1970. */
export function floorTo(instant: Instant, grainMs: number): Instant {
  return Math.floor(instant / grainMs) * grainMs
}

/** The first instant inside the window of length `windowMs` at `at`; the window ends just before `at`. */
export function windowStart(at: Instant, windowMs: number): Instant {
  return floorTo(at - windowMs, hopMs(windowMs))
}

/**
 * The instant from which a row with event time `event` no longer counts: it counts for exactly the `q` with
 * `known < q < windowLeave(event)`.
 */
export function windowLeave(event: Instant, windowMs: number): Instant {
  const hop = hopMs(windowMs)
  return floorTo(event, hop) + hop + windowMs
}
