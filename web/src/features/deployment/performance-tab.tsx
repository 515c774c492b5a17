import { useState } from 'react'
import type { DeploymentReport, LivePerformance, Metrics } from '../../../../src/http/reports.ts'
import { IntervalPlot, type IntervalRow, LineChart, type LineSeries } from '../../charts/index.ts'
import { metricName } from '../../format/metric.ts'
import { formatCount, formatFixed, formatInterval, plural } from '../../format/number.ts'
import { overText } from '../../format/over.ts'
import { formatDay, formatMinute, formatPeriod } from '../../format/time.ts'
import { Card, type Column, DataTable, EmptyState, Segments, VersionLink } from '../../ui/index.ts'
import { partColor, partName } from './parts.ts'

type Shown = 'auc' | 'log_loss' | 'brier' | 'calibration_error'

const choices = (['auc', 'log_loss', 'brier', 'calibration_error'] as const).map((id) => ({ id, name: metricName(id) }))

/** How good the answers were, by what came true. */
export function PerformanceTab({ report }: { readonly report: DeploymentReport }) {
  const [metric, setMetric] = useState<Shown>('auc')
  const { performance, report: stamp } = report
  if (performance === null || stamp === null || performance.versions.length === 0) {
    return (
      <Card>
        <EmptyState title="Nothing is measured yet.">
          Performance is known when outcomes have matured and monitors ran: <code>noonmark monitors run</code>.
        </EmptyState>
      </Card>
    )
  }
  const { versions, days, summary } = performance
  const labelled = versions.reduce((sum, one) => Math.max(sum, one.labelled), 0)
  const period = stamp.from === null || stamp.to === null ? '' : formatPeriod(stamp.from, stamp.to)
  return (
    <div className="space-y-4">
      <Card
        title={`${metricName(metric)} by day`}
        over={metric === 'auc' ? '95 % intervals; higher is better' : 'lower is better'}
        actions={<Segments label="Metric" choices={choices} value={metric} onChange={setMetric} />}
      >
        <DayChart
          days={days}
          versions={versions}
          metric={metric}
          promised={summary?.validation?.metric === metric ? summary.validation.value : null}
          over={`UTC days of the moment · ${period} · outcomes known before ${formatMinute(stamp.cut)}`}
        />
      </Card>
      <div className="grid gap-4 xl:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
        <Card title="Against what was promised" over="AUC, 95 % intervals">
          <IntervalPlot label="AUC live, on validation rows and of the baseline rule" rows={promises(report)} />
        </Card>
        <Card title="By version" over={`${period} · up to ${plural(labelled, 'labelled row')}`} flush>
          <DataTable
            caption="Performance by version"
            columns={columns}
            rows={versions}
            rowKey={(one) => JSON.stringify(one)}
          />
        </Card>
      </div>
    </div>
  )
}

function promises({ performance, versions }: DeploymentReport): IntervalRow[] {
  const rows: IntervalRow[] = []
  const add = (name: string, color: IntervalRow['color'], metrics: Metrics, over: string, hollow: boolean) =>
    rows.push({ name, color, value: metrics.auc, low: metrics.auc_low, high: metrics.auc_high, over, hollow })
  for (const { part, version, metrics, labelled } of shownOf(performance?.versions ?? [])) {
    const words = `${plural(labelled, 'matured moment')}${version === null ? '' : ` · ${version}`}`
    if (metrics !== null) add(`${partName(part)}, live`, partColor(part), metrics, words, false)
    const pinned = versions.find((one) => one.version === version && one.part === part)
    if (pinned?.validation != null)
      add(
        `${partName(part)}, validation`,
        partColor(part),
        pinned.validation,
        `${plural(pinned.validation.rows, 'row')} · ${pinned.version}`,
        true,
      )
  }
  const baseline = performance?.summary?.baseline
  if (baseline != null)
    rows.push({ ...baseline, name: 'Baseline, validation', color: 3, over: overText(baseline.over), hollow: true })
  return rows
}

/** Those with enough rows to say something beside the others: a hundredth of the most at least. */
function shownOf(versions: readonly LivePerformance[]): readonly LivePerformance[] {
  const most = Math.max(0, ...versions.map(({ labelled }) => labelled))
  return versions.filter(({ labelled, metrics }) => metrics !== null && labelled >= most / 100)
}

function DayChart(props: {
  readonly days: NonNullable<DeploymentReport['performance']>['days']
  readonly versions: readonly LivePerformance[]
  readonly metric: Shown
  readonly promised: number | null
  readonly over: string
}) {
  const { days, versions, metric, promised, over } = props
  const dates = [...new Set(days.map(({ day }) => day))].sort()
  const keys = [...new Set(shownOf(versions).map(({ version, part }) => JSON.stringify([part, version])))]
  const series = keys.map((key): LineSeries => {
    const [part, version] = JSON.parse(key) as [string, string | null] // written one line above
    const at = (day: string) =>
      days.find((one) => one.day === day && one.part === part && one.version === version && one.metrics !== null)
        ?.metrics
    const values = dates.map((day) => at(day)?.[metric] ?? null)
    const interval =
      metric === 'auc'
        ? { low: dates.map((day) => at(day)?.auc_low ?? null), high: dates.map((day) => at(day)?.auc_high ?? null) }
        : {}
    return { name: version ?? partName(part), color: partColor(part), values, ...interval }
  })
  if (promised !== null)
    series.push({ name: 'Champion on validation rows', color: 3, values: dates.map(() => promised), dashed: true })
  return (
    <LineChart
      label={`${metricName(metric)} by day`}
      x={dates.map((day) => Date.parse(`${day}T00:00:00Z`))}
      xName="Day (UTC)"
      formatX={formatDay}
      format={(value) => formatFixed(value)}
      height={260}
      series={series}
      over={over}
    />
  )
}

const columns: readonly Column<LivePerformance>[] = [
  {
    id: 'part',
    header: 'Part',
    value: ({ part }) => part,
    cell: ({ part, version, metrics, matured }) => (
      <>
        {partName(part)}
        {metrics === null && matured > 0 ? <span className="text-muted">, no answer</span> : null}
        <div className="text-xs">{version === null ? null : <VersionLink version={version} />}</div>
      </>
    ),
  },
  {
    id: 'rows',
    header: 'Answers',
    align: 'right',
    value: ({ rows }) => rows,
    cell: ({ rows, matured }) => (
      <>
        {formatCount(rows)}
        <div className="text-xs text-faint">{formatCount(matured)} matured</div>
      </>
    ),
  },
  {
    id: 'auc',
    header: 'AUC',
    align: 'right',
    value: ({ metrics }) => metrics?.auc ?? null,
    cell: ({ metrics, labelled }) => (
      <>
        <span className="whitespace-nowrap">
          {metrics === null ? '–' : formatInterval(metrics.auc, metrics.auc_low, metrics.auc_high)}
        </span>
        <div className="text-xs text-faint">{plural(labelled, 'labelled row')}</div>
      </>
    ),
  },
  {
    id: 'log_loss',
    header: 'Log loss',
    align: 'right',
    from: 'sm',
    value: ({ metrics }) => metrics?.log_loss ?? null,
    cell: ({ metrics }) => formatFixed(metrics?.log_loss),
  },
  {
    id: 'brier',
    header: 'Brier',
    align: 'right',
    from: 'md',
    value: ({ metrics }) => metrics?.brier ?? null,
    cell: ({ metrics }) => formatFixed(metrics?.brier),
  },
  {
    id: 'calibration',
    header: 'Mean said, came true',
    align: 'right',
    from: 'lg',
    cell: ({ metrics }) => `${formatFixed(metrics?.mean_probability)}, ${formatFixed(metrics?.positive_rate)}`,
  },
]
