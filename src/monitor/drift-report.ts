import type { DtypeName } from '../values/index.ts'

/**
 * How far what a version is asked now lies from what it was trained on, column by column: the inputs of all answers of a
 * deployment, and the scores that the version itself gave, each over the bins of the version's training profile.
 */
export interface DeploymentDrift {
  readonly deployment: string
  readonly model: string
  /** The version that answered last as champion: its training set is what served values are held against. */
  readonly version: string
  /** Served moments, the first and the last of them, and on how many UTC days they lie. */
  readonly rows: number
  readonly from: string
  readonly to: string
  readonly day_count: number
  /** In the order of the model's inputs; the rows of `training` are those that the version was fitted on. */
  readonly inputs: readonly ColumnDrift[]
  /** The version's probabilities; the rows of `training` are those that it was validated on. Null where it gave none. */
  readonly score: ColumnDrift | null
}

/** The drift of one column. Every row is in exactly one bin, so counts by `rows` are shares. */
export interface ColumnDrift extends DriftStatistics {
  /** The name under which the model reads it; `probability` for the score. */
  readonly column: string
  readonly type: DtypeName
  /** Where it comes from. */
  readonly from: DriftOrigin
  /** The same bins for both, in order, `missing` last. */
  readonly bins: readonly DriftBin[]
  readonly training: DriftSide
  readonly served: DriftSide
  /** By UTC day of the moment, each against the whole training set. */
  readonly days: readonly (DriftStatistics & {
    readonly day: string
    readonly rows: number
    readonly missing: number
  })[]
}

/** Where the values of a column come from. */
export type DriftOrigin =
  | { readonly kind: 'feature'; readonly role: string; readonly feature: string }
  | { readonly kind: 'derive' | 'request' | 'key' | 'entity' | 'at'; readonly name: string }
  | { readonly kind: 'score' }

/** How many rows a column has on one side, and how many of them have no value. */
export interface DriftSide {
  readonly rows: number
  readonly missing: number
  /** Of the values that are there; null for text, and without any. */
  readonly mean: number | null
  readonly min: number | null
  readonly max: number | null
}

/**
 * One bin with its counts. A range holds `above < value <= up_to`; null is open; instants are milliseconds since 1970. Columns of
 * few values, numbers included, have a category for each (as text) and `other` for what training never or seldom saw.
 */
export type DriftBin = { readonly training: number; readonly served: number } & (
  | { readonly bin: 'range'; readonly above: number | null; readonly up_to: number | null }
  | { readonly bin: 'category'; readonly category: string }
  | { readonly bin: 'other' }
  | { readonly bin: 'missing' }
)

/** Two distances between the bins of training and of serving; null where either has no rows. */
export interface DriftStatistics {
  /** The Population Stability Index: 0 for equal shares, unbounded. See `populationStabilityIndex`. */
  readonly psi: number | null
  /** What 95 of 100 samples of this size would stay below without any drift, were their rows independent. */
  readonly psi_by_chance: number | null
  /** The Jensen-Shannon distance, 0 to 1. See `jensenShannonDistance`. */
  readonly jensen_shannon: number | null
}
