import { useMemo } from 'react'
import { formatCount, formatShare, formatValue } from '../format/number.ts'
import { PlotChart, type PlotChartProps } from './plot-chart.tsx'

/** A bin: `low <= x < high`; null is unbounded. */
export interface DistributionBin {
  readonly low: number | null
  readonly high: number | null
  readonly count: number
  readonly share: number
}

/** One distribution. All series of a chart have the same bins. */
export interface DistributionSeries {
  readonly name: string
  readonly color: 1 | 2 | 3 | 4 | 5 | 6
  readonly bins: readonly DistributionBin[]
}

/** `below 3`, `3 – 7`, `7 and more` */
export function binText({ low, high }: Pick<DistributionBin, 'low' | 'high'>): string {
  if (low === null) return high === null ? 'all' : `below ${formatValue(high)}`
  if (high === null) return `${formatValue(low)} and more`
  return low === high ? formatValue(low) : `${formatValue(low)} – ${formatValue(high)}`
}

/**
 * Distributions beside each other, bin by bin: the height of a bar is the share of rows. Bins stand at equal widths whatever
 * they span, as the bins of drift statistics differ in width.
 */
export function DistributionChart(props: {
  readonly label: string
  readonly series: readonly DistributionSeries[]
  readonly over?: string
  readonly height?: number
}) {
  const { label, series, over, height = 200 } = props
  const bins = series[0]?.bins ?? []
  const draw = useMemo(() => drawingOf(series), [series])
  return (
    <PlotChart
      label={label}
      height={height}
      draw={draw}
      legend={series.map(({ name, color }) => ({ name, color: `var(--series-${color})`, shape: 'block' }))}
      {...(over === undefined ? {} : { over })}
      table={{
        columns: ['Bin', ...series.flatMap(({ name }) => [`${name}, rows`, `${name}, share`])],
        rows: () =>
          bins.map((bin, index) => [
            binText(bin),
            ...series.flatMap((one) => [formatCount(one.bins[index]?.count), formatShare(one.bins[index]?.share)]),
          ]),
      }}
    />
  )
}

function drawingOf(series: readonly DistributionSeries[]): PlotChartProps['draw'] {
  const bins = series[0]?.bins ?? []
  const gap = bins.length > 24 ? 0.06 : 0.12
  const bar = (1 - 2 * gap) / Math.max(1, series.length)
  // A boundary is named where two bins meet.
  const edges = bins.slice(1).map(({ low }, index) => ({ at: index + 1, value: low }))
  const ends = [
    { at: 0, value: bins[0]?.low ?? null },
    { at: bins.length, value: bins.at(-1)?.high ?? null },
  ]
  const named = [...edges, ...ends].filter(({ value }) => value !== null)
  return (plot, width) => {
    const every = Math.max(1, Math.ceil((named.length * 44) / Math.max(1, width - 60)))
    const ticks = named.sort((a, b) => a.at - b.at).filter((_, index) => index % every === 0)
    const valueAt = new Map(ticks.map(({ at, value }) => [at, value]))
    return {
      marginLeft: 40,
      marginBottom: 24,
      x: {
        domain: [0, bins.length],
        ticks: ticks.map(({ at }) => at),
        tickFormat: (at: number) => formatValue(valueAt.get(at)),
        tickSize: 4,
        label: null,
      },
      y: { tickFormat: (value: number) => formatShare(value, 0), ticks: 4, label: null, tickSize: 0, zero: true },
      marks: [
        plot.gridY({ stroke: 'var(--line)', strokeOpacity: 1, ticks: 4 }),
        ...series.map(({ color, bins }, place) =>
          plot.rectY(
            bins.map((bin, index) => ({ bin, x1: index + gap + place * bar, x2: index + gap + (place + 1) * bar })),
            {
              x1: 'x1',
              x2: 'x2',
              y1: 0,
              y2: (one) => one.bin.share,
              fill: `var(--series-${color})`,
              rx: 1.5,
              title: (one) =>
                `${series[place]?.name}\n${binText(one.bin)}: ${formatShare(one.bin.share)}, ${formatCount(one.bin.count)} rows`,
            },
          ),
        ),
        plot.ruleY([0], { stroke: 'var(--line-strong)' }),
      ],
    }
  }
}
