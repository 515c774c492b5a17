import { useMemo } from 'react'
import type { Curves } from '../../../../src/http/reports.ts'
import { PlotChart, type PlotChartProps } from '../../charts/index.ts'
import { formatCount, formatFixed, formatRange, formatShare, plural } from '../../format/number.ts'

/** What was said against what came true, bin by bin of about equal rows; the interval of each rate is Wilson's. */
export function CalibrationChart(props: {
  readonly version: string
  readonly curves: Curves
  readonly baseline: Curves | null
  readonly error: number | null
}) {
  const { version, curves, baseline, error } = props
  const draw = useMemo(() => drawingOf(curves, baseline), [curves, baseline])
  return (
    <PlotChart
      label={`Calibration of ${version}, calibration error ${formatFixed(error, 4)}`}
      legend={[
        { name: version, color: 'var(--series-1)' },
        ...(baseline === null ? [] : [{ name: 'baseline rule', color: 'var(--series-3)' }]),
        { name: 'as said', color: 'var(--line-strong)', shape: 'dashed' as const },
      ]}
      height={300}
      over={`${plural(curves.rows, 'validation row')} in ${curves.calibration.length} bins; bars: 95 % intervals (Wilson)`}
      draw={draw}
      table={{
        columns: ['Said, on average', 'Came true', '95 % interval', 'Rows'],
        rows: () =>
          curves.calibration.map((bin) => [
            formatShare(bin.mean_probability),
            formatShare(bin.positive_rate),
            formatRange(bin.positive_rate_low, bin.positive_rate_high, (value) => formatShare(value)),
            formatCount(bin.rows),
          ]),
      }}
    />
  )
}

type Bin = Curves['calibration'][number]

function drawingOf(curves: Curves, baseline: Curves | null): PlotChartProps['draw'] {
  const bins = [...curves.calibration, ...(baseline?.calibration ?? [])]
  const most = Math.min(
    1,
    1.06 * Math.max(0.05, ...bins.flatMap((bin) => [bin.mean_probability, bin.positive_rate_high])),
  )
  const axis = {
    domain: [0, most],
    ticks: 5,
    tickFormat: (value: number) => formatShare(value, most < 0.2 ? 1 : 0),
    tickSize: 0,
    labelArrow: 'none' as const,
  }
  const place = { x: 'mean_probability', y: 'positive_rate' } as const
  return (plot) => {
    const part = (list: readonly Bin[], color: string, size: number) => [
      plot.ruleX(list, {
        x: place.x,
        y1: 'positive_rate_low',
        y2: 'positive_rate_high',
        stroke: color,
        strokeOpacity: 0.55,
        strokeWidth: 3,
      }),
      plot.line(list, { ...place, stroke: color, strokeWidth: 1.25, strokeOpacity: 0.7 }),
      plot.dot(list, { ...place, r: size, fill: color }),
    ]
    return {
      marginLeft: 48,
      marginBottom: 36,
      x: { ...axis, label: 'Said', labelAnchor: 'center' },
      y: { ...axis, label: 'Came true', labelAnchor: 'center' },
      marks: [
        plot.gridX({ stroke: 'var(--line)', strokeOpacity: 1, ticks: 5 }),
        plot.gridY({ stroke: 'var(--line)', strokeOpacity: 1, ticks: 5 }),
        plot.line(
          [
            [0, 0],
            [most, most],
          ],
          { stroke: 'var(--line-strong)', strokeDasharray: '4 3' },
        ),
        ...(baseline === null ? [] : part(baseline.calibration, 'var(--series-3)', 3)),
        ...part(curves.calibration, 'var(--series-1)', 4),
        plot.tip(
          curves.calibration,
          plot.pointer({
            ...place,
            fill: 'var(--surface)',
            stroke: 'var(--line-strong)',
            title: (bin: Bin) =>
              `said ${formatShare(bin.mean_probability)}\ncame true ${formatShare(bin.positive_rate)} ${formatRange(bin.positive_rate_low, bin.positive_rate_high, (value) => formatShare(value))}\n${plural(bin.rows, 'row')}`,
          }),
        ),
      ],
    }
  }
}
