import type { OverviewDeployment, ReportStamp } from '../../../../src/http/reports.ts'
import { answererColor, IntervalPlot, type IntervalRow, ShareBar, TrafficBars } from '../../charts/index.ts'
import { metricName } from '../../format/metric.ts'
import { formatCount, formatMilliseconds, formatShare } from '../../format/number.ts'
import { overText, windowText } from '../../format/over.ts'
import { formatMinute, formatPeriod } from '../../format/time.ts'
import { Badge, Stat, TextLink, toneOf, VersionLink } from '../../ui/index.ts'

/** One deployment on the first page: who answers, how much, how fast, how well. */
export function DeploymentCard(props: {
  readonly deployment: OverviewDeployment
  readonly report: ReportStamp | null
}) {
  const { name, description, state, reason, champion, shadows, traffic, moment } = props.deployment
  return (
    <article aria-label={name} className="min-w-0 rounded-xl border border-line bg-surface p-4 shadow-card sm:p-5">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="font-semibold tracking-tight">
          <TextLink to="/deployments/$name" params={{ name }}>
            {name}
          </TextLink>
        </h3>
        <Badge tone={toneOf(state)}>{state.replace('_', ' ')}</Badge>
        <span className="text-sm text-muted">
          {champion === null ? 'fallbacks answer' : <VersionLink version={champion} />}
          {shadows.length === 0 ? null : (
            <>
              {' '}
              beside shadow{' '}
              {shadows.map((version) => (
                <VersionLink key={version} version={version} />
              ))}
            </>
          )}{' '}
          at <span className="text-ink">{moment}</span>
        </span>
      </header>
      {description === null ? null : <p className="mt-1 text-sm text-muted">{description}</p>}
      {reason === null ? null : <p className="mt-1 text-sm text-warn">{reason}</p>}
      <div className="mt-4 grid gap-x-8 gap-y-5 md:grid-cols-2">
        <div className="space-y-3">
          <div className="grid grid-cols-2 gap-4">
            <Stat label="Answers" value={formatCount(traffic.count)} over={windowText(traffic)} />
            <Stat
              label="Answer time, p95"
              value={formatMilliseconds(traffic.latency_ms.p95)}
              interval={`p50 ${formatMilliseconds(traffic.latency_ms.p50)}`}
              over={`p99 ${formatMilliseconds(traffic.latency_ms.p99)} · ${formatCount(traffic.count)} answers`}
            />
          </div>
          <TrafficPicture traffic={traffic} />
        </div>
        <Quality {...props} />
      </div>
    </article>
  )
}

function TrafficPicture({ traffic }: { readonly traffic: OverviewDeployment['traffic'] }) {
  if (traffic.count === 0) {
    return (
      <p className="text-sm text-muted">
        {traffic.last_at === null
          ? 'It was never asked.'
          : `Nobody asked in this window; the last answer was ${formatMinute(traffic.last_at)}.`}
      </p>
    )
  }
  return (
    <>
      <TrafficBars
        label={`Answers by ${traffic.step}: ${formatCount(traffic.count)} in ${windowText(traffic)}`}
        points={traffic.series}
      />
      <ShareBar
        label="Who answered"
        parts={traffic.answered_by.map(({ answered_by, count, share }) => ({
          name: answered_by,
          count,
          share,
          color: answererColor(answered_by),
        }))}
      />
    </>
  )
}

function Quality({ deployment: { champion, performance, parity }, report }: Parameters<typeof DeploymentCard>[0]) {
  const rows: IntervalRow[] = []
  if (performance !== null) {
    const { live, validation, baseline } = performance
    rows.push({ ...live, name: 'Live', color: 1, over: overText(live.over, ['matured moment', 'matured moments']) })
    if (validation !== null)
      rows.push({ ...validation, name: 'Validation', color: 1, hollow: true, over: overText(validation.over) })
    if (baseline !== null) rows.push({ ...baseline, name: 'Baseline rule', color: 3, over: overText(baseline.over) })
  }
  const served = report?.from == null || report.to === null ? '' : ` · ${formatPeriod(report.from, report.to)}`
  return (
    <div className="space-y-4">
      {performance === null ? (
        <p className="text-sm text-muted">
          {champion === null
            ? 'No version answers; how good its fallbacks are stands on its page.'
            : 'No outcome has matured yet, so nobody can say how good its answers are.'}
        </p>
      ) : (
        <div>
          <div className="text-xs font-medium text-muted">
            {metricName(performance.live.metric)}, 95 % intervals;{' '}
            {performance.live.better === 'higher' ? 'higher is better' : 'lower is better'}
          </div>
          <IntervalPlot label={`${metricName(performance.live.metric)} live and promised`} rows={rows} />
        </div>
      )}
      {parity === null ? (
        <p className="text-sm text-muted">Parity was not measured yet.</p>
      ) : (
        <p className="text-sm">
          <span className={`figure font-semibold ${parity.differing === 0 ? 'text-good' : 'text-bad'}`}>
            {formatShare(parity.compared === 0 ? null : parity.equal / parity.compared, 2)}
          </span>{' '}
          parity: {formatCount(parity.equal)} of {formatCount(parity.compared)} served values equal the offline ones
          <span className="text-faint">{served}</span>
        </p>
      )}
    </div>
  )
}
