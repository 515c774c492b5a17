import type { Instant } from '../values/index.ts'

/**
 * The frontier of each source as this process knows it: every row received before it is applied. The writer publishes them;
 * processes that only read hear of them later, which makes their answers older, never wrong.
 */
export interface Frontiers {
  get(source: string): Instant | undefined
  /** By source, as a lookup takes them. It changes with every publication. */
  readonly all: Readonly<Record<string, Instant>>
  /** A frontier never goes back: an earlier one changes nothing. */
  publish(source: string, frontierMs: Instant): void
  /** Calls back after each change; returns what ends it. */
  subscribe(listener: FrontierListener): () => void
  /** Waits until the frontier lies beyond an instant: true, or false when the time is over. */
  waitBeyond(source: string, receivedMs: Instant, timeoutMs: number): Promise<boolean>
  /** How many wait for a frontier. */
  readonly waiting: number
}

export type FrontierListener = (source: string, frontierMs: Instant) => void

interface Waiter {
  readonly source: string
  readonly receivedMs: Instant
  readonly done: (reached: boolean) => void
}

/** Frontiers of which none is known yet. */
export function createFrontiers(): Frontiers {
  const all: Record<string, Instant> = {}
  const listeners = new Set<FrontierListener>()
  const waiters = new Set<Waiter>()
  const beyond = (source: string, receivedMs: Instant) => (all[source] ?? Number.NEGATIVE_INFINITY) > receivedMs
  return {
    all,
    get: (source) => all[source],
    get waiting() {
      return waiters.size
    },
    publish(source, frontierMs) {
      const before = all[source]
      if (before !== undefined && before >= frontierMs) return
      all[source] = frontierMs
      for (const waiter of waiters) if (beyond(waiter.source, waiter.receivedMs)) waiter.done(true)
      for (const listener of listeners) listener(source, frontierMs)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    waitBeyond(source, receivedMs, timeoutMs) {
      if (beyond(source, receivedMs)) return Promise.resolve(true)
      return new Promise((resolve) => {
        const timer = setTimeout(() => waiter.done(false), timeoutMs)
        const waiter: Waiter = {
          source,
          receivedMs,
          done(reached) {
            clearTimeout(timer)
            waiters.delete(waiter)
            resolve(reached)
          },
        }
        waiters.add(waiter)
      })
    },
  }
}
