import type { ResolvedFeature } from '../define/index.ts'
import type { Instant, Status, Value } from '../values/index.ts'

/** What serving asks of the online store: all features of a request in one lookup, each row at its own instant. */
export interface FeatureLookup {
  /** Prepares a list of features once, so that a lookup is only keys and instants. */
  prepare(features: readonly LookupFeature[]): (rows: readonly LookupRow[]) => Promise<readonly LookupResult[]>
}

/** A feature and which of a row's keys it is looked up by. */
export interface LookupFeature extends ResolvedFeature {
  readonly key: number
}

/** One row to look up. */
export interface LookupRow {
  readonly at: Instant
  /** Entity keys; a null column names no entity. */
  readonly keys: readonly (readonly (Value | null)[])[]
}

/** What the store knew, feature by feature in the order prepared. */
export interface LookupResult {
  readonly values: readonly (Value | null)[]
  readonly statuses: readonly Status[]
  /** Source -> the instant for which it answered. */
  readonly asOf: Readonly<Record<string, Instant>>
  /** Source -> the instant from which on its answers are exact; every instant where left out. */
  readonly exactFrom?: Readonly<Record<string, Instant>>
  /** Source -> version of its table, where it answered from files. */
  readonly tables: Readonly<Record<string, string>>
  /** What went wrong with features that are `unavailable`; for the owner. */
  readonly failure?: string | null
}

/** Waits until everything up to a position is applied. */
export interface PositionWaiter {
  /**
   * Resolves when lookups of this process see the position: true, or false when the time was over first.
   * @throws position_invalid
   */
  waitFor(position: string, timeoutMs: number): Promise<boolean>
}
