import { useState } from 'react'
import type { FeatureReport, FeatureUse, ReportStamp } from '../../../../src/http/reports.ts'
import { formatCount, formatShare, plural } from '../../format/number.ts'
import { formatPeriod } from '../../format/time.ts'
import { Badge, Card, EmptyState, TextLink, toneOf } from '../../ui/index.ts'
import { TrainingAndNow } from './training-and-now.tsx'

/** Where a feature is read: for a role of a moment, and, where it can be held against training, by a deployment. */
interface Place {
  readonly id: string
  readonly name: string
  readonly use: FeatureUse
  readonly distribution: FeatureUse['distributions'][number] | null
}

/** One feature as it was in training and is served: for a role, and a deployment that reads it. */
export function FeatureDetail(props: { readonly feature: FeatureReport; readonly report: ReportStamp | null }) {
  const { feature, report } = props
  const [place, setPlace] = useState('')
  const places = feature.uses.flatMap((use): Place[] =>
    use.distributions.length === 0
      ? [{ id: `${use.moment} ${use.role}`, name: `${use.moment}, ${use.role}`, use, distribution: null }]
      : use.distributions.map((distribution) => ({
          id: `${use.moment} ${use.role} ${distribution.deployment}`,
          name: `${distribution.deployment}, ${use.role}`,
          use,
          distribution,
        })),
  )
  const chosen = places.find(({ id }) => id === place) ?? places[0]
  return (
    <Card
      title={<span className="break-all">{feature.name}</span>}
      over={feature.means}
      actions={
        places.length < 2 ? undefined : (
          <label className="flex items-center gap-2 text-xs text-muted">
            In
            <select
              value={chosen?.id}
              onChange={(event) => setPlace(event.target.value)}
              className="max-w-56 rounded-lg border border-line-strong bg-surface px-2 py-1 text-sm text-ink"
            >
              {places.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )
      }
    >
      {chosen === undefined ? (
        <EmptyState compact title="Not served yet.">
          {report === null ? 'The monitors have not measured.' : 'No prediction of the measured period read it.'}
        </EmptyState>
      ) : (
        <div className="space-y-4">
          {chosen.distribution === null ? (
            <p className="text-sm text-muted">No training set is at hand to hold it against.</p>
          ) : (
            <TrainingAndNow name={feature.name} distribution={chosen.distribution} />
          )}
          <Served use={chosen.use} />
          <p className="text-sm text-muted">
            Read by{' '}
            {feature.used_by.map((name, index) => (
              <span key={name}>
                {index > 0 ? ', ' : ''}
                <TextLink to="/models/$name" params={{ name }}>
                  {name}
                </TextLink>
              </span>
            ))}
          </p>
        </div>
      )}
    </Card>
  )
}

function Served({ use }: { readonly use: FeatureUse }) {
  const { over, statuses, parity, role, moment } = use
  const period = over.from === null || over.to === null ? '' : `, ${formatPeriod(over.from, over.to)}`
  return (
    <div className="border-t border-line pt-3 text-sm">
      <h3 className="mb-1 text-xs font-medium text-muted">
        Served for {role} of {moment}: {plural(over.rows ?? 0, 'value')}
        {period}
      </h3>
      <p className="flex flex-wrap gap-x-4 gap-y-1">
        {statuses.map(({ status, rows, share }) => (
          <span key={status}>
            <Badge tone={toneOf(status)}>{status.replace('_', ' ')}</Badge>{' '}
            <span className="figure">
              {formatShare(share, 2)} <span className="text-faint">({formatCount(rows)})</span>
            </span>
          </span>
        ))}
        {parity === null ? null : (
          <span>
            <Badge tone={parity.differing === 0 ? 'good' : 'bad'}>parity</Badge>{' '}
            <span className="figure">
              {formatCount(parity.equal)} of {formatCount(parity.compared)} equal offline
            </span>
          </span>
        )}
      </p>
    </div>
  )
}
