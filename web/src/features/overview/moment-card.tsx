import type { Overview } from '../../../../src/http/reports.ts'
import { TrafficBars } from '../../charts/index.ts'
import { formatCount, formatMilliseconds } from '../../format/number.ts'
import { windowText } from '../../format/over.ts'
import { TextLink } from '../../ui/index.ts'

/** One moment of the business flow: how often it came, and which deployments answer it. */
export function MomentRow({ moment }: { readonly moment: Overview['moments'][number] }) {
  const { name, description, owner, deployments, traffic } = moment
  const { latency_ms: latency } = traffic
  return (
    <li className="grid items-center gap-x-8 gap-y-2 py-3 md:grid-cols-[minmax(0,1.1fr)_minmax(0,1.4fr)_auto]">
      <div className="min-w-0">
        <h3 className="font-semibold tracking-tight">{name}</h3>
        <p className="text-sm text-muted">{[description, owner].filter((text) => text !== null).join(' · ')}</p>
        <p className="text-xs text-faint">
          answered by{' '}
          {deployments.length === 0
            ? 'no deployment'
            : deployments.map((one, index) => (
                <span key={one}>
                  {index === 0 ? '' : ', '}
                  <TextLink to="/deployments/$name" params={{ name: one }}>
                    {one}
                  </TextLink>
                </span>
              ))}
        </p>
      </div>
      <TrafficBars
        label={`Rows answered by ${traffic.step}: ${formatCount(traffic.count)} in ${windowText(traffic)}`}
        points={traffic.series}
      />
      <div className="md:min-w-48 md:text-right">
        <span className="figure text-xl font-semibold">{formatCount(traffic.count)}</span>{' '}
        <span className="text-sm text-muted">answers</span>
        <div className="text-xs text-faint">{windowText(traffic)}</div>
        <div className="figure text-xs text-muted">
          p50 {formatMilliseconds(latency.p50)} · p95 {formatMilliseconds(latency.p95)} · p99{' '}
          {formatMilliseconds(latency.p99)}
        </div>
      </div>
    </li>
  )
}
