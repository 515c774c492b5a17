import { formatFixed, formatRange } from '../format/number.ts'

/** One figure with its interval. */
export interface IntervalRow {
  readonly name: string
  readonly color: 1 | 2 | 3 | 4 | 5 | 6
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  /** What it is over. */
  readonly over: string
  /** Hollow: promised rather than seen. */
  readonly hollow?: boolean
}

/** Figures below each other on one scale, each with its interval: whether two differ is seen at a glance. */
export function IntervalPlot(props: { readonly label: string; readonly rows: readonly IntervalRow[] }) {
  const rows = props.rows.filter(({ value }) => value !== null)
  const ends = rows.flatMap(({ value, low, high }) => [low ?? value ?? 0, high ?? value ?? 0])
  const [least, most] = [Math.min(...ends), Math.max(...ends)]
  // A single figure is not blown up to the width of its own interval.
  const span = Math.max((most - least) * 1.24, Math.abs(most) * 0.12, 1e-6)
  const start = (least + most - span) / 2
  const at = (value: number) => `${(100 * (value - start)) / span}%`
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">{props.label}</caption>
      <thead className="sr-only">
        <tr>
          <th scope="col">Figure</th>
          <th scope="col">Picture</th>
          <th scope="col">Value and 95 % interval</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, color, value, low, high, over, hollow }) => (
          <tr key={name} className="border-b border-line last:border-0">
            <th scope="row" className="w-2/5 py-1.5 pr-4 text-left align-top font-normal">
              <span className="block font-medium whitespace-nowrap">{name}</span>
              <span className="block min-w-28 text-xs text-balance text-faint">{over}</span>
            </th>
            <td className="min-w-16 py-1.5 align-top" aria-hidden="true">
              <svg width="100%" height="20" className="mt-px block overflow-visible">
                <title>{name}</title>
                <line x1="0" x2="100%" y1="10" y2="10" stroke="var(--line)" />
                {low === null || high === null ? null : (
                  <line
                    x1={at(low)}
                    x2={at(high)}
                    y1="10"
                    y2="10"
                    stroke={`var(--series-${color})`}
                    strokeWidth="5"
                    strokeOpacity="0.35"
                    strokeLinecap="round"
                  />
                )}
                <circle
                  cx={at(value ?? 0)}
                  cy="10"
                  r="4"
                  fill={hollow ? 'var(--surface)' : `var(--series-${color})`}
                  stroke={`var(--series-${color})`}
                  strokeWidth="2"
                />
              </svg>
            </td>
            <td className="w-px py-1.5 pl-4 text-right align-top whitespace-nowrap">
              <span className="figure font-semibold">{formatFixed(value)}</span>
              <span className="figure block text-xs text-muted sm:ml-1.5 sm:inline">{formatRange(low, high)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
