import type { MomentSpec, OutcomeSpec, ResolvedFeature, SourceSpec } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import type { Column, Instant, Table } from '../values/index.ts'

/**
 * The offline engine reads pinned versions of tables and answers as of instants: which rows a moment had, what every
 * feature was then, what came true later. It writes tables as Parquet. It keeps no state of its own.
 */
export interface OfflineEngine {
  readonly name: string

  /**
   * Lists the files of a source's history now, checks their columns against the declaration and pins them.
   * @throws source_file_missing, source_column_missing, source_column_type, source_time_naive
   */
  listHistory(
    source: SourceSpec,
    options: { readonly rootDir: string; readonly cutoverMs: Instant | null },
  ): Promise<TableVersion>

  /** Reads the rows of a source that count, with their times, in no particular order. */
  readSource(source: SourceSpec, version: TableVersion, options?: ReadOptions): Promise<SourceTable>

  /**
   * The occurrences of a moment with `from <= event < to`, in a fixed order: columns `at`, every key field, `<role>` or
   * `<role>_<key column>`, every request field.
   */
  readMoments(
    moment: MomentSpec,
    source: SourceSpec,
    version: TableVersion,
    range: { readonly fromMs: Instant | null; readonly toMs: Instant | null },
  ): Promise<Table>

  /**
   * Every feature at every instant: exactly one answer a spine row, in the spine's order, duplicates included. A row of a
   * source counts at `asOf` if and only if its known time is before it.
   * @throws sum_overflow when a sum leaves 64 bits, 2^53 for `int`, or what is finite, unless `onOverflow` is `status`
   */
  features(request: FeatureRequest): Promise<readonly FeatureColumn[]>

  /** The outcome of every moment for the cut `cutMs`. */
  outcomes(request: OutcomeRequest): Promise<OutcomeColumns>

  /** Writes a table as Parquet and says what it wrote. What it holds has a digest of its own, `tableDigest`. */
  writeTable(table: Table, path: string): Promise<{ readonly rows: number; readonly sizeBytes: number }>

  /**
   * Reads a Parquet table that this engine wrote: all of its columns, some of them, or all without some.
   * @throws table_invalid, not_found for a column that it does not have
   */
  readTable(path: string, columns?: readonly string[] | { readonly without: readonly string[] }): Promise<Table>

  close(): Promise<void>
}

/** One pinned state of a source's rows. Files are named, sized and dated, so that a change under a pin is noticed. */
export interface TableVersion {
  readonly source: string
  /** Digest over the list of files, the cutover and the log position. */
  readonly digest: Digest
  readonly files: readonly TableFile[]
  /** History counts before, received rows from here on, both by declared known time. Null: history only. */
  readonly cutoverMs: Instant | null
  /** Up to which position of the log its rows are in `files`; null without a log. */
  readonly logPosition: string | null
  readonly listedAtMs: Instant
}

export interface TableFile {
  /** Absolute path, or relative to the root given when listing. */
  readonly path: string
  /** `history`: the user's file. `log`: written by us from received rows, with columns `received` and `available`. */
  readonly origin: 'history' | 'log'
  readonly sizeBytes: number
  readonly modifiedMs: Instant
  readonly rows: number
  /** SHA-256 of the file's bytes: names the file, not its meaning. */
  readonly sha256: Digest
}

export interface ReadOptions {
  /** Only these columns (besides times and id); all where left out. */
  readonly columns?: readonly string[]
  /** Only rows with known time before this: the source as it stood then. */
  readonly knownBeforeMs?: Instant
}

/** Rows of a source: its columns, and the times that decide what counts. NaN in `known`: never visible. */
export interface SourceTable extends Table {
  readonly event: Float64Array
  readonly available: Float64Array
  readonly known: Float64Array
  /** NaN for rows of history files. */
  readonly received: Float64Array
}

export interface FeatureRequest {
  readonly features: readonly SpineFeature[]
  /** The pinned version of every source that the features read. */
  readonly versions: Readonly<Record<string, TableVersion>>
  readonly rows: number
  /** Only rows with known time before this are read at all, for recomputation from sources cut at a moment. */
  readonly knownBeforeMs?: Instant
  /** What a sum that does not fit its type is: an error (the default), or the status `overflow` as online. */
  readonly onOverflow?: 'error' | 'status'
  readonly onProgress?: (done: number, total: number) => void
}

/** A feature to compute, and where on the spine it is asked for. */
export interface SpineFeature extends ResolvedFeature {
  /** One column for each key column of the entity, in the key's order. */
  readonly key: readonly Column[]
  /** The instant of each spine row for this feature's source. */
  readonly asOf: Float64Array
}

export interface FeatureColumn {
  readonly values: Column
  /** Codes of `statuses`. */
  readonly statuses: Uint8Array
}

export interface OutcomeRequest {
  readonly outcome: OutcomeSpec
  readonly source: SourceSpec
  readonly version: TableVersion
  /** One column for each entry of `outcome.on`, in its order. */
  readonly key: readonly Column[]
  /** The instant after which an outcome belongs to the row: max(m, as_of). */
  readonly after: Float64Array
  /** The moment itself; it is mature when `m + horizon + lag < cut`. */
  readonly at: Float64Array
  /** The cut T: only rows known before it are used. */
  readonly cutMs: Instant
}

/** What every row's label is. Codes of `labelStatus`: observed, absent, open, censored, unobservable. */
export interface OutcomeColumns {
  readonly label: Float64Array
  readonly labelStatus: Uint8Array
  /** When the outcome became known; NaN without one. */
  readonly labelAt: Float64Array
  readonly weight: Float64Array
}

/** The places of this list are the codes of `labelStatus`. */
export const labelStatuses = ['observed', 'absent', 'open', 'censored', 'unobservable'] as const
export type LabelStatus = (typeof labelStatuses)[number]
