import { formatCount, formatShare } from '../format/number.ts'

/** Shares of categories beside each other, as rows of bars; plain enough to be its own table. */
export function CategoryBars(props: {
  readonly label: string
  readonly series: readonly {
    readonly name: string
    readonly color: 1 | 2 | 3 | 4 | 5 | 6
    readonly values: readonly { readonly value: string | null; readonly count: number; readonly share: number }[]
  }[]
  readonly over?: string
}) {
  const { label, series, over } = props
  const names = [...new Set(series.flatMap(({ values }) => values.map(({ value }) => value)))]
  const most = Math.max(...series.flatMap(({ values }) => values.map(({ share }) => share)), 1e-9)
  return (
    <figure aria-label={label}>
      <table className="w-full text-xs">
        <thead className="sr-only">
          <tr>
            <th scope="col">Value</th>
            {series.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((value) => (
            <tr key={value ?? 'all others'}>
              <th scope="row" className="w-px py-0.5 pr-3 text-left font-normal whitespace-nowrap text-muted">
                {value ?? 'all others'}
              </th>
              {series.map(({ name, color, values }) => {
                const one = values.find((entry) => entry.value === value)
                return (
                  <td key={name} className="py-0.5 pr-3">
                    <span className="flex items-center gap-2" title={`${name}: ${formatCount(one?.count ?? 0)} rows`}>
                      <span
                        aria-hidden
                        className="h-3 min-w-px rounded-sm"
                        style={{ width: `${(70 * (one?.share ?? 0)) / most}%`, background: `var(--series-${color})` }}
                      />
                      <span className="figure text-muted">{formatShare(one?.share ?? 0)}</span>
                    </span>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {over === undefined ? null : <figcaption className="mt-1 text-xs text-faint">{over}</figcaption>}
    </figure>
  )
}
