import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrainerSpec } from '../define/index.ts'
import type { DtypeName } from '../values/index.ts'

/**
 * The contract of every trainer, ours or not: a folder in, a folder out.
 *
 * `in/job.json` says what to do; `in/training.parquet` and `in/validation.parquet` hold the input columns by name, `label`
 * (0 or 1) and `weight`. The trainer writes `out/artifact.bin`, `out/report.json` and `out/predictions.parquet` (one
 * `probability` per validation row, in order). A line `noonmark:progress {"iteration": 1, "iterations": 120, "training_loss": 0.61,
 * "validation_loss": 0.63}` on its standard output is progress and becomes a point of the run's curve; any other line is its log. Exit status 0 is success; `out/error.json` may say why it is not: `message`, and `code` and
 * `hint` where it knows them.
 */
export const jobFiles = {
  job: 'in/job.json',
  training: 'in/training.parquet',
  validation: 'in/validation.parquet',
  artifact: 'out/artifact.bin',
  report: 'out/report.json',
  predictions: 'out/predictions.parquet',
  error: 'out/error.json',
} as const

/** What a trainer is asked to do. */
export interface TrainingJob {
  readonly format: 1
  readonly model: string
  readonly trainer: TrainerSpec
  readonly seed: number
  readonly inputs: readonly {
    readonly column: string
    readonly type: DtypeName
    readonly kind: 'number' | 'category'
  }[]
  readonly label: 'label'
  readonly weight: 'weight'
}

/** What a trainer says of its work. */
export interface TrainerReport {
  readonly format: 1
  /** Every parameter with the value used. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Inputs by how much they decided, most first; the measure is the trainer's. */
  readonly importance: readonly { readonly name: string; readonly gain: number }[]
  /** Loss after each iteration. */
  readonly losses: readonly {
    readonly iteration: number
    readonly train: number | null
    readonly validation: number | null
  }[]
  readonly rows: { readonly training: number; readonly validation: number }
  /** Peak memory and time of the process. */
  readonly durationMs: number
}

/** Makes the folder and its two halves. */
export async function makeJobFolder(folder: string, job: TrainingJob): Promise<void> {
  await mkdir(join(folder, 'in'), { recursive: true })
  await mkdir(join(folder, 'out'), { recursive: true })
  await writeFile(join(folder, jobFiles.job), `${JSON.stringify(job, null, 2)}\n`)
}

/** What the folder asks for. */
export async function readJob(folder: string): Promise<TrainingJob> {
  return JSON.parse(await readFile(join(folder, jobFiles.job), 'utf8')) as TrainingJob // written by makeJobFolder
}

/** What the trainer reported. */
export async function readReport(folder: string): Promise<TrainerReport> {
  return JSON.parse(await readFile(join(folder, jobFiles.report), 'utf8')) as TrainerReport // the contract above
}
