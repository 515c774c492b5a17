import type { DeploymentReport } from '../../../../src/http/reports.ts'
import { metricName, metricRange, metricValue } from '../../format/metric.ts'
import { formatCount, formatFixed, formatMilliseconds, formatRange, formatShare, plural } from '../../format/number.ts'
import { overText, windowText } from '../../format/over.ts'
import { Card, Stat } from '../../ui/index.ts'
import { statisticName } from './parts.ts'

/** The figures that a person comes for, whichever part is open below. */
export function HeadFigures({ report }: { readonly report: DeploymentReport }) {
  const { traffic, performance, parity, columns } = report
  const live = performance?.summary?.live ?? null
  const promised = performance?.summary?.validation ?? null
  const own = traffic.answered_by.filter(({ answered_by }) => !answered_by.startsWith('fallback'))
  const ownCount = own.reduce((sum, { count }) => sum + count, 0)
  // The column that stands first drifts most.
  const drifting = columns[0]
  const drift = drifting?.distribution?.drift[0]
  const counts = parity?.counts
  return (
    <Card>
      <div className="grid grid-cols-2 gap-x-6 gap-y-5 md:grid-cols-3 2xl:grid-cols-6">
        <Stat label="Answers" value={formatCount(traffic.count)} over={windowText(traffic)} />
        <Stat
          label="From a version"
          value={formatShare(traffic.count === 0 ? null : ownCount / traffic.count)}
          over={`${formatCount(ownCount)} of ${plural(traffic.count, 'answer')}`}
        />
        <Stat
          label="Answer time, p95"
          value={formatMilliseconds(traffic.latency_ms.p95)}
          over={`p50 ${formatMilliseconds(traffic.latency_ms.p50)}, p99 ${formatMilliseconds(traffic.latency_ms.p99)}`}
        />
        {live === null ? (
          <Stat label="Performance" value="–" over="No outcome has matured" />
        ) : (
          <Stat
            label={`${metricName(live.metric)}, live`}
            value={metricValue(live)}
            interval={metricRange(live)}
            over={
              <>
                {overText(live.over, ['matured moment', 'matured moments'])}
                {promised === null ? null : (
                  <span className="block">
                    validation {formatFixed(promised.value)} {formatRange(promised.low, promised.high)}
                  </span>
                )}
              </>
            }
          />
        )}
        <Stat
          label="Parity"
          value={counts === undefined || counts.compared === 0 ? '–' : formatShare(counts.equal / counts.compared, 2)}
          over={
            counts === undefined
              ? 'Not measured yet'
              : `${formatCount(counts.differing)} of ${formatCount(counts.compared)} values differ`
          }
          {...(counts !== undefined && counts.differing > 0 ? { tone: 'bad' as const } : {})}
        />
        <Stat
          label="Greatest drift"
          value={drift === undefined ? '–' : formatFixed(drift.value)}
          over={
            drifting === undefined || drift === undefined
              ? 'Not measured yet'
              : `${statisticName(drift.statistic)} of ${drifting.column}, ${plural(drifting.over.rows ?? 0, 'row')}`
          }
          {...(drift?.level === 'much' ? { tone: 'warn' as const } : {})}
        />
      </div>
    </Card>
  )
}
