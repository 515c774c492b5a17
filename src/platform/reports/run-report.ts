import type { LossCurve, RunComparison, RunReport } from '../../http/reports.ts'
import { hasEnded, type RunJson } from '../../registry/index.ts'
import { metricsOf } from './figures.ts'
import { trainingSetReport } from './model-report.ts'
import type { CurvePointRead, ReportSources } from './report-sources.ts'
import { compareRunFacts, sameRows } from './run-facts.ts'

/** Points of a curve that are shown at most. */
const mostPoints = 400

/** A run with everything that is known of it. @throws not_found */
export async function runReport(sources: ReportSources, id: string): Promise<RunReport> {
  return reportOf(sources, await sources.records.run(id))
}

/** Two runs beside each other. @throws not_found */
export async function runComparison(sources: ReportSources, first: string, second: string): Promise<RunComparison> {
  const [one, other] = [await sources.records.run(first), await sources.records.run(second)]
  return {
    first: await reportOf(sources, one),
    second: await reportOf(sources, other),
    facts: compareRunFacts(one, other),
    same_rows: sameRows(one, other),
  }
}

async function reportOf(sources: ReportSources, run: RunJson): Promise<RunReport> {
  const { metrics, training_set: set, started_at, finished_at } = run
  return {
    id: run.id,
    model: run.model,
    status: run.status,
    ended: hasEnded(run),
    started_at,
    finished_at,
    duration_ms:
      finished_at === null
        ? null
        : ((await sources.timeInLog(run.id)) ?? Date.parse(finished_at) - Date.parse(started_at)),
    progress: run.progress,
    version: run.version,
    trainer: run.trainer.kind,
    seed: run.seed,
    parameters: run.parameters,
    git: run.git,
    environment: run.environment,
    cut: run.cut,
    from: run.from,
    to: run.to,
    training_set: set === null ? null : trainingSetReport(set),
    validation: metrics === null ? null : metricsOf(metrics.validation),
    baseline: metrics === null || metrics.baseline === null ? null : metricsOf(metrics.baseline),
    curve: lossCurve(await sources.curve(run.id), iterationsOf(run)),
    checks: [...run.checks],
    error: run.error,
  }
}

/** How many iterations a run may take; null where nobody knows. */
function iterationsOf({ progress, parameters }: RunJson): number | null {
  if (progress?.step.startsWith('fit') && progress.total > 0) return progress.total
  const trees = parameters?.trees
  return typeof trees === 'number' ? trees : null
}

/** A curve thinned to what a page can show: the last point and the best are always among it. */
export function lossCurve(points: readonly CurvePointRead[], iterations: number | null): LossCurve | null {
  if (points.length === 0) return null
  let best: CurvePointRead | null = null
  for (const point of points)
    if (point.validation_loss !== null && point.validation_loss < (best?.validation_loss ?? Number.POSITIVE_INFINITY))
      best = point
  const every = Math.ceil(points.length / mostPoints)
  const shown = points.filter((point, place) => place % every === 0 || place === points.length - 1 || point === best)
  return {
    loss: 'log_loss',
    iterations,
    points: shown.map(({ iteration, training_loss, validation_loss }) => ({
      iteration,
      train: training_loss,
      validation: validation_loss,
    })),
    best_iteration: best?.iteration ?? null,
  }
}
