/** What the pool and its worker threads say to each other, by structured clone. */
import type { MessagePort } from 'node:worker_threads'

/**
 * Rows to call a function with, one call each: as objects, or as columns, which are cheaper to send in numbers. In a
 * Float64Array NaN stands for null, which is what the function gets.
 */
export type FunctionRows =
  | { readonly rows: readonly object[] }
  | { readonly columns: Readonly<Record<string, ArrayLike<unknown>>>; readonly rowCount: number }

/** One function of a job, by its place in the thread's list. */
export interface WireCall {
  readonly fn: number
  readonly input: FunctionRows
}

export interface WireJob {
  readonly id: number
  /** On the clock of `sharedNowMs`. A thread does not begin a job that nobody waits for any more. */
  readonly expiresAtMs: number
  readonly calls: readonly WireCall[]
}

/** An error as it was thrown; the stack names lines of the loaded source. Only the first few of a call have one. */
export interface WireError {
  readonly row: number
  readonly message: string
  readonly stack: string
}

/** What one call gave: a value for each row, and errors for the rows that have none. */
export interface WireOutcome {
  readonly values: unknown[]
  readonly errors: WireError[]
}

/** The first message: the port that all others take, and the progress that the pool reads while the thread is busy. */
export interface WireStart {
  readonly port: MessagePort
  readonly progress: Int32Array
}

export type ToWorker =
  | { readonly kind: 'load'; readonly sources: readonly string[] }
  | { readonly kind: 'jobs'; readonly jobs: readonly WireJob[] }
  | { readonly kind: 'ping' }

export type FromWorker =
  | { readonly kind: 'loaded'; readonly errors: readonly (WireError | null)[] }
  /** What a job gave; null for calls that still wait for a promise. */
  | { readonly kind: 'results'; readonly id: number; readonly outcomes: readonly (WireOutcome | null)[] }
  /** What a call gave that had to wait. */
  | { readonly kind: 'result'; readonly id: number; readonly call: number; readonly outcome: WireOutcome }
  | { readonly kind: 'log'; readonly fn: number; readonly level: string; readonly text: string }
  | { readonly kind: 'pong' }

/** Where in the progress stands what: the job that runs (0: none, -1: loading), its call, and the last function. */
export const progressOf = { job: 0, call: 1, fn: 2 } as const

/** The job number that stands for loading. */
export const loadingJob = -1

/** The name that a loaded function has in stack traces, before `:line:column`. */
export const functionUrl = 'noonmark-function:'

const sharedOriginMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** A clock that is the same in every thread and never goes back. */
export function sharedNowMs(): number {
  return sharedOriginMs + performance.now()
}
