import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeModelArtifact, type ModelArtifact, predictBatch } from '../artifact/index.ts'
import type { OfflineEngine } from '../offline/index.ts'
import { jobFiles, readJob, type TrainerReport, type TrainingJob } from './job-folder.ts'
import { alignMatrix, columnValues, type LabelledMatrix } from './matrix.ts'
import { labelledMatrix } from './matrix-from-table.ts'
import { trainGradientBoosting } from './trainers/gradient-boosting.ts'
import { trainLogisticRegression } from './trainers/logistic-regression.ts'
import type { TrainingProgress } from './trainers/progress.ts'

/** What a built-in trainer gives back. */
interface Trained {
  readonly artifact: ModelArtifact
  readonly parameters: Readonly<Record<string, unknown>>
  readonly importance: readonly { readonly name: string; readonly gain: number }[]
}

/** Does the job of a folder with a built-in trainer. Runs in a process of its own. */
export async function runTrainer(
  folder: string,
  engine: OfflineEngine,
  options: {
    readonly onProgress?: (progress: TrainingProgress) => void
    readonly signal?: AbortSignal
    /** Threads that a trainer may use; what it makes is the same with any number. */
    readonly threads?: number
  },
): Promise<TrainerReport> {
  const started = performance.now()
  const job = await readJob(folder)
  const training = labelledMatrix(await engine.readTable(join(folder, jobFiles.training)), job.inputs)
  const validation = labelledMatrix(await engine.readTable(join(folder, jobFiles.validation)), job.inputs)
  const losses: { iteration: number; train: number | null; validation: number | null }[] = []
  const onProgress = (progress: TrainingProgress): void => {
    losses.push({ iteration: progress.iteration, train: progress.trainLoss, validation: progress.validationLoss })
    options.onProgress?.(progress)
  }
  const { signal, threads = 1 } = options
  const given = { onProgress, threads, ...(signal === undefined ? {} : { signal }) }
  const { artifact, parameters, importance } = await fit(job, training, validation, given)
  const aligned = alignMatrix(validation.matrix, artifact.inputs)
  const probability = predictBatch(artifact, columnValues(aligned), aligned.rows)
  await engine.writeTable(
    { rows: aligned.rows, columns: { probability: { type: 'float', values: probability } } },
    join(folder, jobFiles.predictions),
  )
  await writeFile(join(folder, jobFiles.artifact), encodeModelArtifact(artifact))
  const report: TrainerReport = {
    format: 1,
    parameters,
    importance,
    losses,
    rows: { training: training.matrix.rows, validation: validation.matrix.rows },
    durationMs: Math.round(performance.now() - started),
  }
  await writeFile(join(folder, jobFiles.report), `${JSON.stringify(report, null, 2)}\n`)
  return report
}

function fit(
  { trainer, seed }: TrainingJob,
  training: LabelledMatrix,
  validation: LabelledMatrix,
  options: {
    readonly onProgress: (progress: TrainingProgress) => void
    readonly signal?: AbortSignal
    readonly threads: number
  },
): Promise<Trained> | Trained {
  const { parameters } = trainer
  switch (trainer.kind) {
    case 'gradient-boosting':
      return trainGradientBoosting({ training, validation, parameters, seed, ...options })
    case 'logistic-regression':
      return linear({ training, validation, parameters, ...options })
  }
}

async function linear(options: Parameters<typeof trainLogisticRegression>[0]): Promise<Trained> {
  const { artifact, parameters, importance } = await trainLogisticRegression(options)
  return { artifact, parameters, importance: importance.map(({ name, deviation }) => ({ name, gain: deviation })) }
}
