import type {
  Attention,
  Distribution,
  DriftStatistic,
  ParityFigures,
  ReportStamp,
  StatusShare,
} from '../../http/reports.ts'
import type {
  ColumnDrift,
  DeploymentDrift,
  DeploymentPerformance,
  DriftStatistics,
  GroupPerformance,
  HealthCounts,
  LatestReport,
  MomentReport,
} from '../../monitor/index.ts'

/** When a report was made, and over what. */
export function stampOf(latest: LatestReport | null): ReportStamp | null {
  if (latest === null) return null
  const { measured_at, cut, covers } = latest
  const froms = covers.moments.flatMap(({ from }) => from ?? [])
  const tos = covers.moments.flatMap(({ to }) => to ?? [])
  return {
    made_at: measured_at,
    cut,
    from: froms.toSorted()[0] ?? null,
    to: tos.toSorted().at(-1) ?? null,
    predictions: covers.predictions,
  }
}

/** The part of a report that speaks of a moment. */
export const momentIn = (latest: LatestReport | null, moment: string): MomentReport | null =>
  latest?.report.moments.find((one) => one.moment === moment) ?? null

/** The performance of a deployment; of the model that it has now. */
export function performanceIn(
  moment: MomentReport | null,
  deployment: string,
  model: string,
): DeploymentPerformance | null {
  return moment?.performance.deployments.find((one) => one.deployment === deployment && one.model === model) ?? null
}

/** What a version said as champion. */
export const championGroup = (performance: DeploymentPerformance, version: string | null): GroupPerformance | null =>
  performance.groups.find((group) => group.answered_by === 'champion' && group.version === version) ?? null

/** The first and the last moment of a version as champion whose outcome is known, to the day. */
export function labelledRange(
  performance: DeploymentPerformance,
  version: string | null,
  part: string | null,
): { readonly from: string | null; readonly to: string | null } {
  const days = performance.days
    .filter((day) => day.answered_by === part && day.version === version && day.labelled > 0)
    .map(({ day }) => day)
    .toSorted()
  const last = days.at(-1)
  return {
    from: days[0] === undefined ? null : `${days[0]}T00:00:00.000Z`,
    to: last === undefined ? null : new Date(Date.parse(last) + 86_400_000).toISOString(),
  }
}

/** Counts of parity without their particulars. */
export function parityCounts({ compared, equal, differing, not_comparable }: ParityFigures): ParityFigures {
  return { compared, equal, differing, not_comparable }
}

/** Statuses with their shares, the most frequent first. */
export function statusShares({ rows, statuses }: Pick<HealthCounts, 'rows' | 'statuses'>): StatusShare[] {
  return Object.entries(statuses)
    .map(([status, count]) => ({ status, rows: count, share: rows > 0 ? count / rows : 0 }))
    .toSorted((a, b) => b.rows - a.rows)
}

/** The drift of one deployment; null before it was measured. */
export const driftIn = (moment: MomentReport | null, deployment: string): DeploymentDrift | null =>
  moment?.drift.find((one) => one.deployment === deployment) ?? null

/** A column in training and as served. */
export function distributionOf({ deployment, version, from, to }: DeploymentDrift, column: ColumnDrift): Distribution {
  const share = (count: number, rows: number) => (rows > 0 ? count / rows : 0)
  const { training, served } = column
  return {
    deployment,
    version,
    from,
    to,
    training: { rows: training.rows, missing: training.missing, mean: training.mean },
    now: { rows: served.rows, missing: served.missing, mean: served.mean },
    bins: column.bins.map((bin) => ({
      bin: bin.bin,
      above: bin.bin === 'range' ? bin.above : null,
      up_to: bin.bin === 'range' ? bin.up_to : null,
      category: bin.bin === 'category' ? bin.category : null,
      training: bin.training,
      now: bin.served,
      training_share: share(bin.training, training.rows),
      now_share: share(bin.served, served.rows),
    })),
    drift: driftStatistics(column),
    days: column.days.map(({ day, rows, missing, psi, jensen_shannon }) => ({
      day,
      rows,
      missing,
      psi,
      jensen_shannon,
    })),
  }
}

/** From which PSI on a change is called some, and much: the usual reading in credit scoring, Siddiqi, "Credit risk scorecards" (2006). */
const [somePsi, muchPsi] = [0.1, 0.25]

function driftStatistics({ psi, psi_by_chance, jensen_shannon }: DriftStatistics): DriftStatistic[] {
  return [
    {
      statistic: 'psi',
      name: 'Population Stability Index',
      formula: 'sum over bins of (now - training) x ln(now / training), of shares',
      value: psi,
      by_chance: psi_by_chance,
      level: psiLevel(psi, psi_by_chance),
    },
    {
      statistic: 'jensen_shannon',
      name: 'Jensen-Shannon distance',
      formula: 'square root of H((training + now) / 2) - (H(training) + H(now)) / 2, entropies in bits',
      value: jensen_shannon,
      by_chance: null,
      level: null,
    },
  ]
}

/** How much a column drifted: none where chance explains it. */
export function psiLevel(psi: number | null, byChance: number | null): DriftStatistic['level'] {
  if (psi === null) return null
  if (psi < somePsi || (byChance !== null && psi <= byChance)) return 'none'
  return psi < muchPsi ? 'some' : 'much'
}

/** The gravest first. */
export function byGravity(attention: readonly Attention[]): Attention[] {
  const rank = { critical: 0, warning: 1, notice: 2 } as const
  return attention.toSorted((a, b) => rank[a.severity] - rank[b.severity])
}
