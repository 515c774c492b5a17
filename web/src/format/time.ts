/** Times as text, in UTC always. */

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (value: number): string => String(value).padStart(2, '0')

/** What a time may be given as: ISO 8601 text, or UTC milliseconds. */
export type TimeLike = string | number

const dateOf = (time: TimeLike): Date => new Date(time)

/** `9 Jun 2001` */
export function formatDay(time: TimeLike): string {
  const date = dateOf(time)
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`
}

/** `9 Jun` */
export function formatShortDay(time: TimeLike): string {
  const date = dateOf(time)
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]}`
}

/** `14:05` */
export function formatClock(time: TimeLike): string {
  const date = dateOf(time)
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`
}

/** `9 Jun 2001, 14:05 UTC` */
export function formatMinute(time: TimeLike): string {
  return `${formatDay(time)}, ${formatClock(time)} UTC`
}

/** `2001-06-09 14:05:09.120` in UTC: where one instant is told from the next. */
export function formatInstant(time: TimeLike): string {
  return dateOf(time)
    .toISOString()
    .replace('T', ' ')
    .replace('Z', '')
    .replace(/\.000$/, '')
}

/** `1 – 8 Jun 2001`, `28 May – 3 Jun 2001`, in UTC days; both ends are days that are part of it. */
export function formatPeriod(from: TimeLike, to: TimeLike): string {
  const a = dateOf(from)
  // What ends at midnight has no part of the day that begins then.
  const end = dateOf(to).getTime()
  const b = new Date(end % 86_400_000 === 0 && end > a.getTime() ? end - 1 : end)
  if (formatDay(a.getTime()) === formatDay(b.getTime())) return formatDay(a.getTime())
  if (a.getUTCFullYear() !== b.getUTCFullYear()) return `${formatDay(a.getTime())} – ${formatDay(b.getTime())}`
  if (a.getUTCMonth() !== b.getUTCMonth()) return `${formatShortDay(a.getTime())} – ${formatDay(b.getTime())}`
  return `${a.getUTCDate()} – ${formatDay(b.getTime())}`
}

/** `12 s ago`, `3 h ago`, `in 5 min`, between two instants. */
export function formatAgo(time: TimeLike, now: TimeLike): string {
  const ms = dateOf(now).getTime() - dateOf(time).getTime()
  const text = formatSpan(Math.abs(ms))
  if (Math.abs(ms) < 1000) return 'now'
  return ms >= 0 ? `${text} ago` : `in ${text}`
}

/** A length of time in its largest unit: `45 s`, `12 min`, `7 h`, `3 d`. */
export function formatSpan(ms: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ]
  // Two of a unit at least: 36 h says more than 1 d.
  const [unit, size] = units.find(([, size]) => ms >= 2 * size) ?? (ms >= 1000 ? ['s', 1000] : ['ms', 1])
  return `${Math.floor(ms / size)} ${unit}`
}

/** A declared duration as it is declared: `500 ms`, `2 s`. */
export function formatDuration(ms: number): string {
  return ms >= 1000 && ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`
}
