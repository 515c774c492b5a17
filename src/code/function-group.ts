import { noonmarkError } from '../errors.ts'
import { type CodeError, failedRows, type RowResult, rowCountOf, rowResults, thrownError } from './call-result.ts'
import { type BreakerRule, type BreakerState, CircuitBreaker } from './circuit-breaker.ts'
import { type FunctionRows, sharedNowMs } from './function-message.ts'
import type { FunctionJob, FunctionThread, ThreadEnd } from './function-thread.ts'
import { readSourceMap, type SourceMap } from './source-map.ts'

/** A function that a group runs: a key of the caller's, and what `sliceFunction` made. */
export interface PoolFunction {
  readonly key: string
  readonly digest: string
  readonly source: string
}

/** One function called with several rows. */
export type FunctionCall = { readonly key: string } & FunctionRows

/** How a function fares. */
export interface FunctionState {
  readonly group: string
  readonly key: string
  readonly digest: string
  /** `broken`: it cannot be loaded. The others: see `BreakerState`. */
  readonly state: BreakerState | 'broken'
  /** How often its thread was ended because of it. */
  readonly kills: number
  readonly lastError?: CodeError
  /** UTC milliseconds. */
  readonly lastErrorAt?: number
  /** UTC milliseconds; while held. */
  readonly nextTryAt?: number
}

/** What a group needs of its pool. */
export interface GroupHost {
  readonly takeThread: () => FunctionThread
  /** Called once a thread has loaded: now a spare one may start without slowing it. */
  readonly warm: () => void
  readonly breakerRule: BreakerRule
  readonly log: (group: string, key: string | undefined, level: string, text: string) => void
}

const mostFailedStarts = 3

/** One function of a group, and how it fares. */
class GroupFunction {
  readonly fn: PoolFunction
  readonly breaker: CircuitBreaker
  isBroken = false
  kills = 0
  lastError: CodeError | undefined
  lastErrorAt = 0
  #sourceMap: SourceMap | undefined

  constructor(fn: PoolFunction, rule: BreakerRule) {
    this.fn = fn
    this.breaker = new CircuitBreaker(rule)
  }

  readonly sourceMap = (): SourceMap | undefined => {
    this.#sourceMap ??= readSourceMap(this.fn.source)
    return this.#sourceMap
  }

  note(error: CodeError): void {
    this.lastError = error
    this.lastErrorAt = Date.now()
  }

  /** Why the function may not be called now, if it may not. */
  refusal(): CodeError | undefined {
    if (this.isBroken) return this.lastError
    if (this.breaker.admit(performance.now())) return undefined
    const why = this.lastError === undefined ? '' : `: ${this.lastError.message}`
    return { code: 'code_held', message: `${this.fn.key} is held open${why}` }
  }

  state(group: string): FunctionState {
    const { key, digest } = this.fn
    const state = this.isBroken ? 'broken' : this.breaker.state
    return {
      group,
      key,
      digest,
      state,
      kills: this.kills,
      ...(this.lastError === undefined ? {} : { lastError: this.lastError, lastErrorAt: this.lastErrorAt }),
      ...(state === 'held' ? { nextTryAt: Math.ceil(Date.now() + this.breaker.heldUntilMs - performance.now()) } : {}),
    }
  }
}

/** The functions that share a thread. When the thread is lost, another takes its place. */
export class FunctionGroup {
  readonly name: string
  readonly #host: GroupHost
  readonly #functions: ReadonlyMap<string, GroupFunction>
  #thread: FunctionThread
  /** Starts in a row that ended before any function could be loaded. */
  #failedStarts = 0
  #isClosed = false
  #onReady: () => void = () => {}

  /** Functions whose digest is that of the previous group keep their state. */
  constructor(name: string, functions: readonly PoolFunction[], previous: FunctionGroup | undefined, host: GroupHost) {
    this.name = name
    this.#host = host
    this.#functions = new Map(
      functions.map((fn) => {
        const before = previous === undefined ? undefined : previous.#functions.get(fn.key)
        const isSame = before !== undefined && before.fn.digest === fn.digest && !before.isBroken
        return [fn.key, isSame ? before : new GroupFunction(fn, host.breakerRule)]
      }),
    )
    this.#thread = host.takeThread()
  }

  /** Resolves when every function is loaded, or known not to be loadable. */
  start(): Promise<void> {
    return new Promise((ready) => {
      this.#onReady = ready
      this.#load()
    })
  }

  /** Whether the group runs exactly these functions. */
  runs(functions: readonly PoolFunction[]): boolean {
    const isSame = ({ key, digest }: PoolFunction): boolean => this.#functions.get(key)?.fn.digest === digest
    return !this.#isHopeless() && functions.length === this.#functions.size && functions.every(isSame)
  }

  /** Runs calls under one deadline; never raises but for unknown functions. */
  async run(calls: readonly FunctionCall[], deadlineMs: number): Promise<RowResult[][]> {
    const functions = calls.map(({ key }) => this.#functionOf(key))
    return new Promise((resolve) => {
      const job = createJob(calls, functions, deadlineMs, resolve)
      refuseHeld(job, functions)
      if (job.open.size === 0) {
        if (calls.length === 0) resolve([])
      } else if (this.#isHopeless()) job.fail('code_crashed', (key) => `${key} cannot run: no worker thread starts`)
      else this.#thread.add(job)
    })
  }

  states(): FunctionState[] {
    return [...this.#functions.values()].map((fn) => fn.state(this.name))
  }

  /** Ends the thread once its calls have ended. */
  retire(): void {
    this.#isClosed = true
    this.#thread.retire()
  }

  /** Ends the thread now. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#thread.close()
    this.#onReady()
  }

  #functionOf(key: string): GroupFunction {
    const found = this.#functions.get(key)
    if (found !== undefined) return found
    throw noonmarkError('not_found', {
      message: `${this.name} has no function ${key}`,
      hint: `It has ${[...this.#functions.keys()].join(', ') || 'none'}.`,
    })
  }

  #isHopeless(): boolean {
    return this.#failedStarts >= mostFailedStarts
  }

  #load(): void {
    const functions = [...this.#functions.values()].filter(({ isBroken }) => !isBroken).map(({ fn }) => fn)
    this.#thread.load(functions, {
      loaded: (errors) => {
        this.#failedStarts = 0
        for (const { key, error } of errors) {
          const found = this.#functions.get(key)
          if (found === undefined) continue
          const thrown = thrownError(error, found.sourceMap)
          found.isBroken = true
          found.note({ ...thrown, message: `${key} cannot be loaded: ${thrown.message}` })
        }
        this.#host.warm()
        this.#onReady()
      },
      refusal: (key) => {
        const found = this.#functions.get(key)
        return found?.isBroken === true ? found.lastError : undefined
      },
      ended: (end) => this.#replaceThread(end),
      log: (key, level, text) => this.#host.log(this.name, key, level, text),
    })
  }

  #replaceThread(end: ThreadEnd): void {
    const code = end.reason === 'deadline' ? 'code_deadline' : 'code_crashed'
    const explain = (key: string): string => {
      if (end.blamed.includes(key)) return `${key} ${end.message}`
      return `${key} did not finish: ${end.blamed.join(', ') || 'the thread'} ${end.message}`
    }
    for (const key of end.blamed) {
      const found = this.#functions.get(key)
      if (found === undefined) continue
      found.kills++
      if (end.loading) found.isBroken = true // it would take the next thread with it as well
      found.breaker.killed(performance.now())
      found.note({ code, message: explain(key) })
    }
    if (end.loading && end.blamed.length === 0) this.#failedStarts++
    const isOver = this.#isClosed || this.#isHopeless()
    for (const job of end.lost) job.fail(code, explain)
    for (const job of end.survivors) if (job.retried || isOver) job.fail(code, explain)
    if (isOver) {
      this.#onReady()
      return
    }
    this.#thread = this.#host.takeThread()
    this.#load()
    for (const job of end.survivors) this.#retry(job)
  }

  #retry(job: FunctionJob): void {
    job.retried = true
    refuseHeld(
      job,
      job.calls.map(({ key }) => this.#functionOf(key)),
    )
    if (job.open.size > 0) this.#thread.add(job)
  }
}

function refuseHeld(job: FunctionJob, functions: readonly GroupFunction[]): void {
  for (const call of [...job.open]) {
    const refusal = functions[call]?.refusal()
    if (refusal !== undefined) job.refuse(call, refusal)
  }
}

function createJob(
  calls: readonly FunctionCall[],
  functions: readonly GroupFunction[],
  deadlineMs: number,
  resolve: (results: RowResult[][]) => void,
): FunctionJob {
  const open = new Set(calls.keys())
  const results: RowResult[][] = calls.map(() => [])
  const finish = (call: number, rows: RowResult[]): void => {
    if (!open.delete(call)) return
    results[call] = rows
    if (open.size === 0) resolve(results)
  }
  const refuse = (call: number, error: CodeError): void => {
    const input = calls[call]
    if (input !== undefined) finish(call, failedRows(rowCountOf(input), error))
  }
  return {
    calls,
    open,
    deadlineMs,
    expiresAtMs: sharedNowMs() + deadlineMs,
    retried: false,
    end: (call, outcome) => {
      const fn = functions[call]
      if (fn === undefined) return
      const rows = rowResults(outcome, fn.sourceMap)
      fn.breaker.ended()
      const failed = outcome.errors.length === 0 ? undefined : rows.find((row) => !row.ok)
      if (failed?.ok === false) fn.note(failed.error)
      finish(call, rows)
    },
    refuse,
    fail: (code, message) => {
      for (const call of [...open]) {
        functions[call]?.breaker.abandoned()
        refuse(call, { code, message: message(functions[call]?.fn.key ?? '') })
      }
    },
  }
}
