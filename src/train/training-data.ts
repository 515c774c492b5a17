import type { CheckSpec, ModelSpec } from '../define/index.ts'
import type { TableVersion } from '../offline/index.ts'
import { buildTrainingSet, type TrainingSet } from '../offline/index.ts'
import type { Run, TrainingSetSummary } from '../registry/index.ts'
import { type Table, takeRows } from '../values/index.ts'
import type { LeakageEvidence } from './checks.ts'
import { deriveColumns } from './derive-columns.ts'
import { labelsOf } from './evaluation.ts'
import { entityOverlap, type FutureColumn, futureColumns, inputsOn, recomputeSample } from './leakage.ts'
import { matrixFromTable } from './matrix-from-table.ts'
import { featuresNearLabel } from './metrics/single-feature.ts'
import { splitByTime } from './split.ts'
import type { TrainingListener, TrainingPorts } from './training-ports.ts'

/** A training set made ready for a trainer: split by time. */
export interface TrainingData {
  readonly set: TrainingSet
  readonly training: Table
  readonly validation: Table
  /** Places of the training rows in the set. */
  readonly trainingRows: Uint32Array
  readonly summary: TrainingSetSummary
}

/** The sources whose tables a model is trained from. */
export function sourcesOf(manifest: TrainingPorts['manifest'], model: ModelSpec): string[] {
  const views = model.inputs.flatMap((input) => {
    if (input.input === 'feature') return [input.view]
    if (input.input === 'derive')
      return Object.values(input.inputs).flatMap((reference) =>
        reference.reference === 'feature' ? [reference.view] : [],
      )
    return []
  })
  const names = [
    manifest.moments[model.moment]!.source,
    model.label.source,
    ...views.map((view) => manifest.featureViews[view]!.source),
  ]
  return [...new Set(names)]
}

/** Builds the training set of a run and splits it. */
export async function buildForTraining(
  ports: TrainingPorts,
  model: ModelSpec,
  versions: Readonly<Record<string, TableVersion>>,
  run: Pick<Run, 'fromMs' | 'toMs' | 'cutMs'>,
  onProgress?: TrainingListener['onProgress'],
): Promise<TrainingData> {
  const set = await buildTrainingSet({
    engine: ports.engine,
    manifest: ports.manifest,
    model,
    versions,
    derive: (specs, table) => deriveColumns(ports, specs, table),
    cutMs: run.cutMs,
    fromMs: run.fromMs,
    toMs: run.toMs,
    ...(onProgress === undefined
      ? {}
      : { onProgress: (done: number, total: number) => onProgress('build the training set', done, total) }),
  })
  const split = splitByTime(set.table, (row) => set.hasLabel(row), model.split)
  return {
    set,
    training: takeRows(set.table, split.training),
    validation: takeRows(set.table, split.validation),
    trainingRows: split.training,
    summary: {
      identity: set.identity,
      content: set.content,
      cutMs: run.cutMs,
      fromMs: run.fromMs,
      toMs: run.toMs,
      rows: { training: split.training.length, validation: split.validation.length, spine: set.table.rows },
      labelStatus: set.summary.labelStatus,
      loggedAsOf: set.summary.loggedAsOf,
      tables: Object.values(versions).map(({ source, digest, cutoverMs, files }) => ({
        source,
        digest,
        cutoverMs,
        files: files.map(({ path, sha256, rows }) => ({ path, sha256, rows })),
      })),
    },
  }
}

/** The four ways in which a feature can know the future. */
export const findLeakage = {
  /** (a) Timestamp columns that lie later than their rows were known, and the inputs that they give away. */
  async futureColumns(
    ports: TrainingPorts,
    model: ModelSpec,
    versions: Readonly<Record<string, TableVersion>>,
  ): Promise<FutureColumn[]> {
    const { manifest, engine } = ports
    const moment = manifest.moments[model.moment]!
    const found: FutureColumn[] = []
    for (const [name, version] of Object.entries(versions)) {
      for (const column of await futureColumns(engine, manifest.sources[name]!, version)) {
        const inputs = inputsOn(model, moment, manifest.featureViews, name, column.column)
        if (inputs.length > 0) found.push({ ...column, inputs })
      }
    }
    return found
  },

  /** (b) recomputed values, (c) entities on both sides, (d) features that nearly equal the label. */
  async inRows(
    ports: TrainingPorts,
    model: ModelSpec,
    versions: Readonly<Record<string, TableVersion>>,
    data: TrainingData,
    check: Extract<CheckSpec, { check: 'leakage' }>,
    onProgress?: TrainingListener['onProgress'],
  ): Promise<Omit<LeakageEvidence, 'futureColumns'>> {
    const step = Math.max(1, Math.floor(data.trainingRows.length / check.sampleRows))
    const rows = Array.from(
      { length: Math.min(check.sampleRows, data.trainingRows.length) },
      (_, i) => data.trainingRows[i * step]!,
    )
    const recomputed = await recomputeSample(ports.engine, data.set.features, versions, rows, (done, total) =>
      onProgress?.('recompute a sample at its moments', done, total),
    )
    const moment = ports.manifest.moments[model.moment]!
    const roles = moment.entities.flatMap(({ role, key }) =>
      key.map(({ name }) => (key.length === 1 ? role : `${role}_${name}`)),
    )
    onProgress?.('look for features that equal the label', 0, 0)
    return {
      recomputed,
      overlap: entityOverlap(data.training, data.validation, roles),
      nearLabel: featuresNearLabel(
        matrixFromTable(data.training, model.inputs),
        labelsOf(data.training),
        check.singleFeatureAuc,
      ),
    }
  },
}
