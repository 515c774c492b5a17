import { Worker } from 'node:worker_threads'
import { noonmarkError } from '../../errors.ts'
import type { SharedPages } from './gradient-boosting-kernel.ts'
import type { BoostingMemory, BoostingSize } from './gradient-boosting-memory.ts'
import { BoostingShare, type Phase, phases, toldWord } from './gradient-boosting-share.ts'
import type { SearchFeature, SearchParameters } from './gradient-boosting-split.ts'
import { awaitChange, teamWord } from './gradient-boosting-wait.ts'

/** What a thread is started with. */
export interface ThreadStart {
  readonly size: BoostingSize
  readonly pages: SharedPages
  readonly pool: SharedArrayBuffer
  readonly thread: number
  readonly features: readonly SearchFeature[]
  readonly parameters: SearchParameters
}

const isTypeScript = import.meta.url.endsWith('.ts')
const threadFile = new URL(
  isTypeScript ? './gradient-boosting-thread.ts' : './gradient-boosting-thread.js',
  import.meta.url,
)

/** No share of a phase takes so long; a thread that has not answered by then is gone. */
const longestPhaseMs = 120_000

/** A thread that has not begun by then is done without: the result is the same with any number. */
const longestStartMs = 20_000

/**
 * The threads of a training. This one takes part: a phase is begun for all, done here for the first share, and over when the others are
 * done. What threads read of each other in a phase was written in an earlier one.
 */
export class BoostingTeam {
  readonly #control: Int32Array
  readonly #own: BoostingShare
  readonly #threads: number
  readonly #workers: readonly Worker[]
  /** Whether the other threads take part. */
  #together = false

  constructor(memory: BoostingMemory, features: readonly SearchFeature[], parameters: SearchParameters) {
    const { size, pages, pool } = memory
    this.#control = memory.control
    this.#threads = size.threads
    this.#own = new BoostingShare(memory, 0, features, parameters)
    const plain = features.map(({ kind, binCount }) => ({ kind, binCount }))
    this.#workers = Array.from({ length: size.threads - 1 }, (_, at) => {
      const workerData: ThreadStart = { size, pages, pool, thread: at + 1, features: plain, parameters }
      const worker = new Worker(threadFile, { workerData, execArgv: ['--disable-warning=ExperimentalWarning'] })
      worker.unref()
      return worker
    })
  }

  /** How many threads share a phase that is not done alone. */
  get active(): number {
    return this.#together ? this.#threads : 1
  }

  /**
   * Waits until the threads have begun. Before that, and where one of them does not begin, this one does all alone: while it
   * waits for a share it answers nobody, and a thread that is starting may have something to ask.
   */
  async begin(): Promise<void> {
    const begun = await Promise.all(this.#workers.map(hasBegun))
    this.#together = begun.length > 0 && begun.every((one) => one)
    if (!this.#together) await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  /** Does a phase with all threads, or in this one where `alone`. Throws `internal` where a thread failed. */
  run(phase: Phase, alone: boolean): void {
    const control = this.#control
    if (alone || !this.#together) {
      control[toldWord.active] = 1
      this.#own.run(phase)
      return
    }
    control[toldWord.active] = this.#threads
    control[teamWord.phase] = phases.indexOf(phase)
    Atomics.store(control, teamWord.done, 0)
    Atomics.add(control, teamWord.turn, 1)
    Atomics.notify(control, teamWord.turn)
    this.#own.run(phase)
    for (;;) {
      const done = Atomics.load(control, teamWord.done)
      if (done === this.#threads - 1) break
      if (awaitChange(control, teamWord.done, done, longestPhaseMs) === done) throw lost()
    }
    if (Atomics.load(control, teamWord.failed) !== 0) throw lost()
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    this.#control[teamWord.phase] = -1
    Atomics.add(this.#control, teamWord.turn, 1)
    Atomics.notify(this.#control, teamWord.turn)
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}

/** Whether a thread says that it has begun. */
function hasBegun(worker: Worker): Promise<boolean> {
  return new Promise((resolve) => {
    const patience = setTimeout(resolve, longestStartMs, false)
    const say = (begun: boolean): void => {
      clearTimeout(patience)
      resolve(begun)
    }
    worker.once('message', () => say(true))
    worker.once('exit', () => say(false))
    // It ends after this; who waits for its share finds out by the clock.
    worker.on('error', (error) => console.error(error))
  })
}

function lost() {
  return noonmarkError('internal', { message: 'A thread of the training failed or was ended.' })
}
