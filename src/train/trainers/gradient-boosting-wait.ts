/** The first words of `control`, with which threads wait for each other. */
export const teamWord = {
  /** Counts the phases that were begun. */
  turn: 0,
  /** Threads other than the first that have done their share of this turn. */
  done: 1,
  phase: 2,
  failed: 5,
} as const

/** How often a thread looks before it sleeps: a phase is often shorter than falling asleep and being woken. */
const looks = 2_000

/** Waits until a word is no longer `known`; its new value, or `known` when `timeoutMs` have passed. */
export function awaitChange(
  control: Int32Array,
  word: number,
  known: number,
  timeoutMs: number = Number.POSITIVE_INFINITY,
): number {
  for (let look = 0; look < looks; look++) {
    const value = Atomics.load(control, word)
    if (value !== known) return value
  }
  Atomics.wait(control, word, known, timeoutMs)
  return Atomics.load(control, word)
}
