import type { ReactNode } from 'react'
import { classes } from './classes.ts'

/** One figure: its name, its value, its interval, and what it is over. */
export function Stat(props: {
  readonly label: ReactNode
  readonly value: ReactNode
  /** `(0.727 – 0.734)`: the 95 % interval, where one exists. */
  readonly interval?: ReactNode
  /** Rows, days, version. */
  readonly over: ReactNode
  readonly tone?: 'good' | 'warn' | 'bad'
  readonly size?: 'large' | 'medium'
}) {
  const { label, value, interval, over, tone, size = 'large' } = props
  return (
    <div className="min-w-0">
      <div className="text-xs font-medium text-muted">{label}</div>
      <div className="mt-0.5 flex flex-wrap items-baseline gap-x-2">
        <span
          className={classes(
            'figure font-semibold',
            size === 'large' ? 'text-2xl' : 'text-lg',
            tone === 'good' && 'text-good',
            tone === 'warn' && 'text-warn',
            tone === 'bad' && 'text-bad',
          )}
        >
          {value}
        </span>
        {interval === undefined || interval === '' ? null : (
          <span className="figure text-sm whitespace-nowrap text-muted">{interval}</span>
        )}
      </div>
      <div className="mt-0.5 text-xs text-faint">{over}</div>
    </div>
  )
}

/** Names and values below each other. */
export function Facts(props: {
  readonly facts: readonly (readonly [name: ReactNode, value: ReactNode])[]
  readonly className?: string
}) {
  return (
    <dl className={classes('grid grid-cols-[minmax(6rem,auto)_1fr] gap-x-4 gap-y-1.5 text-sm', props.className)}>
      {props.facts.map(([name, value], index) => (
        <div key={index} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
