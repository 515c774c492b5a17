import type { DtypeName, Instant } from '../values/index.ts'

/** What a file holds, as far as its values tell. */
export interface FileProfile {
  readonly format: 'csv' | 'parquet' | 'json lines'
  readonly rows: number
  readonly columns: readonly ColumnProfile[]
  /** For two columns of times: in how many rows the second lies later than the first. */
  readonly later: readonly LaterColumn[]
}

/** What one column holds. */
export interface ColumnProfile {
  readonly name: string
  /** The narrowest type that every value fits. */
  readonly type: DtypeName
  readonly nulls: number
  /** How many different values it has, null not counted. */
  readonly distinct: number
  /** The most frequent values and how many rows have each, the most frequent first. */
  readonly frequent: readonly { readonly value: string; readonly rows: number }[]
  /** Of numbers; null for others and where there is none. */
  readonly range: { readonly min: number; readonly max: number } | null
  /** Of times. */
  readonly times: {
    readonly first: Instant
    readonly last: Instant
    /** Rows whose time has no offset from UTC. */
    readonly naive: number
  } | null
}

/** Rows in which one time lies later than another; `both` have a value in that many. */
export interface LaterColumn {
  readonly earlier: string
  readonly later: string
  readonly rows: number
  readonly both: number
}
