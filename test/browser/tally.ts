/** Counts what holds and what does not, and says it line by line. */
export class Tally {
  passed = 0
  failed = 0

  /** Does `work`; what it throws is a failure, and the rest goes on. */
  async check(sentence: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.passed++
      console.log(`ok: ${sentence}`)
    } catch (error) {
      this.failed++
      const text = error instanceof Error ? error.message : String(error)
      console.error(`FAILED: ${sentence}\n  ${text.replaceAll('\n', '\n  ')}`)
    }
  }
}

/** @throws where it does not hold */
export function expect(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence)
}

/** Asks until it holds. @throws where it does not within `withinMs` milliseconds */
export async function eventually(sentence: string, holds: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  const until = Date.now() + withinMs
  while (Date.now() < until) {
    if (await holds().catch(() => false)) return
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error(`not within ${withinMs / 1000} s: ${sentence}`)
}
