import { noonmarkError } from '../../errors.ts'
import type { Curves, ModelReport, TrainingSetReport, VersionDetail, VersionRow } from '../../http/reports.ts'
import { shareInterval } from '../../monitor/index.ts'
import { expressionText } from '../../plan/index.ts'
import {
  type RunJson,
  type TrainingSetJson,
  type VersionJson,
  versionJson,
  versionLineageOf,
  versionName,
} from '../../registry/index.ts'
import { metricsOf } from './figures.ts'
import type { ReportSources } from './report-sources.ts'
import { pinState, standingOf } from './standing.ts'

/** Runs that are listed with a model. */
const latestRuns = 20

/**
 * A model with its versions; one of them with everything that decided it.
 * @throws not_found for an unknown model; version_unknown
 */
export async function modelReport(sources: ReportSources, name: string, number: number | null): Promise<ModelReport> {
  const state = sources.state()
  const { manifest } = state
  const spec = Object.hasOwn(manifest.models, name) ? manifest.models[name] : undefined
  if (spec === undefined)
    throw noonmarkError('not_found', {
      message: `There is no model '${name}'.`,
      hint: `Defined are ${Object.keys(manifest.models).join(', ') || 'none'}.`,
      path: 'name',
    })
  const runs = await sources.records.runs({ model: name, limit: latestRuns })
  const versions = await versionsOf(sources, name, runs)
  const selected = number === null ? versions[0] : versions.find((version) => version.number === number)
  if (number !== null && selected === undefined)
    throw noonmarkError('version_unknown', {
      message: `There is no version ${name}:${number}.`,
      hint: `The versions are ${versions.map(({ version }) => version).join(', ') || 'none yet'}.`,
      path: 'version',
    })
  const deployments = Object.values(manifest.deployments).filter(({ model }) => model === name)
  return {
    name,
    description: spec.description ?? null,
    owner: spec.owner ?? null,
    tier: spec.tier,
    moment: spec.moment,
    definition: await sources.definitions.text(manifest, 'model', name),
    trainer: spec.trainer.kind,
    label: { source: spec.label.source, means: expressionText(spec.label.value), within_ms: spec.label.withinMs },
    has_baseline: spec.baseline !== null,
    declared_checks: spec.checks.map(({ check }) => check),
    versions: versions.map((version) => versionRow(sources, version)),
    selected: selected === undefined ? null : versionDetail(sources, selected),
    runs: runs.map((run) => ({
      id: run.id,
      status: run.status,
      started_at: run.started_at,
      finished_at: run.finished_at,
      version: run.version,
      auc: run.metrics === null ? null : metricsOf(run.metrics.validation).auc,
    })),
    deployments: deployments.map((deployment) => {
      const { state: standing, champion, shadows } = standingOf(state, deployment)
      return { name: deployment.name, state: standing, champion, shadows: [...shadows] }
    }),
  }
}

/** The versions of a model, the newest first; what answers now may not have heard of one that a run has just made. */
async function versionsOf(sources: ReportSources, name: string, runs: readonly RunJson[]): Promise<VersionJson[]> {
  const known = sources.state().versions.filter(({ model }) => model === name)
  const names = new Set(known.map(versionName))
  if (runs.every(({ version }) => version === null || names.has(version))) return known.map(versionJson)
  return [...(await sources.records.versions(name))]
}

/** Where a version stands in deployments. */
function deployedOf(sources: ReportSources, { version, model }: VersionJson): VersionRow['deployed'] {
  const state = sources.state()
  return Object.values(state.manifest.deployments)
    .filter((deployment) => deployment.model === model)
    .flatMap((deployment) => {
      const { champion, shadows } = standingOf(state, deployment)
      const part = champion === version ? 'champion' : shadows.includes(version) ? 'shadow' : null
      if (part === null) return []
      return [{ deployment: deployment.name, part, state: pinState(state, deployment.name, version).state } as const]
    })
}

function versionRow(sources: ReportSources, version: VersionJson): VersionRow {
  const { metrics, checks, training_set: set } = version
  const passed = checks.filter((check) => check.passed).length
  return {
    version: version.version,
    number: version.number,
    created_at: version.created_at,
    passed: version.passed,
    checks: { passed, failed: checks.length - passed },
    run: version.run,
    trainer: version.spec.trainer.kind,
    validation: metricsOf(metrics.validation),
    baseline: metrics.baseline === null ? null : metricsOf(metrics.baseline),
    training_rows: set.rows.training,
    deployed: deployedOf(sources, version),
  }
}

function versionDetail(sources: ReportSources, version: VersionJson): VersionDetail {
  const { metrics, importance, spec } = version
  const lineage = versionLineageOf(version)
  const viewOf = new Map(spec.inputs.map((input) => [input.column, input.input === 'feature' ? input.view : null]))
  const fromOf = new Map(lineage.inputs.map(({ column, from }) => [column, from]))
  const gain = importance.reduce((sum, one) => sum + Math.max(0, one.gain), 0)
  return {
    ...versionRow(sources, version),
    digest: version.digest,
    seed: version.seed,
    parameters: version.parameters,
    git: version.git,
    environment: version.environment,
    manifest: version.manifest,
    checks: [...version.checks],
    curves: curvesOf(metrics.validation, metrics.roc, metrics.scores ?? []),
    baseline_curves:
      metrics.baseline === null || metrics.baseline_roc === undefined
        ? null
        : curvesOf(metrics.baseline, metrics.baseline_roc, metrics.baseline_scores ?? []),
    slices: Object.entries(metrics.slices).map(([column, slices]) => ({
      column,
      slices: slices.map((slice) => ({
        ...metricsOf(slice),
        value: typeof slice.value === 'string' ? slice.value : null,
      })),
    })),
    importance: importance.map(({ name, gain: own }) => ({
      name,
      gain: own,
      share: gain > 0 ? Math.max(0, own) / gain : 0,
      from: fromOf.get(name) ?? null,
    })),
    inputs: lineage.inputs.map(({ column, type, from, digest }) => ({
      column,
      type,
      from,
      digest,
      feature_view: viewOf.get(column) ?? null,
    })),
    training_set: trainingSetReport(version.training_set),
  }
}

/** A training set on the wire of reports. */
export function trainingSetReport(set: TrainingSetJson): TrainingSetReport {
  return { ...set, tables: set.tables.map((table) => ({ ...table, files: [...table.files] })) }
}

/** What evaluation keeps of a curve; older versions have less. */
interface KeptCalibration {
  readonly low: number
  readonly high: number
  readonly rows: number
  readonly mean_probability: number
  readonly positive_rate: number
}

function curvesOf(
  metrics: Readonly<Record<string, unknown>>,
  roc: readonly unknown[],
  scores: Curves['scores'] | readonly unknown[],
): Curves {
  const calibration = (Array.isArray(metrics.calibration) ? metrics.calibration : []) as readonly KeptCalibration[] // as `evaluateBinary` keeps it
  return {
    rows: metricsOf(metrics).rows,
    roc: roc as Curves['roc'], // as `rocCurve` keeps it
    calibration: calibration.map((bin) => {
      const { low, high } = shareInterval(Math.round(bin.positive_rate * bin.rows), bin.rows)
      return { ...bin, positive_rate_low: low, positive_rate_high: high }
    }),
    scores: scores as Curves['scores'], // as `scoresByLabel` keeps them
  }
}
