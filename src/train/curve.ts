import { createWriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrainingProgress } from './trainers/progress.ts'

/** Begins a line of progress on a trainer's standard output. */
export const progressPrefix = 'noonmark:progress '

/** One point of a run's loss curves; losses are means over rows, as the trainer measures them, null where it does not. */
export interface CurvePoint {
  /** Iterations done, from 1. */
  readonly iteration: number
  readonly training_loss: number | null
  readonly validation_loss: number | null
}

/** Where the curve of a run lies: one point a line, as JSON, appended while the run goes on. */
export const curveFile = 'progress.jsonl'

/** Progress as the line that a trainer writes to its standard output. */
export function progressLine({ iteration, iterations, trainLoss, validationLoss }: TrainingProgress): string {
  const point = { iteration, iterations, training_loss: trainLoss, validation_loss: validationLoss }
  return `${progressPrefix}${JSON.stringify(point)}`
}

/**
 * The progress that a line of a trainer's standard output holds; null where it holds none. `iterations` may be left out where
 * nobody knows it (then 0), and so may losses (then null); a loss that is not finite is none.
 */
export function progressOf(line: string): TrainingProgress | null {
  if (!line.startsWith(progressPrefix)) return null
  let said: unknown
  try {
    // Python's json writes NaN and Infinity, which are not JSON.
    said = JSON.parse(line.slice(progressPrefix.length).replace(/(?<=:\s*)(?:NaN|-?Infinity)\b/g, 'null'))
  } catch {
    return null
  }
  if (typeof said !== 'object' || said === null) return null
  const fields = new Map<string, unknown>(Object.entries(said))
  const number = (name: string): number | null => {
    const value = fields.get(name)
    return typeof value === 'number' ? value : null
  }
  const iteration = number('iteration')
  if (iteration === null) return null
  return {
    iteration,
    iterations: number('iterations') ?? 0,
    trainLoss: number('training_loss'),
    validationLoss: number('validation_loss'),
  }
}

/** Appends the points of a run to its folder. */
export interface CurveWriter {
  add(progress: TrainingProgress): void
  /** Resolves when everything that was added can be read. */
  close(): Promise<void>
}

/** Begins the curve of a run in its folder. A full disk costs the curve, not the run. */
export async function openCurve(runFolder: string): Promise<CurveWriter> {
  await mkdir(runFolder, { recursive: true })
  const stream = createWriteStream(join(runFolder, curveFile))
  stream.on('error', () => undefined)
  return {
    add({ iteration, trainLoss, validationLoss }) {
      const point: CurvePoint = { iteration, training_loss: trainLoss, validation_loss: validationLoss }
      stream.write(`${JSON.stringify(point)}\n`)
    },
    close: () => new Promise((resolve) => stream.end(() => resolve()).on('error', () => resolve())),
  }
}

/**
 * The loss curves of a run so far, in order, from its folder; none where its trainer reported none. May be called while the
 * run goes on: a line that is still being written is not read.
 */
export async function readCurve(runFolder: string): Promise<CurvePoint[]> {
  const text = await readFile(join(runFolder, curveFile), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  // Written by openCurve, line by line.
  return whole.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as CurvePoint]))
}
