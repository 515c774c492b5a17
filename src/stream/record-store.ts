/** Where the records of one log are kept: all that a driver has to bring, the rest is the same for all. */
export interface RecordStore {
  readonly firstOffset: number
  /** The offset that the next record will get. */
  readonly nextOffset: number
  /** Every record below this offset is durable. */
  readonly durableOffset: number
  /** Appends records, all or nothing; in order of the calls; resolves once they are durable. */
  append(payloads: readonly Uint8Array[]): Promise<unknown>
  /** Resolves when everything appended so far is durable. */
  flush(): Promise<void>
  /** Durable records from an offset on, at most `limit`; none at the end. */
  read(from: number, limit: number): Promise<Uint8Array[]>
  /**
   * An offset at or after which every record lies whose stamp or event time is at least this instant, as far as the store can tell
   * without reading them.
   */
  scanStart(timeMs: number): Promise<number>
  /** Drops records before the offset as far as it can. */
  retain(beforeOffset: number): Promise<unknown>
  close(): Promise<void>
}

/** Opens the records of one log. `latestMs` is the greatest stamp or event time of its rows so far, for stores that note it. */
export type OpenRecordStore<Name> = (
  name: Name,
  hooks: { readonly latestMs: () => number; readonly committed: () => void },
) => Promise<RecordStore>

/** Keeps the greatest frontier published by any log, so that no stamp falls behind it after a restart. */
export interface FrontierKeeper {
  /** No stamp may lie before this instant. */
  readonly floorMs: number
  /** Resolves once a frontier up to this instant may be published. */
  cover(frontierMs: number): Promise<void>
  close(): Promise<void>
}
