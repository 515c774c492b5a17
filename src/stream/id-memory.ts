/** What is remembered of a row with an id. */
export interface RememberedRow {
  readonly offset: number
  readonly receivedMs: number
  readonly eventMs: number
  /** The digest of its content. */
  readonly digest: string
}

/**
 * The ids that a log remembers. A row is remembered while the later of its stamp and its event time lies within the window behind the
 * log's time (the stamp of its last row). A repeat has the event time of the row it repeats, so it is either remembered or refused as
 * too old, and counts once without the log keeping every id for ever.
 */
export class IdMemory {
  readonly windowMs: number
  /** Whether every row of the log is in here, not only those of the window. */
  readonly complete: boolean
  readonly #rows = new Map<string, RememberedRow>()
  #pruneAt = 10_000

  constructor(windowMs: number, complete: boolean) {
    this.windowMs = windowMs
    this.complete = complete
  }

  /** The row that stands under an id, if it is remembered at the log's time; at any age with `evenForgotten`. */
  find(id: string, log: { timeMs: number; firstOffset: number }, evenForgotten = false): RememberedRow | undefined {
    const row = this.#rows.get(id)
    if (row === undefined || row.offset < log.firstOffset) return undefined
    return evenForgotten || this.#remembers(row, log.timeMs) ? row : undefined
  }

  /** Whether a new row with this event time could be a repeat of one that is no longer remembered. */
  isTooOld(eventMs: number, logTimeMs: number): boolean {
    return eventMs < logTimeMs - this.windowMs
  }

  /** Remembers a row that was accepted. */
  add(id: string, row: RememberedRow): void {
    this.#rows.set(id, row)
    if (this.complete || this.#rows.size < this.#pruneAt) return
    for (const [known, remembered] of this.#rows) {
      if (!this.#remembers(remembered, row.receivedMs)) this.#rows.delete(known)
    }
    this.#pruneAt = Math.max(10_000, this.#rows.size * 2)
  }

  #remembers(row: RememberedRow, logTimeMs: number): boolean {
    return Math.max(row.receivedMs, row.eventMs) >= logTimeMs - this.windowMs
  }
}
