import { useMemo } from 'react'
import { CategoryBars, DistributionChart, LineChart } from '../../charts/index.ts'
import { formatFixed, formatShare, formatValue, plural } from '../../format/number.ts'
import { formatDay, formatPeriod } from '../../format/time.ts'
import { Badge, type Tone, Tooltip } from '../../ui/index.ts'
import type { DistributionReport } from './distribution-bins.ts'
import { categoriesOf, rangesOf } from './distribution-bins.ts'

const levels: Readonly<Record<'none' | 'some' | 'much', readonly [word: string, tone: Tone]>> = {
  none: ['no drift', 'good'],
  some: ['some drift', 'warn'],
  much: ['much drift', 'bad'],
}

/** A feature in the training set of a version and as it is served, over the same bins, with the distance between the two. */
export function TrainingAndNow(props: { readonly name: string; readonly distribution: DistributionReport }) {
  const { name, distribution } = props
  const { training, now, version, from, to, drift } = distribution
  const ranges = useMemo(() => rangesOf(distribution), [distribution])
  const categories = useMemo(() => categoriesOf(distribution), [distribution])
  const over = `Training: ${plural(training.rows, 'row')} of ${version}; served: ${plural(now.rows, 'row')}, ${formatPeriod(from, to)}`
  const label = `Distribution of ${name} in training and as served`
  return (
    <div className="space-y-4">
      {ranges === null ? (
        <CategoryBars label={label} series={categories} over={over} />
      ) : (
        <DistributionChart label={label} series={ranges} over={over} height={210} />
      )}
      <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-2">
        {drift.map(({ statistic, name: words, formula, value, by_chance: byChance, level }) => (
          <div key={statistic}>
            <dt className="text-xs text-muted">
              <Tooltip content={formula}>{words}</Tooltip>
            </dt>
            <dd className="flex flex-wrap items-baseline gap-x-2">
              <span className="figure font-semibold">{formatFixed(value, 4)}</span>
              {level === null ? null : <Badge tone={levels[level][1]}>{levels[level][0]}</Badge>}
              {byChance === null ? null : (
                <span className="text-xs text-faint">by chance below {formatFixed(byChance, 4)}</span>
              )}
            </dd>
          </div>
        ))}
        <div>
          <dt className="text-xs text-muted">Mean, training and now</dt>
          <dd className="figure">
            {formatValue(training.mean)} <span className="text-faint">and</span> {formatValue(now.mean)}
          </dd>
        </div>
        <div>
          <dt className="text-xs text-muted">Missing, training and now</dt>
          <dd className="figure">
            {missingText(training)} <span className="text-faint">and</span> {missingText(now)}
          </dd>
        </div>
      </dl>
      {distribution.days.length < 2 ? null : (
        <LineChart
          label={`Drift of ${name} by day`}
          x={distribution.days.map(({ day }) => Date.parse(`${day}T00:00:00Z`))}
          formatX={formatDay}
          format={(value) => formatFixed(value, 3)}
          series={[{ name: 'Population Stability Index', color: 1, values: distribution.days.map(({ psi }) => psi) }]}
          yMin={0}
          yMax={0.25}
          height={130}
          over="Population Stability Index of each day of moments against the whole training set"
        />
      )}
    </div>
  )
}

const missingText = ({ rows, missing }: DistributionReport['training']): string =>
  formatShare(rows === 0 ? null : missing / rows, 2)
