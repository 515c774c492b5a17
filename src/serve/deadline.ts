/** What `before` gives when the time was over first. */
export const late: unique symbol = Symbol('late')

/** Waits for a promise, but not longer than this. A promise that fails later is nobody's business any more. */
export function before<T>(promise: Promise<T>, timeoutMs: number): Promise<T | typeof late> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(late), Math.max(0, timeoutMs))
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/**
 * How the time of an answer is shared out, as instants of `performance.now()`. The version has to be done early enough for
 * the fallback to run, and that early enough for the log.
 */
export interface AnswerBudget {
  /** Until here for waiting on a position. */
  readonly waitUntil: number
  /** Until here for lookup and derives. */
  readonly versionUntil: number
  /** Until here a thread that was stopped may say so. */
  readonly stoppedUntil: number
  /** Until here for the baseline. */
  readonly fallbackUntil: number
  /** Until here for the log: then the reply leaves. */
  readonly replyUntil: number
}

/** Shares out the time of an answer that began at `startedMs`. */
export function answerBudget(startedMs: number, timeoutMs: number): AnswerBudget {
  return {
    waitUntil: startedMs + timeoutMs * 0.35,
    versionUntil: startedMs + timeoutMs * 0.5,
    stoppedUntil: startedMs + timeoutMs * 0.6,
    fallbackUntil: startedMs + timeoutMs * 0.8,
    replyUntil: startedMs + timeoutMs,
  }
}
