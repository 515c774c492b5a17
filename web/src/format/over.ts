import type { Over } from '../../../src/http/reports.ts'
import { plural } from './number.ts'
import { formatMinute, formatPeriod } from './time.ts'

/** What a figure is over, in words: `29,569 matured moments · 1 – 8 Jun 2001 · flight-delay:2`. */
export function overText(over: Over, rowName: readonly [one: string, many: string] = ['row', 'rows']): string {
  const parts = [
    over.rows === null ? null : plural(over.rows, ...rowName),
    over.from === null || over.to === null ? null : formatPeriod(over.from, over.to),
    over.version,
  ]
  return parts.filter((part) => part !== null).join(' · ')
}

/** A window in words, as short as it can be said: `24 h to 9 Jun 2001, 00:00 UTC`. Its first step is a whole one, so it may be a little shorter. */
export function windowText({ from, to }: { readonly from: string; readonly to: string }): string {
  const hours = (Date.parse(to) - Date.parse(from)) / 3_600_000
  const length =
    hours >= 47 ? `${Math.round(hours / 24)} d` : hours >= 1 ? `${Math.ceil(hours)} h` : `${Math.ceil(hours * 60)} min`
  return `${length} to ${formatMinute(to)}`
}
