/** Work that is done after the reply, and dropped before it slows a reply. */
export interface ShadowQueue {
  /** Takes work to be done later; false when there is too much already. */
  offer(work: () => Promise<void>): boolean
  /** Resolves when everything taken is done. */
  drained(): Promise<void>
  readonly length: number
}

/** A queue that does one piece of work at a time, each after the event loop had its turn. */
export function shadowQueue(limit: number): ShadowQueue {
  const waiting: (() => Promise<void>)[] = []
  let running: Promise<void> | null = null
  async function run(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      const work = waiting.shift()
      if (work === undefined) break
      // A shadow's fault stays in the shadow: the work itself counts it.
      await work().catch(() => undefined)
    }
    running = null
  }
  return {
    get length() {
      return waiting.length
    },
    offer(work) {
      if (waiting.length >= limit) return false
      waiting.push(work)
      running ??= run()
      return true
    },
    async drained() {
      while (running !== null) await running
    },
  }
}
