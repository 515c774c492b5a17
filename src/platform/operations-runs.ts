import { isNoonmarkError, noonmarkError } from '../errors.ts'
import type { RunRequest } from '../http/work.ts'
import type { Platform } from '../platform.ts'
import type { Run } from '../registry/index.ts'
import { type TrainingListener, train } from '../train/index.ts'
import { cancellableEngine } from './operations-cancelling.ts'
import { type HeldLease, holdLease, type LeaseOwner } from './operations-lease.ts'
import { openRunLog, type RunLog } from './operations-run-log.ts'
import type { Turns } from './operations-turns.ts'
import { trainingPorts } from './training.ts'

/** How a training is started. */
export interface TrainingStart extends TrainingListener {
  readonly owner: LeaseOwner
  /** Waits for its turn once the run is recorded. */
  readonly turns?: Turns
}

/** A training under way. */
export interface StartedTraining {
  /** Resolves when the run is recorded, and with the error of a request that cannot be one. */
  readonly started: Promise<Run>
  /** Resolves with the run however it ended. */
  readonly ended: Promise<Run>
}

/** Starts a training that can be watched and cancelled from other processes: with a lease and a log of its own. */
export function startTraining(platform: Platform, request: RunRequest, start: TrainingStart): StartedTraining {
  const { promise: started, resolve: announce, reject: refuse } = Promise.withResolvers<Run>()
  const ended = attempt(platform, request, start, announce)
  ended.catch(refuse)
  started.catch(() => undefined) // whoever waits for the end only is told there
  return { started, ended }
}

interface Companions {
  readonly lease: HeldLease
  readonly log: RunLog
  readonly giveBack: () => void
}

async function attempt(
  platform: Platform,
  request: RunRequest,
  start: TrainingStart,
  announce: (run: Run) => void,
): Promise<Run> {
  const controller = new AbortController()
  const { signal } = controller
  const abort = (): void => controller.abort()
  start.signal?.addEventListener('abort', abort, { once: true })
  if (start.signal?.aborted) abort()
  const ports = await trainingPorts(platform)
  let companions: Companions | null = null

  // The first time a run is saved is when it begins to exist.
  const begin = async (run: Run): Promise<void> => {
    const lease = await holdLease(platform, run.id, start.owner, abort)
    const log = await openRunLog(platform, run.id)
    companions = { lease, log, giveBack: () => undefined }
    await ports.registry.saveRun(run)
    announce(run)
    log.line(`run ${run.id} of ${run.model}, ${run.trainer.kind}, seed ${run.seed}`)
    try {
      companions = { lease, log, giveBack: (await start.turns?.take(signal)) ?? (() => undefined) }
    } catch (error) {
      throw isNoonmarkError(error) && error.code === 'work_cancelled' ? new CancelledBeforeItsTurn(run) : error
    }
  }
  const saveRun = async (run: Run): Promise<void> => {
    if (companions === null) return begin(run)
    await ports.registry.saveRun(run)
  }
  let last: Run | null = null
  try {
    const watched = {
      ...ports,
      engine: cancellableEngine(ports.engine, signal, 'training_cancelled'),
      registry: { ...ports.registry, saveRun },
    }
    last = await train(watched, request, {
      signal,
      onProgress(step, done, total) {
        companions?.lease.progress({ step, done, total })
        companions?.log.progress(step, done, total)
        start.onProgress?.(step, done, total)
      },
      onIteration: (loss) => companions?.log.iteration(loss),
      onLog(line) {
        companions?.log.line(line)
        start.onLog?.(line)
      },
    })
    return last
  } catch (error) {
    if (!(error instanceof CancelledBeforeItsTurn)) throw error
    const { code, message, hint } = noonmarkError('training_cancelled')
    last = { ...error.run, status: 'cancelled', error: { code, message, hint }, finishedAtMs: platform.clock.now() }
    await ports.registry.saveRun(last)
    return last
  } finally {
    start.signal?.removeEventListener('abort', abort)
    // Assigned in callbacks, which the compiler does not follow.
    const made = companions as Companions | null
    made?.giveBack()
    await made?.log.end(last)
    await made?.lease.release()
  }
}

/** A run that was recorded, and cancelled before anything was done for it. */
class CancelledBeforeItsTurn extends Error {
  readonly run: Run

  constructor(run: Run) {
    super('cancelled before its turn')
    this.run = run
  }
}
