import { useMemo, useState } from 'react'
import type { VersionDetail } from '../../../../src/http/reports.ts'
import { PlotChart, type PlotChartProps } from '../../charts/index.ts'
import { formatCount, formatFixed, formatRange, formatShare, plural } from '../../format/number.ts'
import { Card } from '../../ui/index.ts'

type Slices = VersionDetail['slices'][number]
type Slice = Slices['slices'][number]

const mostShown = 40

/** The AUC of each slice with its interval, beside that of all rows, worst first. */
export function SliceCard(props: { readonly version: VersionDetail }) {
  const { version } = props
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  const slices = version.slices.find(({ column }) => column === chosen) ?? version.slices[0]
  if (slices === undefined) return null
  return (
    <Card
      title={`By ${slices.column}`}
      over={`${plural(slices.slices.length, 'slice')} of ${plural(version.validation.rows, 'validation row')}, the worst first`}
      actions={
        version.slices.length < 2 ? undefined : (
          <label className="flex items-center gap-2 text-xs text-muted">
            Slice by
            <select
              value={slices.column}
              onChange={(event) => setChosen(event.target.value)}
              className="rounded-lg border border-line-strong bg-surface px-2 py-1 text-sm text-ink"
            >
              {version.slices.map(({ column }) => (
                <option key={column}>{column}</option>
              ))}
            </select>
          </label>
        )
      }
    >
      <SliceChart slices={slices} version={version} />
    </Card>
  )
}

const worstOf = ({ slices }: Slices): readonly Slice[] =>
  slices
    .filter(({ auc }) => auc !== null)
    .sort((one, other) => (one.auc ?? 0) - (other.auc ?? 0))
    .slice(0, mostShown)

const nameOf = ({ value }: Slice): string => value ?? 'missing'

function SliceChart({ slices, version }: { readonly slices: Slices; readonly version: VersionDetail }) {
  const known = slices.slices.filter(({ auc }) => auc !== null)
  const sorted = useMemo(() => worstOf(slices), [slices])
  const whole = version.validation.auc
  const draw = useMemo(() => drawingOf(sorted, whole), [sorted, whole])
  return (
    <PlotChart
      label={`AUC of ${version.version} by ${slices.column}, with 95 % intervals`}
      legend={[
        { name: 'slice, with its 95 % interval', color: 'var(--series-1)', shape: 'block' },
        { name: `all rows, ${formatFixed(whole)}`, color: 'var(--line-strong)', shape: 'dashed' },
      ]}
      height={44 + 18 * sorted.length}
      over={
        sorted.length < known.length
          ? `The worst ${mostShown} of ${known.length}`
          : 'AUC on the validation rows of each'
      }
      draw={draw}
      table={{
        columns: [slices.column, 'AUC', '95 % interval', 'Log loss', 'Label 1', 'Said, on average', 'Rows'],
        rows: () =>
          slices.slices.map((slice) => [
            nameOf(slice),
            formatFixed(slice.auc),
            formatRange(slice.auc_low, slice.auc_high),
            formatFixed(slice.log_loss, 4),
            formatShare(slice.positive_rate),
            formatShare(slice.mean_probability),
            formatCount(slice.rows),
          ]),
      }}
    />
  )
}

function drawingOf(slices: readonly Slice[], whole: number | null): PlotChartProps['draw'] {
  return (plot, width) => ({
    marginLeft: Math.min(120, 16 + 7 * Math.max(3, ...slices.map((slice) => nameOf(slice).length))),
    marginRight: width > 420 ? 150 : 12,
    marginBottom: 24,
    x: { ticks: 5, tickFormat: (value: number) => formatFixed(value, 2), tickSize: 0, label: null },
    y: { domain: slices.map(nameOf), tickSize: 0, label: null },
    marks: [
      plot.gridX({ stroke: 'var(--line)', strokeOpacity: 1, ticks: 5 }),
      ...(whole === null ? [] : [plot.ruleX([whole], { stroke: 'var(--line-strong)', strokeDasharray: '4 3' })]),
      plot.ruleY(slices, {
        y: nameOf,
        x1: 'auc_low',
        x2: 'auc_high',
        stroke: 'var(--series-1)',
        strokeOpacity: 0.4,
        strokeWidth: 4,
      }),
      plot.dot(slices, {
        y: nameOf,
        x: 'auc',
        r: 3.5,
        fill: 'var(--series-1)',
        title: (slice: Slice) =>
          `${nameOf(slice)}: ${formatFixed(slice.auc)} ${formatRange(slice.auc_low, slice.auc_high)}\n${plural(slice.rows, 'row')}`,
      }),
      ...(width > 420
        ? [
            plot.text(slices, {
              y: nameOf,
              frameAnchor: 'right',
              textAnchor: 'start',
              dx: 10,
              fill: 'var(--muted)',
              text: (slice: Slice) => `${formatFixed(slice.auc)}  on ${formatCount(slice.rows)} rows`,
            }),
          ]
        : []),
    ],
  })
}
