import type { ReactNode } from 'react'
import { classes } from './classes.ts'

/** What a badge says besides its word; the word alone must be enough. */
export type Tone = 'neutral' | 'accent' | 'good' | 'warn' | 'bad'

const tones: Readonly<Record<Tone, string>> = {
  neutral: 'bg-sunken text-muted',
  accent: 'bg-accent-soft text-accent',
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
}

/** A word on a soft ground: a state, a part, a tier. */
export function Badge(props: {
  readonly tone?: Tone
  readonly children: ReactNode
  readonly className?: string
  readonly title?: string
}) {
  const { tone = 'neutral', children, className, title } = props
  return (
    <span
      title={title}
      className={classes(
        'inline-flex items-center gap-1 rounded-md px-1.5 py-px text-2xs font-medium whitespace-nowrap',
        tones[tone],
        className,
      )}
    >
      {children}
    </span>
  )
}

/** The tone of a deployment's state, a run's status, a check's result. */
export function toneOf(word: string): Tone {
  if (['ready', 'succeeded', 'passed', 'equal', 'filled', 'applied', 'present', 'observed'].includes(word))
    return 'good'
  if (['failed', 'refused', 'differing', 'unavailable', 'overflow'].includes(word)) return 'bad'
  if (['held', 'pending', 'stopped', 'cancelled', 'no_version', 'expired', 'inexact'].includes(word)) return 'warn'
  if (['preparing', 'training', 'evaluating', 'champion'].includes(word)) return 'accent'
  return 'neutral'
}
