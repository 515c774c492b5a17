import type { FeatureViewSpec, Manifest } from '../../define/index.ts'
import { noonmarkError } from '../../errors.ts'
import type { FeatureReport, FeatureUse, FeatureViewReport } from '../../http/reports.ts'
import type { FeatureHealth, LatestReport, MomentReport } from '../../monitor/index.ts'
import { aggregateText, modelUses } from '../../plan/index.ts'
import { formatDuration, formatInstant } from '../../values/index.ts'
import { sourceTableRecord } from '../tables.ts'
import { entityExamples } from './entity-examples.ts'
import { fillingOf } from './filling-state.ts'
import { meaningHistory } from './meaning-history.ts'
import { distributionOf, parityCounts, stampOf, statusShares } from './monitor-figures.ts'
import type { ReportSources } from './report-sources.ts'
import { standingOf } from './standing.ts'

/** A feature view: how it is written, who uses it, and what its values are. @throws not_found */
export async function featureViewReport(sources: ReportSources, name: string): Promise<FeatureViewReport> {
  const { manifest } = sources.state()
  const view = Object.hasOwn(manifest.featureViews, name) ? manifest.featureViews[name] : undefined
  if (view === undefined)
    throw noonmarkError('not_found', {
      message: `There is no feature view '${name}'.`,
      hint: `Defined are ${Object.keys(manifest.featureViews).join(', ') || 'none'}.`,
      path: 'name',
    })
  const latest = await sources.monitorReport()
  const now = sources.clock.now()
  const frontier = sources.frontiers()[view.source]
  const filling = await fillingOf(sources, manifest, view)
  const entity = manifest.entities[view.entity]
  return {
    name,
    description: view.description ?? null,
    owner: view.owner ?? null,
    definition: await sources.definitions.text(manifest, 'feature-view', name),
    entity: {
      name: view.entity,
      description: entity?.description ?? null,
      key: view.key.map(({ entity: column, source, type }) => ({ column, type, source_column: source })),
    },
    source: await sourceOf(sources, manifest, view.source),
    freshness: {
      now: formatInstant(now),
      frontier: frontier === undefined ? null : formatInstant(frontier),
      lag_ms: frontier === undefined ? null : Math.max(0, now - frontier),
    },
    report: stampOf(latest),
    features: view.features.map(
      (feature): FeatureReport => ({
        name: feature.name,
        type: feature.type,
        description: feature.description ?? null,
        means: aggregateText(feature.aggregate),
        digest: feature.digest,
        filling: filling(feature.name),
        used_by: Object.values(manifest.models)
          .filter((model) => modelUses(model).features.some((use) => use.view === name && use.feature === feature.name))
          .map((model) => model.name),
        uses: usesOf(latest, `${name}:${feature.name}`),
      }),
    ),
    versions: await meaningHistory(sources, name),
    used_by: usedBy(sources, manifest, name),
    examples: await entityExamples(sources, manifest, view),
  }
}

async function sourceOf(
  sources: ReportSources,
  manifest: Manifest,
  name: string,
): Promise<FeatureViewReport['source']> {
  const { metadata, project } = sources
  const spec = manifest.sources[name]!
  const table = await metadata.get(sourceTableRecord, { project, id: name })
  const { history, logFiles = [] } = table?.body ?? {}
  const files = [...(history?.files ?? []), ...logFiles]
  return {
    name,
    description: spec.description ?? null,
    history: spec.history,
    event_time: spec.eventTime,
    available: availableText(spec.available),
    table:
      history == null
        ? null
        : {
            digest: history.digest,
            rows: files.reduce((sum, file) => sum + file.rows, 0),
            files: files.length,
            listed_at: formatInstant(table!.updatedAtMs), // there is one: its history was read from it
          },
  }
}

function availableText(available: Manifest['sources'][string]['available']): string {
  switch (available.from) {
    case 'event':
      return 'when it happened'
    case 'column':
      return `at ${available.column}`
    case 'lag':
      return `${formatDuration(available.lagMs)} after it happened`
  }
}

/** What the monitors say of a feature, one entry for each moment and role that it is served to. */
function usesOf(latest: LatestReport | null, feature: string): FeatureUse[] {
  return (latest?.report.moments ?? []).flatMap((moment) =>
    moment.features.filter((one) => one.feature === feature).map((one) => useOf(moment, one)),
  )
}

function useOf(moment: MomentReport, health: FeatureHealth): FeatureUse {
  const { role, feature, rows, nulls, days } = health
  const parity = moment.parity.features.find((one) => one.role === role && one.feature === feature)
  return {
    moment: moment.moment,
    role,
    over: { rows, from: moment.from, to: moment.to, version: null },
    nulls,
    statuses: statusShares(health),
    days: days.map((day) => ({ day: day.day, rows: day.rows, nulls: day.nulls, statuses: statusShares(day) })),
    distributions: moment.drift.flatMap((drift) =>
      drift.inputs
        .filter(({ from }) => from.kind === 'feature' && from.role === role && from.feature === feature)
        .map((column) => distributionOf(drift, column)),
    ),
    parity: parity === undefined ? null : parityCounts(parity),
  }
}

/** Who reads a view, down to deployments. */
function usedBy(
  sources: ReportSources,
  manifest: Manifest,
  view: FeatureViewSpec['name'],
): FeatureViewReport['used_by'] {
  const state = sources.state()
  const models = Object.values(manifest.models).flatMap((model) => {
    const reads = model.inputs.flatMap((input): { role: string; view: string; feature: string }[] => {
      if (input.input === 'feature') return [input]
      if (input.input === 'reference') return []
      return Object.values(input.inputs).filter((part) => part.reference === 'feature')
    })
    const own = reads.filter((read) => read.view === view)
    if (own.length === 0) return []
    return [
      {
        name: model.name,
        owner: model.owner ?? null,
        roles: [...new Set(own.map(({ role }) => role))],
        features: [...new Set(own.map(({ feature }) => feature))],
      },
    ]
  })
  const deployments = Object.values(manifest.deployments)
    .filter(({ model }) => models.some(({ name }) => name === model))
    .map((deployment) => {
      const { champion, shadows } = standingOf(state, deployment)
      return { name: deployment.name, model: deployment.model, champion, shadows: [...shadows] }
    })
  const versions = deployments.flatMap(({ champion, shadows }) => [
    ...(champion === null ? [] : [champion]),
    ...shadows,
  ])
  return { models, versions: [...new Set(versions)], deployments }
}
