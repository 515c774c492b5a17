import type { StandingRows } from '../standing-rows.ts'

/**
 * Remembers which rows of pinned versions count, and when each was known: a training reads one version several times, for
 * features, for outcomes, and to look for leakage. The latest used are kept, as many as the limit allows.
 */
export class DecidedRows {
  private readonly kept = new Map<string, { readonly rows: Promise<StandingRows>; bytes: number }>()
  private readonly limitBytes: number

  constructor(limitMb: number) {
    this.limitBytes = limitMb * 1_048_576
  }

  /** @param key everything that the decision depends on, as JSON values */
  async of(key: readonly unknown[], decide: () => Promise<StandingRows>): Promise<StandingRows> {
    const name = JSON.stringify(key)
    const found = this.kept.get(name)
    if (found !== undefined) {
      // Last in the order of a map is the latest used.
      this.kept.delete(name)
      this.kept.set(name, found)
      return found.rows
    }
    const entry = { rows: decide(), bytes: 0 }
    this.kept.set(name, entry)
    try {
      const rows = await entry.rows
      entry.bytes = bytesOf(rows)
      this.trim()
      return rows
    } catch (error) {
      this.kept.delete(name)
      throw error
    }
  }

  private trim(): void {
    let total = 0
    for (const [name, { bytes }] of [...this.kept].reverse()) {
      total += bytes
      if (total > this.limitBytes) this.kept.delete(name)
    }
  }
}

function bytesOf({ rows, counted }: StandingRows): number {
  // Four times as doubles: event, available, known, received.
  return 4 * 8 * rows + (counted?.byteLength ?? 0)
}
