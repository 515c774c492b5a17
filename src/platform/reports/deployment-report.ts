import type { DeploymentSpec } from '../../define/index.ts'
import { noonmarkError } from '../../errors.ts'
import type { DeploymentReport, LivePerformance, Pinned } from '../../http/reports.ts'
import { holdJson } from '../../http/work.ts'
import type { GroupPerformance, LatestReport, MomentReport } from '../../monitor/index.ts'
import type { TrafficWindow } from '../../serve/index.ts'
import { agreementsOf } from './agreements.ts'
import { metricsOf } from './figures.ts'
import { momentIn, parityCounts, performanceIn, stampOf } from './monitor-figures.ts'
import { performanceSummary, versionIn } from './overview-report.ts'
import type { ReportSources } from './report-sources.ts'
import { requestForm } from './request-form.ts'
import { servedColumns } from './served-columns.ts'
import { type DeploymentStanding, pinState, standingOf } from './standing.ts'

/** A deployment: what it answers now, how good that is, and what it is asked. @throws not_found */
export async function deploymentReport(
  sources: ReportSources,
  name: string,
  window: TrafficWindow,
): Promise<DeploymentReport> {
  const state = sources.state()
  const { manifest } = state
  const spec = Object.hasOwn(manifest.deployments, name) ? manifest.deployments[name] : undefined
  if (spec === undefined)
    throw noonmarkError('not_found', {
      message: `There is no deployment '${name}'.`,
      hint: `Defined are ${Object.keys(manifest.deployments).join(', ') || 'none'}.`,
      path: 'name',
    })
  const now = sources.clock.now()
  const model = manifest.models[spec.model]
  const standing = standingOf(state, spec)
  const latest = await sources.monitorReport()
  const moment = momentIn(latest, model?.moment ?? '')
  const performance = performanceIn(moment, name, spec.model)
  return {
    name,
    description: spec.description ?? null,
    owner: spec.owner ?? model?.owner ?? null,
    model: spec.model,
    moment: model?.moment ?? '',
    definition: await sources.definitions.text(manifest, 'deployment', name),
    state: standing.state,
    reason: standing.reason,
    hold: standing.hold === null ? null : holdJson(standing.hold),
    timeout_ms: spec.timeoutMs,
    fallbacks: spec.fallback.map((step) =>
      step.fallback === 'baseline' ? 'baseline' : `constant ${JSON.stringify(step.output)}`,
    ),
    log: spec.log,
    versions: pinnedVersions(sources, spec, standing),
    traffic: sources.traffic.over([name], window, now),
    scores: sources.traffic.scores(name, window, now),
    agreement: performance === null ? [] : agreementsOf(performance),
    report: stampOf(latest),
    performance: performance === null ? null : livePerformance(sources, latest, standing, name, performance),
    columns: moment === null ? [] : servedColumns(moment, name, model),
    parity: moment === null ? null : parityOf(moment, name),
    request: await requestForm(sources, manifest, spec),
  }
}

function pinnedVersions(sources: ReportSources, spec: DeploymentSpec, standing: DeploymentStanding): Pinned[] {
  const state = sources.state()
  const pins = [
    ...(standing.champion === null ? [] : [{ version: standing.champion, part: 'champion' as const }]),
    ...standing.shadows.map((version) => ({ version, part: 'shadow' as const })),
  ]
  return pins.map(({ version, part }) => {
    const found = versionIn(sources, version)
    return {
      version,
      part,
      ...pinState(state, spec.name, version),
      created_at: found?.created_at ?? null,
      validation: found === null ? null : metricsOf(found.metrics.validation),
      baseline: found === null || found.metrics.baseline === null ? null : metricsOf(found.metrics.baseline),
    }
  })
}

function livePerformance(
  sources: ReportSources,
  latest: LatestReport | null,
  { champion }: DeploymentStanding,
  deployment: string,
  { groups, days }: NonNullable<ReturnType<typeof performanceIn>>,
): NonNullable<DeploymentReport['performance']> {
  return {
    summary: performanceSummary(sources, latest, deployment, champion),
    versions: groups.map(liveRow),
    days: days.map((day) => ({ day: day.day, ...liveRow(day) })).toSorted((a, b) => (a.day < b.day ? -1 : 1)),
  }
}

function liveRow({ version, answered_by, arm, rows, matured, labelled, metrics }: GroupPerformance): LivePerformance {
  return {
    version,
    part: answered_by ?? arm,
    rows,
    matured,
    labelled,
    metrics: metrics === null ? null : metricsOf({ ...metrics }),
  }
}

function parityOf({ parity }: MomentReport, deployment: string): DeploymentReport['parity'] {
  return {
    counts: parityCounts(parity),
    predictions: parity.predictions,
    predictions_compared: parity.predictions_compared,
    reasons: parity.reasons,
    features: parity.features
      .map((feature) => ({
        ...parityCounts(feature),
        role: feature.role,
        feature: feature.feature,
        reasons: feature.reasons,
        examples: feature.examples
          .filter((example) => example.deployment === deployment)
          .map(({ prediction_id, version, entity, at, as_of, served, recomputed, difference }) => ({
            prediction_id,
            version,
            entity,
            at,
            as_of,
            served,
            recomputed,
            difference,
          })),
      }))
      .toSorted((a, b) => b.differing - a.differing),
  }
}
