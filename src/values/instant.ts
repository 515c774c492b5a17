import { noonmarkError } from '../errors.ts'

/** A point in time: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

const pattern =
  /^(\d{4}|[+-]\d{6})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|z|[+-]\d{2}:?\d{2}|[+-]\d{2})?$/

/**
 * Reads ISO 8601. Finer than milliseconds is floored, also before 1970. A text without an offset is naive: it is read in
 * `timeZone` where one is given, else refused.
 * @throws instant_invalid
 */
export function parseInstant(text: string, options: { timeZone?: string; path?: string } = {}): Instant {
  const detail = options.path === undefined ? {} : { path: options.path }
  const match = pattern.exec(text.trim())
  if (match === null)
    throw noonmarkError('instant_invalid', { message: `'${text}' is not an ISO 8601 time.`, ...detail })
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset] = match
  const millis = Number(fraction.slice(0, 3).padEnd(3, '0'))
  const local = new Date(0)
  local.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  local.setUTCHours(Number(hour), Number(minute), Number(second), millis)
  const exists =
    local.getUTCMonth() === Number(month) - 1 &&
    local.getUTCDate() === Number(day) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60
  if (!exists)
    throw noonmarkError('instant_invalid', { message: `'${text}' is not a time of the calendar.`, ...detail })
  // Digits beyond the third are dropped: the written instant lies at or after what is kept, which is the floor before 1970 too.
  if (offset !== undefined) return local.getTime() - offsetMs(offset)
  if (options.timeZone === undefined) {
    throw noonmarkError('instant_invalid', { message: `'${text}' has no offset from UTC.`, ...detail })
  }
  return zonedToInstant(local.getTime(), options.timeZone, options.path)
}

function offsetMs(offset: string): number {
  if (offset === 'Z' || offset === 'z') return 0
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0')
  const sign = offset.startsWith('-') ? -1 : 1
  return sign * (Number(digits.slice(0, 2)) * 3_600_000 + Number(digits.slice(2, 4)) * 60_000)
}

/** ISO 8601 in UTC with milliseconds: `2026-01-31T08:00:00.000Z`. */
export function formatInstant(instant: Instant): string {
  return new Date(instant).toISOString()
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function zoneFormatter(timeZone: string, path?: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone)
  if (formatter === undefined) {
    try {
      formatter = new Intl.DateTimeFormat('en-US', {
        timeZone,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      })
    } catch (cause) {
      throw noonmarkError('time_zone_unknown', {
        message: `'${timeZone}' is not a time zone.`,
        cause,
        ...(path === undefined ? {} : { path }),
      })
    }
    formatters.set(timeZone, formatter)
  }
  return formatter
}

/**
 * Refuses a name that is not an IANA time zone.
 * @throws time_zone_unknown
 */
export function checkTimeZone(timeZone: string, path?: string): void {
  zoneFormatter(timeZone, path)
}

/** How far the wall clock of a zone is ahead of UTC at an instant, in milliseconds. */
export function zoneOffsetMs(instant: Instant, timeZone: string): number {
  if (timeZone === 'UTC') return 0
  const second = Math.floor(instant / 1000) * 1000
  const parts: Record<string, string> = {}
  for (const part of zoneFormatter(timeZone).formatToParts(second)) parts[part.type] = part.value
  const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year)
  const wall = new Date(0)
  wall.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day))
  wall.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second), 0)
  return wall.getTime() - second
}

/**
 * The instant at which the wall clock of a zone shows a local time (given as if it were UTC). A local time that occurs
 * twice means the later instant: a row must never look known earlier than it was. One that does not occur is read with
 * the offset before the gap.
 */
export function zonedToInstant(localMs: number, timeZone: string, path?: string): Instant {
  if (timeZone === 'UTC') return localMs
  checkTimeZone(timeZone, path)
  const day = 86_400_000
  const before = localMs - zoneOffsetMs(localMs - day, timeZone)
  const after = localMs - zoneOffsetMs(localMs + day, timeZone)
  const candidates = [before, after].filter((instant) => instant + zoneOffsetMs(instant, timeZone) === localMs)
  return candidates.length === 0 ? before : Math.max(...candidates)
}
