/** When a function is held open, and for how long. Times are milliseconds of a clock that never goes back. */
export interface BreakerRule {
  /** So many kills ... */
  readonly kills: number
  /** ... within so long hold the function open. */
  readonly withinMs: number
  /** How long it is held at first; each time that it fails again doubles it. */
  readonly firstHoldMs: number
  readonly longestHoldMs: number
}

/** Three kills in ten seconds hold a function for one second, then 2, 4 ... up to a minute. */
export const defaultBreakerRule: BreakerRule = { kills: 3, withinMs: 10_000, firstHoldMs: 1_000, longestHoldMs: 60_000 }

/** `ready`: calls run. `held`: they fail at once. `trial`: one call runs, to see whether the function has recovered. */
export type BreakerState = 'ready' | 'held' | 'trial'

/** Keeps a function that is killed again and again from being called. */
export class CircuitBreaker {
  readonly #rule: BreakerRule
  #state: BreakerState = 'ready'
  #recentKills: number[] = []
  #holds = 0
  #heldUntilMs = 0

  constructor(rule: BreakerRule) {
    this.#rule = rule
  }

  get state(): BreakerState {
    return this.#state
  }

  /** When the next call will be let through; meaningful while held. */
  get heldUntilMs(): number {
    return this.#heldUntilMs
  }

  /** Whether a call may run now. One that may while the function is held is its trial. */
  admit(nowMs: number): boolean {
    if (this.#state === 'held' && nowMs >= this.#heldUntilMs) {
      this.#state = 'trial'
      return true
    }
    return this.#state === 'ready'
  }

  /** A call ended by itself, whatever it gave. */
  ended(): void {
    if (this.#state !== 'trial') return
    this.#state = 'ready'
    this.#recentKills = []
    this.#holds = 0
  }

  /** A call had to be given up without its own fault; another may be the trial. */
  abandoned(): void {
    if (this.#state === 'trial') this.#state = 'held'
  }

  /** The function was killed. */
  killed(nowMs: number): void {
    if (this.#state === 'held') return
    this.#recentKills = [...this.#recentKills.filter((at) => at > nowMs - this.#rule.withinMs), nowMs]
    if (this.#state === 'ready' && this.#recentKills.length < this.#rule.kills) return
    this.#heldUntilMs = nowMs + Math.min(this.#rule.firstHoldMs * 2 ** this.#holds, this.#rule.longestHoldMs)
    this.#holds++
    this.#recentKills = []
    this.#state = 'held'
  }
}
