import { ulid } from 'ulid'
import { errorBody, noonmarkError } from '../errors.ts'
import type { JobJson } from '../http/work.ts'
import { openTurns } from './operations-turns.ts'

/** What a job shows of itself, and how it hears that it is not wanted any more. */
export interface JobHandle {
  readonly signal: AbortSignal
  readonly onProgress: (step: string, done: number, total: number) => void
}

/** Long work of one process, one after another. */
export interface Jobs {
  /**
   * Starts work, or joins that of the same key that runs already, and waits for its end at most `waitMs`.
   * Its error is in the job, not thrown.
   */
  start<R>(kind: string, key: string, waitMs: number, work: (handle: JobHandle) => Promise<R>): Promise<JobJson<R>>
  /** @throws not_found */
  job(id: string): JobJson
  /** @throws not_found */
  cancel(id: string): Promise<JobJson>
  /** Whether work runs, or somebody may still ask for what came of it. */
  readonly busy: boolean
  /** Cancels what runs and waits for it. */
  close(): Promise<void>
}

interface Job {
  readonly id: string
  readonly kind: string
  readonly key: string
  status: JobJson['status']
  progress: JobJson['progress']
  result: unknown
  error: JobJson['error']
  readonly controller: AbortController
  readonly ended: Promise<void>
  /** When it ended, or somebody last asked for it since, on the monotonic clock. */
  askedAtMs: number
}

const keptMs = 15 * 60_000
/** Whoever follows a job asks for it more often than this. */
const followedMs = 2 * 60_000
const keptJobs = 100

/** Opens the jobs of a process. */
export function openJobs(): Jobs {
  const jobs = new Map<string, Job>()
  const turns = openTurns(1)

  const begin = (kind: string, key: string, work: (handle: JobHandle) => Promise<unknown>): Job => {
    const controller = new AbortController()
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const id = ulid()
    const job: Job = {
      id,
      kind,
      key,
      status: 'running',
      progress: null,
      result: null,
      error: null,
      controller,
      ended,
      askedAtMs: 0,
    }
    jobs.set(id, job)
    const { signal } = controller
    const run = async (): Promise<void> => {
      const giveBack = await turns.take(signal)
      try {
        job.result = await work({
          signal,
          onProgress(step, done, total) {
            job.progress = { step, done, total }
          },
        })
        job.status = 'done'
      } finally {
        giveBack()
      }
    }
    run()
      .catch((error: unknown) => {
        job.status = signal.aborted ? 'cancelled' : 'failed'
        job.error = errorBody(signal.aborted ? noonmarkError('work_cancelled') : error).error
      })
      .finally(() => {
        job.progress = null
        job.askedAtMs = performance.now()
        end()
        setTimeout(() => jobs.delete(id), keptMs).unref()
        // Ended ones go first, the oldest before; those that run are never forgotten.
        for (const old of jobs.values())
          if (jobs.size > keptJobs && old.status !== 'running' && old.id !== id) jobs.delete(old.id)
      })
    return job
  }

  const find = (id: string): Job => {
    const job = jobs.get(id)
    if (job !== undefined) {
      job.askedAtMs = performance.now()
      return job
    }
    throw noonmarkError('not_found', {
      message: `There is no job ${id}.`,
      hint: 'Jobs are forgotten with the process that does them, and a quarter of an hour after they ended: ask for the work again.',
      path: 'job',
    })
  }

  return {
    async start(kind, key, waitMs, work) {
      const same = [...jobs.values()].find((job) => job.kind === kind && job.key === key && job.status === 'running')
      const job = same ?? begin(kind, key, work)
      let timer: NodeJS.Timeout | undefined
      await Promise.race([
        job.ended,
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, waitMs)
        }),
      ])
      clearTimeout(timer)
      return jobJson(job) as JobJson<never> // the result is what `work` of this kind and key gives
    },
    job: (id) => jobJson(find(id)),
    async cancel(id) {
      const job = find(id)
      job.controller.abort()
      await job.ended
      return jobJson(job)
    },
    get busy() {
      const since = performance.now() - followedMs
      return [...jobs.values()].some(({ status, askedAtMs }) => status === 'running' || askedAtMs > since)
    },
    async close() {
      const running = [...jobs.values()].filter(({ status }) => status === 'running')
      for (const { controller } of running) controller.abort()
      await Promise.all(running.map(({ ended }) => ended))
    },
  }
}

function jobJson({ id, kind, status, progress, result, error }: Job): JobJson {
  return { id, kind, status, progress, result, error }
}
