import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { CodeError } from './call-result.ts'
import {
  type FromWorker,
  type FunctionRows,
  progressOf,
  sharedNowMs,
  type ToWorker,
  type WireError,
  type WireJob,
  type WireOutcome,
} from './function-message.ts'

/** Several calls that are sent together and share a deadline. A job may move to another thread once. */
export interface FunctionJob {
  readonly calls: readonly ({ readonly key: string } & FunctionRows)[]
  readonly deadlineMs: number
  /** On the clock of `sharedNowMs`. */
  readonly expiresAtMs: number
  /** The calls that have not ended. */
  readonly open: Set<number>
  retried: boolean
  /** Ends a call with what it gave. */
  readonly end: (call: number, outcome: WireOutcome) => void
  /** Ends a call that may not be made. */
  readonly refuse: (call: number, error: CodeError) => void
  /** Ends the calls that are still open with an error. */
  readonly fail: (code: 'code_deadline' | 'code_crashed', message: (key: string) => string) => void
}

/** A thread that is no more, and whose fault it was. */
export interface ThreadEnd {
  readonly reason: 'deadline' | 'crash'
  readonly message: string
  /** The functions to blame. */
  readonly blamed: readonly string[]
  /** The jobs to blame, or out of time. */
  readonly lost: readonly FunctionJob[]
  /** The jobs that another thread may still do. */
  readonly survivors: readonly FunctionJob[]
  /** Whether functions were being loaded. */
  readonly loading: boolean
}

/** What a thread tells its owner. */
export interface ThreadOwner {
  readonly loaded: (errors: readonly { readonly key: string; readonly error: WireError }[]) => void
  /** Why a function cannot be called at all, if so. */
  readonly refusal: (key: string) => CodeError | undefined
  readonly ended: (end: ThreadEnd) => void
  readonly log: (key: string | undefined, level: string, text: string) => void
}

/** The limits of a thread. */
export interface ThreadLimits {
  readonly maxOldSpaceMb: number
  readonly loadDeadlineMs: number
}

const isTypeScript = import.meta.url.endsWith('.ts')
const workerFile = new URL(isTypeScript ? './function-worker.ts' : './function-worker.js', import.meta.url)
const pingTimeoutMs = 1_000

interface PendingJob {
  readonly job: FunctionJob
  /** The positions in the job of the calls that were sent; empty before. */
  positions: readonly number[]
  /** Whether the thread has run through the job, and what is still open waits for a promise. */
  waits: boolean
}

/** One worker thread: starts at once, then loads functions for an owner, then runs jobs until it ends or is ended. */
export class FunctionThread {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #progress = new Int32Array(new SharedArrayBuffer(12))
  readonly #limits: ThreadLimits
  readonly #pending = new Map<number, PendingJob>()
  #owner: ThreadOwner | undefined
  #keys: readonly string[] = []
  #state: 'started' | 'loading' | 'ready' | 'ended' = 'started'
  #outbox: WireJob[] = []
  #lastId = 0
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #loadExpiresAtMs = Number.POSITIVE_INFINITY
  #pingExpiresAtMs = Number.POSITIVE_INFINITY
  #crash: string | undefined
  #retired = false

  constructor(limits: ThreadLimits) {
    this.#limits = limits
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#worker = new Worker(workerFile, {
      env: compileCache(),
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: limits.maxOldSpaceMb, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
    })
    this.#worker.postMessage({ port: port2, progress: this.#progress }, [port2])
    this.#worker.stdout.on('data', (text) => this.#log('log', String(text).trimEnd()))
    this.#worker.stderr.on('data', (text) => this.#log('error', String(text).trimEnd()))
    this.#worker.on('error', (error: unknown) => {
      this.#crash = error instanceof Error ? error.message : String(error)
    })
    this.#worker.on('exit', (code) => this.#onExit(code))
    port1.on('message', (message: FromWorker) => this.#receive(message))
    // A pool that is idle keeps no process alive; the timer of a job that runs does.
    port1.unref()
    this.#worker.unref()
  }

  /** Whether the thread is no more. */
  get isEnded(): boolean {
    return this.#state === 'ended'
  }

  /** Loads functions, once. Jobs may be added before they are loaded. */
  load(functions: readonly { readonly key: string; readonly source: string }[], owner: ThreadOwner): void {
    this.#owner = owner
    this.#keys = functions.map(({ key }) => key)
    this.#state = 'loading'
    this.#loadExpiresAtMs = sharedNowMs() + this.#limits.loadDeadlineMs
    this.#arm(this.#loadExpiresAtMs)
    this.#send({ kind: 'load', sources: functions.map(({ source }) => source) })
  }

  /** Sends a job, together with the others of this turn of the event loop. */
  add(job: FunctionJob): void {
    const id = ++this.#lastId
    const pending: PendingJob = { job, positions: [], waits: false }
    this.#pending.set(id, pending)
    this.#arm(job.expiresAtMs)
    if (this.#state === 'ready') this.#enqueue(id, pending)
  }

  /** Ends the thread once its jobs have ended. */
  retire(): void {
    this.#retired = true
    this.#settle()
  }

  /** Ends the thread now; jobs that it still has fail. */
  async close(): Promise<void> {
    const jobs = [...this.#pending.values()].map(({ job }) => job)
    const terminated = this.#finish()
    for (const job of jobs) job.fail('code_crashed', (key) => `${key} did not finish: its thread was closed`)
    await terminated
  }

  #enqueue(id: number, pending: PendingJob): void {
    const { open, calls } = pending.job
    pending.positions = [...open]
    if (this.#outbox.length === 0) setImmediate(() => this.#flush())
    this.#outbox.push({
      id,
      expiresAtMs: pending.job.expiresAtMs,
      calls: pending.positions.map((position) => {
        const call = calls[position]
        if (call === undefined) return { fn: -1, input: { rows: [] } }
        const { key, ...input } = call
        return { fn: this.#keys.indexOf(key), input }
      }),
    })
  }

  #flush(): void {
    const jobs = this.#outbox
    this.#outbox = []
    if (this.#state === 'ready') this.#send({ kind: 'jobs', jobs })
  }

  #send(message: ToWorker): void {
    this.#port.postMessage(message)
  }

  #receive(message: FromWorker): void {
    if (this.#state === 'ended') return
    this.#pingExpiresAtMs = Number.POSITIVE_INFINITY
    switch (message.kind) {
      case 'results':
        for (const [index, outcome] of message.outcomes.entries()) this.#endCall(message.id, index, outcome)
        this.#settle(message.id)
        break
      case 'result':
        this.#endCall(message.id, message.call, message.outcome)
        this.#settle(message.id)
        break
      case 'loaded':
        this.#onLoaded(message.errors)
        break
      case 'log':
        this.#owner?.log(this.#keys[message.fn], message.level, message.text)
        break
      default:
    }
  }

  #onLoaded(errors: readonly (WireError | null)[]): void {
    this.#state = 'ready'
    this.#loadExpiresAtMs = Number.POSITIVE_INFINITY
    this.#owner?.loaded(errors.flatMap((error, index) => (error ? [{ key: this.#keys[index] ?? '', error }] : [])))
    for (const [id, pending] of this.#pending) {
      for (const call of [...pending.job.open]) {
        const refusal = this.#owner?.refusal(pending.job.calls[call]?.key ?? '')
        if (refusal !== undefined) pending.job.refuse(call, refusal)
      }
      if (pending.job.open.size === 0) this.#pending.delete(id)
      else this.#enqueue(id, pending)
    }
    this.#settle()
  }

  #endCall(id: number, index: number, outcome: WireOutcome | null): void {
    const pending = this.#pending.get(id)
    const position = pending?.positions[index]
    if (pending === undefined || position === undefined) return
    if (outcome === null) pending.waits = true
    else pending.job.end(position, outcome)
  }

  /** Forgets a job that has ended, and the timer with the last one. */
  #settle(id?: number): void {
    if (id !== undefined && this.#pending.get(id)?.job.open.size === 0) this.#pending.delete(id)
    if (this.#pending.size > 0 || this.#state === 'loading' || this.#state === 'ended') return
    this.#disarm()
    if (this.#retired) this.#finish()
  }

  #arm(atMs: number): void {
    if (atMs >= this.#timerAtMs) return
    this.#disarm()
    this.#timerAtMs = atMs
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(1, Math.ceil(atMs - sharedNowMs())))
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    this.#timerAtMs = Number.POSITIVE_INFINITY
  }

  #onTimer(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY
    this.#drain()
    const nowMs = sharedNowMs()
    if (this.#loadExpiresAtMs <= nowMs)
      this.#endWith('deadline', `did not load within ${this.#limits.loadDeadlineMs} ms`)
    if (this.#pingExpiresAtMs <= nowMs) this.#endWith('deadline', 'blocked its thread after its call had ended')
    for (const [id, pending] of this.#pending) {
      if (pending.job.expiresAtMs <= nowMs) this.#expire(id, pending)
    }
    for (const { job } of this.#pending.values()) this.#arm(job.expiresAtMs)
    this.#arm(this.#loadExpiresAtMs)
    this.#arm(this.#pingExpiresAtMs)
  }

  /** Takes the messages that have arrived: a busy main thread must not mistake its own delay for the worker's. */
  #drain(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#receive(next.message)
    }
  }

  /** A job is out of time. Only the one that runs, or waits for a promise, costs the thread its life. */
  #expire(id: number, { job, waits }: PendingJob): void {
    const running = Atomics.load(this.#progress, progressOf.job)
    if (this.#state === 'ready' && (running === id || waits)) {
      this.#endWith('deadline', `did not finish within ${job.deadlineMs} ms`)
      return
    }
    this.#pending.delete(id)
    const before = this.#pending.get(running)
    const why = before === undefined ? 'its thread was not free' : `it waited behind ${this.#runningKey() ?? 'another'}`
    job.fail('code_deadline', (key) => `${key} was not run within ${job.deadlineMs} ms: ${why}`)
    if (this.#state !== 'ready' || running !== 0 || this.#pingExpiresAtMs < Number.POSITIVE_INFINITY) return
    // Nothing runs, and yet nothing comes: something that a call left behind may block the thread.
    this.#pingExpiresAtMs = sharedNowMs() + pingTimeoutMs
    this.#send({ kind: 'ping' })
  }

  #onExit(code: number): void {
    if (this.#state === 'ended') return
    this.#drain()
    this.#endWith('crash', `ended its thread: ${this.#crash ?? `exit code ${code}`}`)
  }

  /** The function that runs or loads at this moment. */
  #runningKey(): string | undefined {
    const running = Atomics.load(this.#progress, progressOf.job)
    return running === 0 ? undefined : this.#keys[Atomics.load(this.#progress, progressOf.fn)]
  }

  #endWith(reason: ThreadEnd['reason'], message: string): void {
    if (this.#state === 'ended') return
    const loading = this.#state !== 'ready'
    const nowMs = sharedNowMs()
    const running = this.#pending.get(Atomics.load(this.#progress, progressOf.job))
    const runningKey = this.#runningKey()
    const jobs = [...this.#pending.values()]
    // What waits for a promise is to blame if it is out of time, or if nothing else runs.
    const waiting = jobs.filter(({ job, waits }) => waits && (job.expiresAtMs <= nowMs || runningKey === undefined))
    const blamed = new Set(runningKey === undefined ? [] : [runningKey])
    for (const { job } of waiting) for (const position of job.open) blamed.add(job.calls[position]?.key ?? '')
    const last = this.#keys[Atomics.load(this.#progress, progressOf.fn)]
    if (blamed.size === 0 && !loading && last !== undefined) blamed.add(last)
    const isLost = (pending: PendingJob): boolean => {
      return pending === running || waiting.includes(pending) || pending.job.expiresAtMs <= nowMs
    }
    void this.#finish()
    this.#owner?.ended({
      reason,
      message,
      blamed: [...blamed],
      lost: jobs.filter(isLost).map(({ job }) => job),
      survivors: jobs.filter((pending) => !isLost(pending)).map(({ job }) => job),
      loading,
    })
  }

  async #finish(): Promise<void> {
    this.#state = 'ended'
    this.#disarm()
    this.#pending.clear()
    this.#outbox = []
    this.#port.close()
    await this.#worker.terminate()
  }

  #log(level: string, text: string): void {
    this.#owner?.log(undefined, level, text)
  }
}

/** All that a thread inherits of the environment: where compiled code is kept, without which each would compile its own anew. */
function compileCache(): Readonly<Record<string, string>> {
  const { NODE_COMPILE_CACHE } = process.env
  return NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }
}
