import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ulid } from 'ulid'
import { decodeModelArtifact, encodeReferenceRows, type ModelArtifact } from '../artifact/index.ts'
import { type ModelSpec, type TrainerSpec, trainerKinds } from '../define/index.ts'
import { digestBytes } from '../digest.ts'
import { errorBody, noonmarkError, pathInFile } from '../errors.ts'
import { type Run, type Version, versionDigest, versionName } from '../registry/index.ts'
import type { Table } from '../values/index.ts'
import { runBaseline } from './baseline.ts'
import type { CheckResult, LeakageEvidence } from './checks.ts'
import { leakage as leakageVerdict } from './checks.ts'
import { openCurve, progressOf } from './curve.ts'
import { evaluate, referenceRows } from './evaluation.ts'
import { jobFiles, makeJobFolder, readReport } from './job-folder.ts'
import { inputKind } from './matrix-from-table.ts'
import { buildForTraining, findLeakage, sourcesOf, type TrainingData, unreadKeys } from './training-data.ts'
import type { TrainingListener, TrainingPorts, TrainingRequest } from './training-ports.ts'
import { encodeTrainingProfile, trainingProfile } from './training-profile.ts'

/**
 * Trains a model: builds its training set, stops on leakage before anything is fitted, fits in a process of its own, judges the
 * result and registers it as a version. Returns the run however it ended; only misuse throws.
 * @throws not_found for an unknown model; parameter_invalid
 */
export async function train(
  ports: TrainingPorts,
  request: TrainingRequest,
  listener: TrainingListener = {},
): Promise<Run> {
  const model = ports.manifest.models[request.model]
  if (model === undefined) {
    throw noonmarkError('not_found', {
      message: `There is no model ${request.model}.`,
      hint: `The models are ${Object.keys(ports.manifest.models).join(', ') || 'none yet: apply the project'}.`,
      path: 'model',
    })
  }
  const trainer = trainerOf(model, request)
  let run: Run = {
    id: ulid(ports.now()),
    model: model.name,
    status: 'preparing',
    startedAtMs: ports.now(),
    finishedAtMs: null,
    manifest: ports.manifestDigest,
    trainer,
    seed: request.seed ?? 1,
    fromMs: request.fromMs ?? model.split.from,
    toMs: request.toMs ?? model.split.to,
    cutMs: ports.now(),
    git: await ports.git(),
    environment: ports.environment,
    trainingSet: null,
    parameters: null,
    metrics: null,
    checks: [],
    version: null,
    error: null,
  }
  const update = async (change: Partial<Run>): Promise<Run> => {
    run = { ...run, ...change }
    await ports.registry.saveRun(run)
    return run
  }
  await update({})
  try {
    return await attempt(ports, { ...model, trainer }, run, listener, update)
  } catch (error) {
    const { code, message, hint, path = pathOf(model, code) } = errorBody(error).error
    const status = code === 'training_cancelled' ? 'cancelled' : 'failed'
    return update({
      status,
      error: { code, message, hint, path: pathInFile(ports.manifest.files, path) },
      finishedAtMs: ports.now(),
    })
  }
}

/** The field of a model that an error of its training speaks of, where the error itself names none. */
const fieldsAtFault: Readonly<Record<string, string>> = {
  training_one_class: 'label',
  training_set_empty: 'split',
  parameter_invalid: 'trainer',
}

function pathOf({ name }: ModelSpec, code: string): string {
  const field = fieldsAtFault[code]
  return field === undefined ? `model ${name}` : `model ${name} > ${field}`
}

function trainerOf(model: ModelSpec, { trainer, parameters }: TrainingRequest): TrainerSpec {
  const kind = trainer === undefined ? model.trainer.kind : trainerKinds.find((known) => known === trainer)
  if (kind === undefined) {
    throw noonmarkError('parameter_invalid', {
      message: `There is no trainer ${trainer}.`,
      hint: `Choose one of ${trainerKinds.join(', ')}.`,
      path: '--trainer',
    })
  }
  // Parameters of the definition are those of its own trainer; another kind starts from its defaults.
  const own = kind === model.trainer.kind ? model.trainer.parameters : {}
  return { kind, parameters: { ...own, ...parameters } }
}

async function attempt(
  ports: TrainingPorts,
  model: ModelSpec,
  run: Run,
  listener: TrainingListener,
  update: (change: Partial<Run>) => Promise<Run>,
): Promise<Run> {
  const { onProgress } = listener
  const check = model.checks.find((one) => one.check === 'leakage')
  const versions = await ports.tables(sourcesOf(ports.manifest, model))

  onProgress?.('compare columns with known times', 0, 0)
  const futureFindings = check === undefined ? [] : await findLeakage.futureColumns(ports, model, versions)
  if (check !== undefined && futureFindings.length > 0) {
    const evidence: LeakageEvidence = { futureColumns: futureFindings, recomputed: null, overlap: [], nearLabel: [] }
    return stop(update, ports, [leakageVerdict(check, evidence)])
  }

  const data = await buildForTraining(ports, model, versions, run, onProgress, unreadKeys(ports.manifest, model))
  await update({ trainingSet: data.summary })
  listener.onLog?.(
    `training set ${data.summary.content.slice(0, 12)}: ${data.training.rows} rows train, ${data.validation.rows} validate`,
  )

  const evidence: LeakageEvidence =
    check === undefined
      ? { futureColumns: [], recomputed: null, overlap: [], nearLabel: [] }
      : { futureColumns: [], ...(await findLeakage.inRows(ports, model, versions, data, check, onProgress)) }
  if (check !== undefined) {
    const verdict = leakageVerdict(check, evidence)
    if (!verdict.passed) return stop(update, ports, [verdict])
  }

  await update({ status: 'training' })
  const folder = ports.runFolder(run.id)
  const { artifact, bytes, probabilities } = await fit(ports, model, run, data, folder, listener)
  const report = await readReport(folder)

  await update({ status: 'evaluating', parameters: report.parameters })
  onProgress?.('evaluate', 0, 0)
  const { metrics, checks } = evaluate({
    model,
    artifact,
    validation: data.validation,
    probabilities,
    baseline: await runBaseline(ports, model, data.validation),
    champion: await ports.champion(model.name),
    leakage: evidence,
  })
  const reference = encodeReferenceRows(referenceRows(model, artifact, data.validation, probabilities))
  const draft: Omit<Version, 'number'> = {
    model: model.name,
    digest: versionDigest({
      model: model.name,
      artifact: digestBytes(bytes),
      spec: model,
      parameters: report.parameters,
      seed: run.seed,
      content: data.summary.content,
    }),
    run: run.id,
    createdAtMs: ports.now(),
    artifact: await ports.keep(bytes),
    reference: await ports.keep(reference),
    profile: await ports.keep(encodeTrainingProfile(trainingProfile(model, data.training, probabilities))),
    spec: model,
    manifest: run.manifest,
    parameters: report.parameters,
    seed: run.seed,
    trainingSet: data.summary,
    metrics,
    importance: report.importance.map(({ name, gain }) => ({ name, gain })),
    checks,
    passed: checks.every(({ passed }) => passed),
    git: run.git,
    environment: run.environment,
  }
  const { version } = await ports.registry.register(draft, await ports.lockedNumber(model.name))
  await ports.lock(version)
  return update({
    // A version that stands already keeps the checks that it was registered with; this run may have met another champion.
    status: draft.passed && version.passed ? 'succeeded' : 'stopped',
    metrics,
    checks,
    version: versionName(version),
    finishedAtMs: ports.now(),
  })
}

/** A run that a check ended before anything was fitted. */
function stop(
  update: (change: Partial<Run>) => Promise<Run>,
  ports: TrainingPorts,
  checks: readonly CheckResult[],
): Promise<Run> {
  return update({ status: 'stopped', checks, finishedAtMs: ports.now() })
}

interface Fitted {
  readonly artifact: ModelArtifact
  readonly bytes: Uint8Array
  /** For the validation rows, in order. */
  readonly probabilities: Float64Array
}

async function fit(
  ports: TrainingPorts,
  model: ModelSpec,
  run: Run,
  data: TrainingData,
  folder: string,
  listener: TrainingListener,
): Promise<Fitted> {
  const inputs = model.inputs.map(({ column, type }) => ({ column, type, kind: inputKind(type) }))
  await makeJobFolder(folder, {
    format: 1,
    model: model.name,
    trainer: run.trainer,
    seed: run.seed,
    inputs,
    label: 'label',
    weight: 'weight',
  })
  const columns = [...inputs.map(({ column }) => column), 'label', 'weight']
  await ports.engine.writeTable(only(data.training, columns), join(folder, jobFiles.training))
  await ports.engine.writeTable(only(data.validation, columns), join(folder, jobFiles.validation))
  const signal = listener.signal ?? new AbortController().signal
  if (signal.aborted) throw noonmarkError('training_cancelled')
  const curve = await openCurve(folder)
  const tail: string[] = []
  const onLine = (line: string): void => {
    const progress = progressOf(line)
    if (progress !== null) {
      curve.add(progress)
      const { iteration, iterations, trainLoss, validationLoss } = progress
      listener.onIteration?.({ iteration, train: trainLoss, validation: validationLoss })
      listener.onProgress?.(`fit ${run.trainer.kind}`, iteration, iterations)
    } else {
      tail.push(line)
      if (tail.length > 20) tail.shift()
      listener.onLog?.(line)
    }
  }
  const status = await ports.runJob(folder, { onLine, signal }).finally(() => curve.close())
  if (signal.aborted) throw noonmarkError('training_cancelled')
  if (status !== 0) throw await trainerError(folder, status, tail)
  const bytes = new Uint8Array(await readFile(join(folder, jobFiles.artifact)))
  const predictions = (await ports.engine.readTable(join(folder, jobFiles.predictions))).columns.probability
  if (predictions?.type !== 'float' || predictions.values.length !== data.validation.rows) {
    throw noonmarkError('trainer_failed', {
      message: `The trainer left ${predictions?.type === 'float' ? predictions.values.length : 'no'} predictions for ${data.validation.rows} validation rows.`,
    })
  }
  return { artifact: decodeModelArtifact(bytes), bytes, probabilities: predictions.values }
}

/** What a trainer may say of the data and parameters that it was given; anything else is its own failure. */
const trainerCodes = ['training_one_class', 'training_data_invalid', 'parameter_invalid'] as const

async function trainerError(folder: string, status: number, tail: readonly string[]): Promise<Error> {
  const said = await readFile(join(folder, jobFiles.error), 'utf8').catch(() => null)
  if (said !== null) {
    const { code, message, hint }: { code?: string; message: string; hint?: string } = JSON.parse(said)
    const known = trainerCodes.find((one) => one === code) ?? 'trainer_failed'
    return noonmarkError(known, { message, ...(hint === undefined ? {} : { hint }) })
  }
  return noonmarkError('trainer_failed', {
    message: `The trainer ended with status ${status}${tail.length === 0 ? '' : `: ${tail.join('\n')}`}.`,
  })
}

function only(table: Table, columns: readonly string[]): Table {
  return { rows: table.rows, columns: Object.fromEntries(columns.map((name) => [name, table.columns[name]!])) }
}
