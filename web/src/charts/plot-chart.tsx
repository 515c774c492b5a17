import type { PlotOptions } from '@observablehq/plot'
import { lazy, Suspense } from 'react'
import { Skeleton } from '../ui/states.tsx'
import { ChartFigure, type ChartTable, type LegendEntry } from './figure.tsx'

/** The library of marks, given to whoever draws, so that it is loaded with the first chart. */
export type Plot = typeof import('@observablehq/plot')

/** A drawing made of marks. */
export interface PlotChartProps {
  /** The chart in one sentence; it is what a screen reader says. */
  readonly label: string
  readonly legend?: readonly LegendEntry[]
  readonly over?: string
  readonly table: ChartTable
  readonly height?: number
  /** The drawing at a width in pixels. Colors are tokens (`var(--series-1)`), so it needs no second one for the dark. */
  readonly draw: (plot: Plot, width: number) => PlotOptions
}

const Drawing = lazy(() => import('./plot-drawing.tsx'))

/** Any chart that is no long time series: give marks, get a drawing with its legend, what it is over, and a table. */
export function PlotChart(props: PlotChartProps) {
  const { label, legend, over, table, height = 240, draw } = props
  return (
    <ChartFigure
      label={label}
      table={table}
      {...(legend === undefined ? {} : { legend })}
      {...(over === undefined ? {} : { over })}
    >
      <Suspense
        fallback={
          <div style={{ height }}>
            <Skeleton className="h-full w-full" />
          </div>
        }
      >
        <Drawing draw={draw} height={height} />
      </Suspense>
    </ChartFigure>
  )
}
