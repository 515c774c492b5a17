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
const longestPhaseMs = 300_000

/**
 * The threads of a training. This one takes part: a phase is begun for all, done here for the first share, and over when the others are
 * done. What threads read of each other in a phase was written in an earlier one.
 */
export class BoostingTeam {
  readonly #control: Int32Array
  readonly #own: BoostingShare
  readonly #threads: number
  readonly #workers: readonly Worker[]

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

  /** Does a phase with all threads, or in this one where `alone`. Throws `internal` where a thread failed. */
  run(phase: Phase, alone: boolean): void {
    const control = this.#control
    if (alone || this.#threads === 1) {
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

function lost() {
  return noonmarkError('internal', { message: 'A thread of the training failed or was ended.' })
}
