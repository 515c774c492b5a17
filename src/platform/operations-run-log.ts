import { createWriteStream } from 'node:fs'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Platform } from '../platform.ts'
import { hasEnded, type Run } from '../registry/index.ts'
import { jobFiles, type TrainerReport } from '../train/job-folder.ts'
import { leaseOf } from './operations-lease.ts'

const fileOf = ({ layout }: Platform, run: string): string => join(layout.runs, run, 'log.txt')

/** Progress is written when its step changes or is done, and between at most so often. */
const progressMs = 1_000
/** After so long without a line it is said that the run is still at it. */
const silenceMs = 60_000
const followMs = 200

type Loss = TrainerReport['losses'][number]

/** The log of a run that this process trains: one line a step, with the machine's time. */
export interface RunLog {
  progress(step: string, done: number, total: number): void
  line(text: string): void
  /** Writes what an iteration came to. */
  iteration(loss: Loss): void
  /** Writes how the run ended, and what iterations came to that were not written before; null where nobody knows. */
  end(run: Run | null): Promise<void>
}

/** Opens the log of a run. */
export async function openRunLog(platform: Platform, run: string): Promise<RunLog> {
  await mkdir(join(platform.layout.runs, run), { recursive: true })
  const stream = createWriteStream(fileOf(platform, run), { flags: 'a' })
  // A full disk costs the log, not the run.
  stream.on('error', () => undefined)
  let step = ''
  let shownAtMs = 0
  let wroteAtMs = Date.now()
  let iterations = 0
  const line = (text: string): void => {
    wroteAtMs = Date.now()
    stream.write(`${new Date(wroteAtMs).toISOString()} ${text}\n`)
  }
  const silence = setInterval(() => {
    if (Date.now() - wroteAtMs >= silenceMs) line(`still: ${step === '' ? 'waiting for a turn' : step}`)
  }, silenceMs / 2)
  silence.unref()
  return {
    line,
    iteration(loss) {
      iterations = Math.max(iterations, loss.iteration)
      line(lossLine(loss))
    },
    progress(label, done, total) {
      const now = Date.now()
      const isNews = label !== step || (total > 0 && done >= total) || now - shownAtMs >= progressMs
      step = label
      if (!isNews) return
      shownAtMs = now
      line(total > 0 ? `${label} ${done}/${total}` : label)
    },
    async end(ended) {
      clearInterval(silence)
      if (ended !== null) for (const text of await endLines(platform, ended, iterations)) line(text)
      await new Promise<void>((resolve) => stream.end(resolve))
    },
  }
}

async function endLines(platform: Platform, run: Run, written: number): Promise<string[]> {
  const { checks, error, status, version } = run
  return [
    ...(await lossLines(platform, run, written)),
    ...checks.map(({ name, passed, summary }) => `check ${name} ${passed ? 'passed' : 'FAILED'}: ${summary}`),
    ...(error === null ? [] : [`error: ${error.message} ${error.hint} (${error.code})`]),
    `${status}${version === null ? '' : `: ${version}`}`,
  ]
}

/** The losses that the trainer reported once it was done and not on its way. */
async function lossLines({ layout }: Platform, { id }: Run, written: number): Promise<string[]> {
  const text = await readFile(join(layout.runs, id, jobFiles.report), 'utf8').catch(() => null)
  if (text === null) return []
  const { losses }: Pick<TrainerReport, 'losses'> = JSON.parse(text)
  return losses.filter(({ iteration }) => iteration > written).map(lossLine)
}

function lossLine({ iteration, train, validation }: Loss): string {
  const digits = (loss: number | null): string => loss?.toFixed(6) ?? '-'
  return `iteration ${iteration}: log loss ${digits(train)} training, ${digits(validation)} validation`
}

/**
 * The lines of a run's log, and, while it is trained, those that come.
 * @throws not_found
 */
export async function* readRunLog(platform: Platform, id: string, signal?: AbortSignal): AsyncGenerator<string> {
  const { id: run } = await platform.registry.run(id)
  let offset = 0
  let rest = ''
  for (;;) {
    // Asked before reading: what was written before the lease went is read in this turn.
    const goesOn = (await leaseOf(platform, run)) !== null && signal?.aborted !== true
    const bytes = await readFrom(fileOf(platform, run), offset)
    offset += bytes.length
    const lines = (rest + bytes.toString('utf8')).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
    if (!goesOn) break
    if (bytes.length === 0) await new Promise((resolve) => setTimeout(resolve, followMs))
  }
  if (rest !== '') yield rest
  if (offset === 0 && signal?.aborted !== true) {
    const { error, status } = await platform.registry.run(run)
    if (error !== null) yield `error: ${error.message} ${error.hint} (${error.code})`
    yield hasEnded({ status }) ? status : `${status}: this run writes no log`
  }
}

/** The bytes of a file from an offset on; up to whole lines, so that no character is cut. */
async function readFrom(path: string, offset: number): Promise<Buffer> {
  const file = await open(path).catch(() => null)
  if (file === null) return Buffer.alloc(0)
  try {
    const { size } = await file.stat()
    const bytes = Buffer.alloc(Math.max(0, size - offset))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset)
    return bytes.subarray(0, bytes.lastIndexOf(10, bytesRead - 1) + 1)
  } finally {
    await file.close()
  }
}
