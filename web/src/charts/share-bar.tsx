import { formatCount, formatShare } from '../format/number.ts'

/** One part of a whole. */
export interface SharePart {
  readonly name: string
  readonly count: number
  readonly share: number
  /** A CSS color, a token mostly. */
  readonly color: string
}

/** Parts of a whole as one bar, with their names, shares and counts below. */
export function ShareBar(props: { readonly label: string; readonly parts: readonly SharePart[] }) {
  const parts = props.parts.filter(({ count }) => count > 0)
  return (
    <figure aria-label={props.label}>
      <div aria-hidden className="flex h-2 gap-px overflow-hidden rounded-full bg-sunken">
        {parts.map(({ name, share, color }) => (
          <span key={name} className="min-w-0.5" style={{ width: `${share * 100}%`, background: color }} />
        ))}
      </div>
      <ul className="mt-1.5 flex flex-wrap gap-x-4 gap-y-0.5 text-xs text-muted">
        {parts.map(({ name, count, share, color }) => (
          <li key={name} className="flex items-center gap-1.5">
            <span aria-hidden className="size-2 rounded-[3px]" style={{ background: color }} />
            <span>{name}</span>
            <span className="figure font-medium text-ink">{formatShare(share)}</span>
            <span className="figure text-faint">{formatCount(count)}</span>
          </li>
        ))}
      </ul>
    </figure>
  )
}

/** The color of who answered: versions in cool colors, fallbacks in warm ones. */
export function answererColor(answeredBy: string): string {
  if (answeredBy === 'champion') return 'var(--series-1)'
  if (answeredBy.startsWith('arm:') || answeredBy === 'canary') return 'var(--series-4)'
  if (answeredBy === 'fallback:baseline') return 'var(--series-2)'
  if (answeredBy.startsWith('fallback:')) return 'var(--series-6)'
  return 'var(--series-3)'
}
