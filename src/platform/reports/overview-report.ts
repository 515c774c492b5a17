import type { Manifest } from '../../define/index.ts'
import type { Overview, PerformanceSummary, Traffic } from '../../http/reports.ts'
import type { LatestReport } from '../../monitor/index.ts'
import { modelUses } from '../../plan/index.ts'
import { type VersionJson, versionJson, versionName } from '../../registry/index.ts'
import type { TrafficWindow } from '../../serve/index.ts'
import { formatInstant } from '../../values/index.ts'
import { attentionOf } from './attention.ts'
import { headline, metricsOf, validationOver } from './figures.ts'
import { championGroup, labelledRange, momentIn, parityCounts, performanceIn, stampOf } from './monitor-figures.ts'
import type { ReportSources } from './report-sources.ts'
import { type DeploymentStanding, standingOf } from './standing.ts'

/** Deployments whose traffic is shown step by step: the busiest. */
const mostSeries = 20

/** What a person sees first. */
export async function overviewReport(sources: ReportSources, window: TrafficWindow): Promise<Overview> {
  const { clock, traffic } = sources
  const state = sources.state()
  const { manifest, applied } = state
  const now = clock.now()
  const latest = await sources.monitorReport()
  const standings = new Map(
    Object.values(manifest.deployments).map((spec) => [spec.name, standingOf(state, spec)] as const),
  )
  const traffics = trafficOf(sources, [...standings.keys()], window)
  const deployments = Object.values(manifest.deployments).map((spec): Overview['deployments'][number] => {
    const { state: name, reason, champion, shadows } = standings.get(spec.name)!
    const moment = manifest.models[spec.model]?.moment ?? ''
    const measured = momentIn(latest, moment)
    return {
      name: spec.name,
      description: spec.description ?? null,
      owner: spec.owner ?? manifest.models[spec.model]?.owner ?? null,
      model: spec.model,
      moment,
      state: name,
      reason,
      champion,
      shadows: [...shadows],
      traffic: traffics(spec.name),
      performance: performanceSummary(sources, latest, spec.name, champion),
      parity: measured === null ? null : parityCounts(measured.parity),
    }
  })
  const models = await Promise.all(Object.keys(manifest.models).map((name) => modelRow(sources, standings, name)))
  const featureViews = Object.values(manifest.featureViews).map((view) => {
    const frontier = sources.frontiers()[view.source]
    return {
      name: view.name,
      description: view.description ?? null,
      owner: view.owner ?? null,
      entity: view.entity,
      source: view.source,
      features: view.features.map(({ name }) => name),
      frontier: frontier === undefined ? null : formatInstant(frontier),
      lag_ms: frontier === undefined ? null : Math.max(0, now - frontier),
      models: modelsReading(manifest, view.name),
    }
  })
  const overview: Omit<Overview, 'attention'> = {
    project: sources.project,
    clock: { now: formatInstant(now), replay: clock.replay },
    applied:
      applied === null
        ? null
        : {
            revision: applied.revision,
            digest: applied.digest,
            at: formatInstant(applied.appliedAtMs),
            by: applied.by,
          },
    report: stampOf(latest),
    moments: Object.values(manifest.moments).map(({ name, description, owner }) => {
      const own = deployments.filter((one) => one.moment === name).map((one) => one.name)
      return {
        name,
        description: description ?? null,
        owner: owner ?? null,
        deployments: own,
        traffic: own.length === 1 ? traffics(own[0]!) : traffic.over(own, window, now),
      }
    }),
    deployments,
    models,
    feature_views: featureViews,
  }
  const recent = Object.fromEntries(
    deployments.map(({ name }) => [name, traffic.over([name], '24h', now, { series: false })]),
  )
  return {
    ...overview,
    attention: attentionOf({ overview, recent, latest, folder: await sources.folder(), roles: sources.roles() }),
  }
}

/** The traffic of each deployment; step by step of the busiest. */
function trafficOf(
  { traffic, clock }: ReportSources,
  names: readonly string[],
  window: TrafficWindow,
): (name: string) => Traffic {
  const now = clock.now()
  const all = new Map(names.map((name) => [name, traffic.over([name], window, now, { series: false })]))
  const busiest = [...all].toSorted(([, a], [, b]) => b.count - a.count).slice(0, mostSeries)
  for (const [name] of busiest) all.set(name, traffic.over([name], window, now))
  return (name) => all.get(name)!
}

/** The models that read features of a view, directly or by way of a derive. */
export function modelsReading(manifest: Manifest, view: string): string[] {
  return Object.values(manifest.models)
    .filter((model) => modelUses(model).features.some((feature) => feature.view === view))
    .map(({ name }) => name)
}

/** A registered version by its name. */
export function versionIn(sources: Pick<ReportSources, 'state'>, name: string | null): VersionJson | null {
  const found = sources.state().versions.find((version) => versionName(version) === name)
  return found === undefined ? null : versionJson(found)
}

/** The live performance of a champion beside its validation. */
export function performanceSummary(
  sources: Pick<ReportSources, 'state'>,
  latest: LatestReport | null,
  deployment: string,
  champion: string | null,
): PerformanceSummary | null {
  const { manifest } = sources.state()
  const spec = manifest.deployments[deployment]
  const moment = momentIn(latest, manifest.models[spec?.model ?? '']?.moment ?? '')
  const performance = performanceIn(moment, deployment, spec?.model ?? '')
  const group = performance === null ? null : championGroup(performance, champion)
  if (performance === null || group === null || group.metrics === null) return null
  const live = metricsOf({ ...group.metrics })
  const version = versionIn(sources, champion)
  const over = { rows: live.rows, ...labelledRange(performance, champion, 'champion'), version: champion }
  return {
    live: headline(live, over),
    validation: version === null ? null : headline(metricsOf(version.metrics.validation), validationOver(version)),
    baseline:
      version?.metrics.baseline == null ? null : headline(metricsOf(version.metrics.baseline), validationOver(version)),
  }
}

async function modelRow(
  sources: ReportSources,
  standings: ReadonlyMap<string, DeploymentStanding>,
  name: string,
): Promise<Overview['models'][number]> {
  const { manifest, versions } = sources.state()
  const spec = manifest.models[name]!
  const own = versions.filter(({ model }) => model === name)
  const [newest] = own
  const [run] = await sources.records.runs({ model: name, limit: 1 })
  return {
    name,
    description: spec.description ?? null,
    owner: spec.owner ?? null,
    tier: spec.tier,
    moment: spec.moment,
    versions: own.length,
    latest:
      newest === undefined
        ? null
        : {
            version: versionName(newest),
            created_at: formatInstant(newest.createdAtMs),
            passed: newest.passed,
            validation: metricsOf(newest.metrics.validation),
            baseline: newest.metrics.baseline === null ? null : metricsOf(newest.metrics.baseline),
          },
    last_run:
      run === undefined
        ? null
        : {
            id: run.id,
            status: run.status,
            started_at: run.started_at,
            finished_at: run.finished_at,
            version: run.version,
            progress: run.progress,
            error: run.error?.message ?? null,
          },
    deployments: [...standings.keys()].filter((deployment) => manifest.deployments[deployment]?.model === name),
  }
}
