/**
 * The stream log keeps the rows that we receive: one durable log per (project, source), in order of arrival. It stamps when each
 * row was received, counts a repeated id once, and publishes the frontier up to which its rows are settled. It knows nothing of
 * what a row says.
 */
export interface StreamLog {
  readonly supports: StreamLogSupports

  /** Says how a source is kept; may be said again at any time. A source that was never declared takes the defaults. */
  declare(name: LogName, declaration: LogDeclaration): Promise<void>

  /**
   * Appends rows, all or nothing, and resolves once they are durable. Every accepted row of the call gets the same stamp:
   * `received = max(clock, last stamp, last frontier)`.
   * @throws event_conflict an id that stands with other content; event_too_old a new id further back than ids are remembered;
   * row_invalid; log_unavailable nothing was kept, or nobody can say: send it again
   */
  append(name: LogName, rows: readonly AppendRow[]): Promise<AppendResult>

  /**
   * Durable rows from an offset on, in order: some of them if there are any, at most `limit`; none at the end.
   * @throws log_position_gone the rows are no longer kept; segment_damaged
   */
  read(name: LogName, range: { readonly from: number; readonly limit: number }): Promise<LogRow[]>

  /** Durable rows from an offset on, in pieces, waiting for more at the end, until the signal aborts or the log closes. */
  tail(name: LogName, options: TailOptions): AsyncIterable<readonly LogRow[]>

  /** Calls back with the offset after the last durable row, after each commit; returns what ends it. */
  subscribe(name: LogName, listener: (nextOffset: number) => void): () => void

  /** Which rows the log has. */
  extent(name: LogName): Promise<LogExtent>

  /** The last published frontier and the rows below it. */
  frontier(name: LogName): Promise<Frontier>

  /**
   * Moves the frontier up to an instant (the clock's where left out) as far as rows on their way to disk allow, and publishes it: from
   * now on, and after any restart, no row is stamped before it. An instant ahead of the clock pushes later stamps ahead, too.
   */
  advance(name: LogName, nowMs?: number): Promise<Frontier>

  /**
   * Lets go of rows before an offset, where that is possible: a driver may keep more (it drops whole segments), and rows received
   * within the deduplication window stay.
   */
  retain(name: LogName, beforeOffset: number): Promise<LogExtent>

  /** The logs that have rows, by project and source. */
  sources(): Promise<LogName[]>

  close(): Promise<void>
}

/** The rows of a log as whoever does not write it reads them, in another process where the driver shares readers. */
export interface LogReader {
  sources(): Promise<LogName[]>
  /** As the log's own `read`. */
  read(name: LogName, range: { readonly from: number; readonly limit: number }): Promise<LogRow[]>
  /** The offsets that can be read now. */
  extent(name: LogName): Promise<Pick<LogExtent, 'firstOffset' | 'nextOffset'>>
  close(): Promise<void>
}

/** What a driver can do beyond the port. */
export interface StreamLogSupports {
  /** Acknowledged rows survive `kill -9`, and so do stamps and frontiers. */
  readonly durable: boolean
  /** Other processes may read while this one writes. */
  readonly sharedReaders: boolean
}

/** The log of one source of one project. */
export interface LogName {
  readonly project: string
  readonly source: string
}

/** The only thing that a log asks of a clock; a replay clock will do. */
export interface LogClock {
  /** Now, in UTC milliseconds. */
  now(): number
}

/** How a source is kept. */
export interface LogDeclaration {
  /** For how long an id is remembered, by the stamps of the log; 7 days by default. */
  readonly deduplicationWindowMs?: number
  /** Shows a row's body to people, for errors; its text, or hexadecimal bytes, by default. */
  readonly describe?: (body: Uint8Array) => string
}

/** A row to append. */
export interface AppendRow {
  /** What the source declares as the row's identity, at most 200 bytes; null where it declares none: such a row is never a repeat. */
  readonly id: string | null
  /** When it happened. */
  readonly eventMs: number
  /** When we could have known it, as declared (the event time where nothing else is); null: never visible. */
  readonly availableMs: number | null
  /** Canonical bytes of all columns but the available time: what makes a repeat the same. */
  readonly content: Uint8Array
  /** Canonical bytes of the whole row: what is stored. */
  readonly body: Uint8Array
  /** The declared available time is trusted even before the stamp, and no event is too old. */
  readonly backfill?: boolean
}

/** What was done with a call. */
export interface AppendResult {
  readonly accepted: number
  readonly duplicates: number
  /** Opaque: names the log and the last row of the call, the rows that stood already included. */
  readonly position: string
  /** The stamp of the row at that position. */
  readonly receivedMs: number
}

/** A stored row. It may be passed on as it is wherever rows are put in Order. */
export interface LogRow {
  /** 0, 1, 2 ... in the log. */
  readonly offset: number
  /** A ULID that names this stored row, and nothing else. */
  readonly name: string
  readonly id: string | null
  readonly eventMs: number
  /** The stamp. */
  readonly receivedMs: number
  readonly declaredAvailableMs: number | null
  /** When the row counts as available: the later of declared and received, or the declared alone for a backfill; null: never. */
  readonly availableMs: number | null
  readonly backfill: boolean
  /** A view of a larger buffer: copy it to keep it for long. */
  readonly body: Uint8Array
}

/** Where a tail begins and how it ends. */
export interface TailOptions {
  readonly from: number
  /** The most rows in a piece; 1,000 by default. */
  readonly limit?: number
  readonly signal?: AbortSignal
}

/** The rows that a log has: `firstOffset <= offset < nextOffset`. */
export interface LogExtent {
  readonly firstOffset: number
  readonly nextOffset: number
  /** The stamp of the last row that is durable or on its way; null before the first. */
  readonly lastReceivedMs: number | null
}

/**
 * Every row with `received < frontierMs` is durable and has an offset below `nextOffset`; none will be stamped before it any more.
 * Whoever has applied all rows below `nextOffset` may answer for `frontierMs`.
 */
export interface Frontier {
  readonly frontierMs: number
  readonly nextOffset: number
}

/** The frontier of a log that never published one: the first instant that a date can hold. */
export const beginningMs = -8_640_000_000_000_000

/** For how long ids are remembered unless the source says otherwise: 7 days. */
export const defaultDeduplicationWindowMs = 7 * 86_400_000
