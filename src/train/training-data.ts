import type { CheckSpec, ModelSpec, MomentSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import type { TableVersion } from '../offline/index.ts'
import { draftTrainingSet, type TrainingSet, type TrainingSetDraft } from '../offline/index.ts'
import type { Run, TrainingSetSummary } from '../registry/index.ts'
import { type Table, takeRows } from '../values/index.ts'
import { deriveColumns } from './derive-columns.ts'
import { labelsOf } from './evaluation.ts'
import { evidenceKey, type FrozenSet, labelledRows, type RowEvidence } from './frozen-set.ts'
import { entityOverlap, type FutureColumn, futureColumns, inputsOn, timestampColumns } from './leakage.ts'
import { matrixFromTable } from './matrix-from-table.ts'
import { featuresNearLabel } from './metrics/single-feature.ts'
import { recomputeSample } from './recompute-sample.ts'
import { splitByTime } from './split.ts'
import type { TrainingListener, TrainingPorts } from './training-ports.ts'

/** A training set made ready for a trainer: split by time. */
export interface TrainingData {
  readonly set: FrozenSet
  /** Features with their statuses. They are not kept with a set: for one that was kept they are computed anew. */
  readonly features: () => Promise<TrainingSet['features']>
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

/**
 * The training set of a run, split: the one that was kept where the same was built before, else built now and kept.
 * @param without columns that a set that was kept need not be read with
 */
export async function buildForTraining(
  ports: TrainingPorts,
  model: ModelSpec,
  versions: Readonly<Record<string, TableVersion>>,
  run: Pick<Run, 'fromMs' | 'toMs' | 'cutMs'>,
  onProgress?: TrainingListener['onProgress'],
  without: readonly string[] = [],
): Promise<TrainingData> {
  const draft = await draftTrainingSet({
    engine: ports.engine,
    manifest: ports.manifest,
    model,
    versions,
    derive: (specs, table) => deriveColumns(ports, specs, table),
    cutMs: run.cutMs,
    fromMs: run.fromMs,
    toMs: run.toMs,
    loggedAsOf: ports.loggedAsOf(model.moment, Object.keys(versions)),
    ...(onProgress === undefined
      ? {}
      : { onProgress: (done: number, total: number) => onProgress('build the training set', done, total) }),
  })
  const kept = await ports.frozenSets.find(draft.identity, without)
  if (kept !== null) return split(model, versions, run, kept, () => featuresAgain(draft, kept))
  const { table, content, identity, summary, features } = await draft.build()
  const set: FrozenSet = { table, content, identity, summary }
  const data = split(model, versions, run, set, async () => features)
  await ports.frozenSets.keep(set)
  return data
}

/** Fields of the moment's key that neither inputs nor checks look at: there is one text a row of them, dear to read. */
export function unreadKeys({ moments }: TrainingPorts['manifest'], model: ModelSpec): string[] {
  const moment = moments[model.moment]!
  const read = new Set([
    ...model.inputs.map(({ column }) => column),
    ...model.checks.flatMap((check) => (check.check === 'slice' ? [check.column] : [])),
    ...entityColumns(moment),
  ])
  return moment.key.map(({ name }) => name).filter((name) => !read.has(name))
}

/** The columns of a training set that hold the moment's entities. */
function entityColumns({ entities }: MomentSpec): string[] {
  return entities.flatMap(({ role, key }) => key.map(({ name }) => (key.length === 1 ? role : `${role}_${name}`)))
}

/** The features of a kept set, built again to be looked at: what they say must be what was kept. */
async function featuresAgain(draft: TrainingSetDraft, kept: FrozenSet): Promise<TrainingSet['features']> {
  const { content, features } = await draft.build()
  if (content === kept.content) return features
  throw noonmarkError('training_data_invalid', {
    message: `The training set ${kept.identity.slice(0, 12)} was kept with content ${kept.content.slice(0, 12)}, and the same sources now give ${content.slice(0, 12)}.`,
    hint: 'The platform computes something otherwise than when the set was kept. Train with another --to, which makes a new set.',
  })
}

function split(
  model: ModelSpec,
  versions: Readonly<Record<string, TableVersion>>,
  run: Pick<Run, 'fromMs' | 'toMs' | 'cutMs'>,
  set: FrozenSet,
  features: TrainingData['features'],
): TrainingData {
  const { training, validation } = splitByTime(set.table, labelledRows(set, model), model.split)
  return {
    set,
    features,
    training: takeRows(set.table, training),
    validation: takeRows(set.table, validation),
    trainingRows: training,
    summary: {
      identity: set.identity,
      content: set.content,
      cutMs: run.cutMs,
      fromMs: run.fromMs,
      toMs: run.toMs,
      rows: { training: training.length, validation: validation.length, spine: set.summary.spineRows },
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
      const source = manifest.sources[name]!
      const inputs = (column: string) => inputsOn(model, moment, manifest.featureViews, name, column)
      // A column that gives nothing away need not be read: of the label's source, or of the moment's, mostly none does.
      const columns = timestampColumns(source).filter((column) => inputs(column).length > 0)
      if (columns.length === 0) continue
      for (const column of await futureColumns(engine, source, version, columns)) {
        found.push({ ...column, inputs: inputs(column.column) })
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
  ): Promise<RowEvidence> {
    const key = evidenceKey(data.set, model)
    const found = await ports.frozenSets.evidence(key)
    if (found !== null) return found
    const features = await data.features()
    const step = Math.max(1, Math.floor(data.trainingRows.length / check.sampleRows))
    const rows = Array.from(
      { length: Math.min(check.sampleRows, data.trainingRows.length) },
      (_, i) => data.trainingRows[i * step]!,
    )
    const recomputed = await recomputeSample(ports.engine, features, versions, rows, (done, total) =>
      onProgress?.('recompute a sample at its moments', done, total),
    )
    const roles = entityColumns(ports.manifest.moments[model.moment]!)
    onProgress?.('look for features that equal the label', 0, 0)
    const evidence: RowEvidence = {
      recomputed,
      overlap: entityOverlap(data.training, data.validation, roles),
      nearLabel: featuresNearLabel(
        matrixFromTable(data.training, model.inputs),
        labelsOf(data.training),
        check.singleFeatureAuc,
      ),
    }
    await ports.frozenSets.keepEvidence(key, evidence)
    return evidence
  },
}
