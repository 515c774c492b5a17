import { noonmarkError } from '../errors.ts'

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** A length of time as its user writes it: a whole number and one of `ms s m h d w`. A day is 86,400 s. */
export type Duration = `${number}${keyof typeof unitMs}`

/**
 * Milliseconds of a duration. Months and years are refused: they have no fixed length.
 * @throws duration_invalid
 */
export function durationMs(text: string, path?: string): number {
  const match = /^(\d{1,12})(ms|s|m|h|d|w)$/.exec(text)
  const ms = match === null ? Number.NaN : Number(match[1]) * unitMs[match[2] as keyof typeof unitMs] // the pattern admits these units only
  if (!Number.isSafeInteger(ms)) {
    throw noonmarkError('duration_invalid', {
      message: `'${text}' is not a duration.`,
      ...(path === undefined ? {} : { path }),
    })
  }
  return ms
}

/** The shortest way to write a number of milliseconds: 3,600,000 is `1h`. */
export function formatDuration(ms: number): Duration {
  for (const unit of ['w', 'd', 'h', 'm', 's'] as const) {
    if (ms !== 0 && ms % unitMs[unit] === 0) return `${ms / unitMs[unit]}${unit}`
  }
  return `${ms}ms`
}
