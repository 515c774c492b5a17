import { lazy, Suspense } from 'react'
import { formatValue } from '../format/number.ts'
import { formatInstant } from '../format/time.ts'
import { Skeleton } from '../ui/states.tsx'
import { ChartFigure } from './figure.tsx'

/** One line, and its interval where it has one. Lists are as long as the chart's `x`; null is a gap. */
export interface LineSeries {
  readonly name: string
  /** Which of the six colors. By custom: 1 champion, 2 shadow, 3 baseline or training. */
  readonly color: 1 | 2 | 3 | 4 | 5 | 6
  readonly values: readonly (number | null)[]
  /** The ends of the interval, drawn as a band. */
  readonly low?: readonly (number | null)[]
  readonly high?: readonly (number | null)[]
  readonly dashed?: boolean
  /** Filled down to zero. */
  readonly area?: boolean
}

/** What a line chart shows. */
export interface LineChartProps {
  /** The chart in one sentence; it is what a screen reader says. */
  readonly label: string
  /** UTC milliseconds in ascending order, or numbers. */
  readonly x: readonly number[]
  /** `time` where left out. */
  readonly xKind?: 'time' | 'number'
  readonly xName?: string
  readonly series: readonly LineSeries[]
  readonly format?: (value: number) => string
  readonly formatX?: (value: number) => string
  readonly height?: number
  /** The least range of the vertical axis. */
  readonly yMin?: number
  readonly yMax?: number
  /** What the figures are over. */
  readonly over?: string
}

const Canvas = lazy(() => import('./line-canvas.tsx'))

/** Lines over time (or over numbers), with intervals as bands. The drawing is loaded when the first chart is shown. */
export function LineChart(props: LineChartProps) {
  const { label, x, series, over, height = 220, format = formatValue, xName, xKind = 'time' } = props
  const formatX = props.formatX ?? (xKind === 'time' ? formatInstant : formatValue)
  const withInterval = (one: LineSeries) => one.low !== undefined && one.high !== undefined
  return (
    <ChartFigure
      label={label}
      over={over}
      legend={series.map(({ name, color, dashed }) => ({
        name,
        color: `var(--series-${color})`,
        shape: dashed ? 'dashed' : 'line',
      }))}
      table={{
        columns: [
          xName ?? (xKind === 'time' ? 'Time (UTC)' : 'x'),
          ...series.flatMap((one) => (withInterval(one) ? [one.name, `${one.name}, interval`] : [one.name])),
        ],
        rows: () =>
          x.map((at, index) => [
            formatX(at),
            ...series.flatMap((one) => {
              const text = (value: number | null | undefined) => (value == null ? '–' : format(value))
              const value = text(one.values[index])
              return withInterval(one) ? [value, `${text(one.low?.[index])} – ${text(one.high?.[index])}`] : [value]
            }),
          ]),
      }}
    >
      <Suspense
        fallback={
          <div style={{ height }}>
            <Skeleton className="h-full w-full" />
          </div>
        }
      >
        <Canvas {...props} height={height} format={format} formatX={formatX} xKind={xKind} />
      </Suspense>
    </ChartFigure>
  )
}
