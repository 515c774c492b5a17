import type { ColumnDrift, DeploymentDrift } from './drift-report.ts'
import type { FeatureHealth } from './feature-health.ts'
import type { MomentReport, MonitorReport } from './monitor-report.ts'
import type { ParityReport } from './parity.ts'
import type { FeatureParity, ParityExample } from './parity-tally.ts'
import { type NotComparable, notComparableReasons } from './parity-task.ts'
import type { DeploymentPerformance, PerformanceCounts, PerformanceReport } from './performance.ts'
import { formatCount, formatInterval, formatNumber, formatShare, type TextColumnSpec, textTable } from './text-table.ts'

/** A monitor report for people: plain text, tables aligned, the same figures as in the JSON. */
export function renderMonitorReport(report: MonitorReport): string {
  const head = `Monitors of ${report.project}, outcomes known before ${report.cut}`
  if (report.moments.length === 0) return `${head}\n\nNo predictions are logged.\n`
  return `${[head, ...report.moments.flatMap((moment) => ['', ...renderMoment(moment)])].join('\n')}\n`
}

function renderMoment(moment: MomentReport): string[] {
  const { records, predictions, repeats } = moment
  return [
    `Moment ${moment.moment}: ${formatCount(predictions)} predictions from ${moment.from ?? '-'} to ${moment.to ?? '-'}`,
    `${formatCount(records)} records were logged; ${formatCount(repeats)} of them repeat an answer and do not count.`,
    '',
    ...renderParity(moment.parity),
    '',
    ...renderPerformance(moment.performance),
    '',
    ...renderFeatureHealth(moment.features),
    ...moment.drift.flatMap((drift) => ['', ...renderDrift(drift)]),
  ]
}

const right = (title: string): TextColumnSpec => ({ title, align: 'right' })

/** Parity for people: compared, equal and differing as found, with examples. */
export function renderParity(parity: ParityReport): string[] {
  const { compared, equal, differing, not_comparable: apart } = parity
  const reasons = Object.entries(parity.reasons).map(
    // The report's own keys; a record's keys read as texts.
    ([reason, count]) => `  ${formatCount(count)} values: ${notComparableReasons[reason as NotComparable]}`,
  )
  return [
    `Parity: ${formatCount(compared)} served values compared, ${formatCount(equal)} equal (${formatShare(equal, compared)}), ` +
      `${formatCount(differing)} differing, ${formatCount(apart)} not comparable`,
    ...reasons,
    ...textTable(
      [
        { title: 'role' },
        { title: 'feature' },
        right('compared'),
        right('equal'),
        right('differing'),
        right('not comparable'),
      ],
      parity.features.map((feature) => [
        feature.role,
        feature.feature,
        formatCount(feature.compared),
        formatCount(feature.equal),
        formatCount(feature.differing),
        formatCount(feature.not_comparable),
      ]),
    ),
    ...parity.features.filter((feature) => feature.differing > 0).flatMap(renderDifferences),
  ]
}

function renderDifferences(feature: FeatureParity): string[] {
  const { differing, differing_statuses: statuses, examples } = feature
  return [
    '',
    `  ${feature.role} ${feature.feature}: ${formatCount(differing)} differ, ${formatCount(statuses)} of them in status`,
    ...textTable(
      ['prediction', 'entity', 'as of', 'served', 'recomputed', 'difference'].map((title) => ({ title })),
      examples.map((example) => [
        example.prediction_id,
        Object.values(example.entity).map(String).join(', '),
        example.as_of,
        renderAnswer(example.served),
        renderAnswer(example.recomputed),
        example.difference === null ? '-' : String(example.difference),
      ]),
    ),
  ]
}

function renderAnswer({ value, status }: ParityExample['served']): string {
  return status === 'present' ? String(value) : status
}

/** Performance for people: by version and arm, by day, and champion against shadow. */
export function renderPerformance(performance: PerformanceReport): string[] {
  const lines = performance.deployments.flatMap((deployment, index) => [
    ...(index > 0 ? [''] : []),
    ...renderDeployment(deployment),
  ])
  const without = performance.unmeasured.map(
    ({ deployment, model, rows, reason }) =>
      `Deployment ${deployment}: ${formatCount(rows)} predictions of ${model} cannot be judged (${reason})`,
  )
  return [...lines, ...without]
}

const judged: readonly TextColumnSpec[] = [
  right('rows'),
  right('matured'),
  right('labelled'),
  right('AUC'),
  right('log loss'),
  right('Brier'),
  right('calibration error'),
  right('mean probability'),
  right('positive rate'),
]

function judgedCells({ rows, matured, labelled, metrics }: PerformanceCounts): string[] {
  return [
    formatCount(rows),
    formatCount(matured),
    formatCount(labelled),
    ...(metrics === null
      ? Array.from({ length: 6 }, () => '-')
      : [
          formatInterval(metrics.auc, metrics.auc_low, metrics.auc_high),
          formatNumber(metrics.log_loss, 4),
          formatNumber(metrics.brier, 4),
          formatNumber(metrics.calibration_error, 4),
          formatNumber(metrics.mean_probability),
          formatNumber(metrics.positive_rate),
        ]),
  ]
}

function renderDeployment(performance: DeploymentPerformance): string[] {
  const { deployment, model, answers, groups, days, comparisons, agreements } = performance
  const who = (group: { readonly version: string | null; readonly answered_by: string | null }) => [
    group.version ?? '-',
    group.answered_by ?? 'nobody',
  ]
  const titles: TextColumnSpec[] = [{ title: 'version' }, { title: 'answered by' }]
  const shares = answers.answered_by.map(
    ({ answered_by: name, rows }) => `${name} ${formatCount(rows)} (${formatShare(rows, answers.rows)})`,
  )
  const { p50, p95, p99 } = answers.latency_ms
  return [
    `Deployment ${deployment}, model ${model}: ${formatCount(answers.rows)} answers, ` +
      `${formatCount(answers.open)} still open, ${formatCount(answers.absent)} without outcome`,
    `  answered by ${shares.join(', ') || 'nobody'}`,
    ...answers.reasons.map(({ reason, rows }) => `  ${formatCount(rows)} because of ${reason}`),
    `  time to answer: median ${formatNumber(p50, 2)} ms, 95 % within ${formatNumber(p95, 2)} ms, 99 % within ${formatNumber(p99, 2)} ms`,
    ...textTable(
      [...titles, ...judged],
      groups.map((group) => [...who(group), ...judgedCells(group)]),
    ),
    '',
    ...textTable(
      [{ title: 'day' }, ...titles, ...judged],
      [...days]
        .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))
        .map((group) => [group.day, ...who(group), ...judgedCells(group)]),
    ),
    ...comparisons.map(
      (pair) =>
        `  ${pair.shadow} (shadow) less ${pair.champion} (champion) on the same ${formatCount(pair.rows)} moments: AUC ` +
        `${formatInterval(pair.auc_difference, pair.auc_difference_low, pair.auc_difference_high, 4)}, ` +
        `log loss ${formatNumber(pair.shadow_log_loss, 4)} against ${formatNumber(pair.champion_log_loss, 4)}`,
    ),
    ...agreements.map((pair) => {
      const half = pair.thresholds.find(({ threshold }) => threshold === 0.5)
      return (
        `  ${pair.shadow} (shadow) beside ${pair.champion} (champion) on ${formatCount(pair.rows)} moments: correlation ` +
        `${formatNumber(pair.correlation)}, mean difference ${formatNumber(pair.mean_absolute_difference, 4)}, ` +
        `the same side of 0.5 in ${half === undefined ? '-' : formatShare(half.both + half.neither, pair.rows)}`
      )
    }),
  ]
}

/** Null and status rates for people; a star marks a null rate whose difference from training is beyond chance. */
export function renderFeatureHealth(features: readonly FeatureHealth[]): string[] {
  return [
    'Features as served',
    ...textTable(
      [
        { title: 'role' },
        { title: 'feature' },
        right('rows'),
        right('null'),
        { title: 'null by day' },
        right('null in training'),
        right('difference in points'),
        { title: 'statuses' },
      ],
      features.map((feature) => [
        feature.role,
        feature.feature,
        formatCount(feature.rows),
        formatShare(feature.nulls, feature.rows),
        nullRange(feature),
        feature.training === null ? '-' : formatShare(feature.training.nulls, feature.training.rows),
        trainingDifference(feature),
        Object.entries(feature.statuses)
          .map(([status, count]) => `${status} ${formatShare(count, feature.rows)}`)
          .join(', '),
      ]),
    ),
  ]
}

function nullRange({ days }: FeatureHealth): string {
  const sorted = [...days].sort((a, b) => a.null_rate - b.null_rate)
  const [least, most] = [sorted[0], sorted.at(-1)]
  if (least === undefined || most === undefined) return '-'
  const [low, high] = [least, most].map(({ nulls, rows }) => formatShare(nulls, rows))
  return low === high ? low! : `${low} to ${high}`
}

function trainingDifference({ training }: FeatureHealth): string {
  if (training === null || training.low === null || training.high === null || training.difference === null) return '-'
  const [difference, low, high] = [training.difference, training.low, training.high].map((share) => share * 100)
  const star = training.low > 0 || training.high < 0 ? ' *' : ''
  return `${formatInterval(difference!, low!, high!, 2)}${star}`
}

/** Drift for people: every column of a deployment, the farthest from training first; a star marks what is beyond chance. */
export function renderDrift({ deployment, version, rows, day_count: days, inputs, score }: DeploymentDrift): string[] {
  const columns = [...inputs].sort((a, b) => (b.psi ?? 0) - (a.psi ?? 0))
  const star = ({ psi, psi_by_chance: chance }: ColumnDrift) => (psi !== null && psi > (chance ?? 0) ? ' *' : '')
  return [
    `Drift of ${deployment}: ${formatCount(rows)} answers of ${formatCount(days)} days against what ${version} was trained on`,
    ...textTable(
      [
        { title: 'column' },
        right('PSI'),
        right('by chance'),
        right('Jensen-Shannon'),
        right('training rows'),
        right('served rows'),
        right('mean in training'),
        right('mean served'),
      ],
      [...(score === null ? [] : [score]), ...columns].map((column) => [
        column.column,
        `${formatNumber(column.psi, 4)}${star(column)}`,
        formatNumber(column.psi_by_chance, 4),
        formatNumber(column.jensen_shannon, 4),
        formatCount(column.training.rows),
        formatCount(column.served.rows),
        formatNumber(column.training.mean),
        formatNumber(column.served.mean),
      ]),
    ),
  ]
}
