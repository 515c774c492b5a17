import { type ReactNode, useId, useState } from 'react'
import { classes } from '../ui/classes.ts'
import { ScrollRegion } from '../ui/scroll-region.tsx'

/** The same figures as text, for whoever cannot see the picture or wants the numbers. */
export interface ChartTable {
  readonly columns: readonly string[]
  /** Texts as they are read; the first is the name of the row. */
  readonly rows: () => readonly (readonly string[])[]
}

/** One entry of a legend. */
export interface LegendEntry {
  readonly name: string
  /** A CSS color, a token mostly: `var(--series-1)`. */
  readonly color: string
  readonly shape?: 'line' | 'dashed' | 'block'
}

const mostRows = 400

/** The frame of every chart: what it shows in words, a legend, the picture, what it is over, and the figures as a table. */
export function ChartFigure(props: {
  readonly label: string
  readonly legend?: readonly LegendEntry[]
  readonly over?: ReactNode
  readonly table: ChartTable
  readonly children: ReactNode
  readonly className?: string
}) {
  const { label, legend = [], over, table, children, className } = props
  const [open, setOpen] = useState(false)
  const overId = useId()
  return (
    <figure aria-label={label} className={classes('min-w-0', className)}>
      {legend.length < 2 ? null : (
        <ul className="mb-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
          {legend.map((entry) => (
            <li key={entry.name} className="flex items-center gap-1.5">
              <LegendMark entry={entry} />
              {entry.name}
            </li>
          ))}
        </ul>
      )}
      <div role="img" aria-label={label} aria-describedby={over === undefined ? undefined : overId}>
        {children}
      </div>
      <div className="mt-1 flex flex-wrap items-start justify-between gap-x-4 gap-y-1 text-xs">
        <figcaption id={overId} className="text-faint">
          {over}
        </figcaption>
        <details className="min-w-0 text-faint open:w-full" onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary className="w-fit rounded hover:text-ink">Figures</summary>
          {open ? <Figures label={label} table={table} /> : null}
        </details>
      </div>
    </figure>
  )
}

function LegendMark({ entry }: { readonly entry: LegendEntry }) {
  const { color, shape = 'line' } = entry
  if (shape === 'block') return <span aria-hidden className="size-2.5 rounded-[3px]" style={{ background: color }} />
  return (
    <svg aria-hidden="true" width="16" height="4" className="shrink-0">
      <line
        x1="0"
        x2="16"
        y1="2"
        y2="2"
        stroke={color}
        strokeWidth="2.5"
        strokeDasharray={shape === 'dashed' ? '4 3' : undefined}
      />
    </svg>
  )
}

function Figures({ label, table }: { readonly label: string; readonly table: ChartTable }) {
  const rows = table.rows()
  return (
    <ScrollRegion label={`${label}, as a table`} className="mt-2 max-h-72 rounded-lg border border-line">
      <table className="w-full text-xs text-muted">
        <thead className="sticky top-0 bg-sunken">
          <tr>
            {table.columns.map((column, index) => (
              <th
                key={column}
                scope="col"
                className={classes('px-2.5 py-1.5 font-medium', index === 0 ? 'text-left' : 'text-right')}
              >
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, mostRows).map((row, place) => (
            <tr key={`${row[0]} ${place}`} className="border-t border-line">
              {row.map((cell, index) =>
                index === 0 ? (
                  <th
                    key={table.columns[index]}
                    scope="row"
                    className="px-2.5 py-1 text-left font-normal whitespace-nowrap"
                  >
                    {cell}
                  </th>
                ) : (
                  <td key={table.columns[index]} className="px-2.5 py-1 text-right whitespace-nowrap">
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > mostRows ? (
        <p className="px-2.5 py-1.5">
          The first {mostRows} of {rows.length} rows.
        </p>
      ) : null}
    </ScrollRegion>
  )
}
