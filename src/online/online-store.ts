/**
 * The online store holds ordered keys and values. What they mean (raw rows, tiles, marks) is the business of `state.ts`
 * and `lookup.ts`, the same for every driver. There is one writer; readers may be other processes.
 */
export interface OnlineStore {
  readonly name: string
  readonly supports: {
    /** Other processes may read while this one writes. */
    readonly sharedReaders: boolean
    /** What is written survives a restart. */
    readonly durable: boolean
  }

  /**
   * Reads several keys and ranges in one snapshot: nothing of a later write is in the answer, and of an earlier one
   * everything. Synchronous drivers resolve at once.
   */
  read(request: OnlineRead): Promise<OnlineAnswer>

  /** Writes all or nothing. Resolves when readers see it and, where the store is durable, when it survives `kill -9`. */
  write(batch: OnlineBatch): Promise<void>

  close(): Promise<void>
}

export type Key = Uint8Array

export interface OnlineRead {
  readonly gets: readonly Key[]
  readonly ranges: readonly OnlineRange[]
}

/** Keys with `from <= key < to`, in the order of their bytes. */
export interface OnlineRange {
  readonly from: Key
  readonly to: Key
  readonly limit?: number
}

export interface OnlineAnswer {
  /** In the order of `gets`; null where there is no such key. */
  readonly values: readonly (Uint8Array | null)[]
  /** In the order of `ranges`. */
  readonly ranges: readonly (readonly OnlineEntry[])[]
}

export interface OnlineEntry {
  readonly key: Key
  readonly value: Uint8Array
}

export interface OnlineBatch {
  readonly puts: readonly OnlineEntry[]
  readonly deletes: readonly Key[]
  /** Ranges are deleted before anything is put. */
  readonly deleteRanges?: readonly OnlineRange[]
}
