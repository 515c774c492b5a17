import { useMemo } from 'react'
import type { Curves } from '../../../../src/http/reports.ts'
import { PlotChart, type PlotChartProps } from '../../charts/index.ts'
import { formatFixed, formatShare, plural } from '../../format/number.ts'

/** The ROC curve of a version on its validation rows, that of the baseline rule beside it, and that of chance. */
export function RocChart(props: {
  readonly version: string
  readonly curves: Curves
  readonly baseline: Curves | null
  /** `0.730 (0.727 – 0.734)` */
  readonly auc: string
  readonly positiveRate: number | null
}) {
  const { version, curves, baseline, auc, positiveRate } = props
  const draw = useMemo(() => drawingOf(curves, baseline), [curves, baseline])
  return (
    <PlotChart
      label={`ROC curve of ${version}, with AUC ${auc}${baseline === null ? '' : ', and of the baseline rule'}`}
      legend={[
        { name: `${version}, AUC ${auc}`, color: 'var(--series-1)' },
        ...(baseline === null ? [] : [{ name: 'baseline rule', color: 'var(--series-3)' } as const]),
        { name: 'chance', color: 'var(--line-strong)', shape: 'dashed' },
      ]}
      height={300}
      over={`${plural(curves.rows, 'validation row')}, ${formatShare(positiveRate)} of them with label 1`}
      draw={draw}
      table={{
        columns: ['Threshold', 'False positive rate', 'True positive rate'],
        rows: () =>
          curves.roc.map((point) => [
            formatFixed(point.threshold, 4),
            formatShare(point.false_positive_rate),
            formatShare(point.true_positive_rate),
          ]),
      }}
    />
  )
}

type Point = Curves['roc'][number]

function drawingOf(curves: Curves, baseline: Curves | null): PlotChartProps['draw'] {
  const percent = (value: number): string => formatShare(value, 0)
  const axis = { domain: [0, 1], ticks: 5, tickFormat: percent, tickSize: 0, labelArrow: 'none' as const }
  return (plot) => ({
    marginLeft: 48,
    marginBottom: 36,
    x: { ...axis, label: 'False positive rate', labelAnchor: 'center' },
    y: { ...axis, label: 'True positive rate', labelAnchor: 'center' },
    marks: [
      plot.gridX({ stroke: 'var(--line)', strokeOpacity: 1, ticks: 5 }),
      plot.gridY({ stroke: 'var(--line)', strokeOpacity: 1, ticks: 5 }),
      plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: 'var(--line-strong)', strokeDasharray: '4 3' },
      ),
      ...(baseline === null
        ? []
        : [
            plot.line(baseline.roc, {
              x: 'false_positive_rate',
              y: 'true_positive_rate',
              stroke: 'var(--series-3)',
              strokeWidth: 1.75,
            }),
          ]),
      plot.line(curves.roc, {
        x: 'false_positive_rate',
        y: 'true_positive_rate',
        stroke: 'var(--series-1)',
        strokeWidth: 2.25,
      }),
      plot.tip(
        curves.roc,
        plot.pointer({
          x: 'false_positive_rate',
          y: 'true_positive_rate',
          fill: 'var(--surface)',
          stroke: 'var(--line-strong)',
          title: (point: Point) =>
            `Threshold ${formatFixed(point.threshold, 3)}\nfound ${formatShare(point.true_positive_rate)} of label 1\nby mistake ${formatShare(point.false_positive_rate)} of label 0`,
        }),
      ),
    ],
  })
}
