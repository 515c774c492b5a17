import type { SourceSpec } from '../define/index.ts'
import { isNoonmarkError, noonmarkError } from '../errors.ts'
import {
  applyRows,
  blankSourceState,
  decodeOffset,
  decodeSourceState,
  type EntityGroup,
  encodeFrontier,
  encodeOffset,
  encodeSourceState,
  type Frontiers,
  type OnlineEntry,
  type OnlineRange,
  type OnlineStore,
  type ReceivedRow,
  rangeOf,
  type SourceState,
  type StateKeys,
} from '../online/index.ts'
import { beginningMs, formatPosition, type LogName, type LogRow, type StreamLog } from '../stream/index.ts'
import { decodeRow, type Instant, jsonRow, knownMs } from '../values/index.ts'
import { checkRemembered, repeatsHistory } from './cutover.ts'
import { fillOutdated, fillPieces, fillPlaces } from './fill-pieces.ts'
import type { BundleAbout, FillProgress, HistoryBundle } from './history-bundle.ts'
import { declaredRow, receiveRows } from './receive.ts'

/** What became of the events of a call. */
export interface IngestResult {
  readonly accepted: number
  readonly duplicates: number
  /** Opaque; a read that waits for it sees the events. */
  readonly position: string
}

/** What a source's writer has done since it was opened. */
export interface SourceCounts {
  readonly accepted: number
  readonly duplicates: number
  /** Of the duplicates, those that repeat history. */
  readonly historyDuplicates: number
  /** Rows of the log that were applied to the state. */
  readonly applied: number
}

/** What the writer of a source is made of. */
export interface SourceWriterStart {
  readonly project: string
  readonly source: SourceSpec
  readonly groups: readonly EntityGroup[]
  readonly keys: StateKeys
  readonly online: OnlineStore
  readonly log: StreamLog
  readonly frontiers: Frontiers
  /** How far a kept frontier may lie behind the published one; 0 keeps each. */
  readonly frontierLagMs: number
}

/** How many rows of the log are applied in one write. */
const rowsPerWrite = 2_000

/** Writes the state of one source: one thing after the other, so that position and state change together. */
export class SourceWriter {
  readonly source: SourceSpec
  readonly groups: readonly EntityGroup[]
  readonly #start: SourceWriterStart
  readonly #name: LogName
  readonly counts = { accepted: 0, duplicates: 0, historyDuplicates: 0, applied: 0 }
  #state: SourceState = blankSourceState
  #nextOffset = 0
  #keptFrontierMs: Instant = Number.NEGATIVE_INFINITY
  #work: Promise<unknown> = Promise.resolve()
  #queuedPump: Promise<void> | null = null
  #filling: { readonly historyIdsFromMs: Instant | null; readonly ended: Promise<void> } | null = null
  #retired = false

  constructor(start: SourceWriterStart) {
    this.#start = start
    this.source = start.source
    this.groups = start.groups
    this.#name = { project: start.project, source: start.source.name }
  }

  get state(): SourceState {
    return this.#state
  }

  /** Features that are declared and not filled. */
  get unfilled(): string[] {
    return [...this.#declared()].filter((digest) => !this.#state.features.includes(digest))
  }

  /** Reads what is stored, and drops what is no longer declared: kept, it would age unnoticed. */
  async open(): Promise<void> {
    const { online, keys, log } = this.#start
    const { columns } = this.source
    await log.declare(this.#name, {
      deduplicationWindowMs: this.source.dedupWindowMs,
      describe: (body) => JSON.stringify(jsonRow(columns, decodeRow(columns, body))),
    })
    const { values } = await online.read({
      gets: [keys.source(this.source.name), keys.position(this.source.name)],
      ranges: [],
    })
    this.#state = decodeSourceState(values[0] ?? null)
    this.#nextOffset = decodeOffset(values[1] ?? null)
    const { groups, features } = this.#state
    const kept = {
      groups: groups.filter((id) => this.groups.some((group) => group.id === id)),
      features: features.filter((digest) => this.#declared().has(digest)),
    }
    if (kept.groups.length === groups.length && kept.features.length === features.length) return
    await this.#writeState({ ...this.#state, ...kept })
    const gone: OnlineRange[] = [
      ...features.filter((digest) => !kept.features.includes(digest)).map((digest) => rangeOf(keys.feature(digest))),
      ...groups
        .filter((id) => !kept.groups.includes(id))
        .flatMap((id) => [rangeOf(keys.marks(id)), rangeOf(keys.rows(id))]),
    ]
    await online.write({ puts: [], deletes: [], deleteRanges: gone })
  }

  /**
   * Takes events: durable in the log when it resolves, visible when the frontier has passed the position.
   * @throws row_invalid, event_conflict, event_too_old, log_unavailable; the whole call is refused
   */
  async ingest(events: readonly unknown[], options: { readonly backfill?: boolean } = {}): Promise<IngestResult> {
    const { online, keys, log } = this.#start
    this.#refuseLoss((await log.extent(this.#name)).nextOffset)
    const rows = receiveRows(this.source, this.groups, events, options.backfill)
    const declared = rows.map(({ id, eventMs, availableMs }) => {
      return { id, eventMs, declaredKnownMs: knownMs(eventMs, availableMs) }
    })
    const historyIdsFromMs = this.#filling?.historyIdsFromMs ?? this.#state.historyIdsFromMs
    checkRemembered(this.source, { historyIdsFromMs }, declared)
    const repeats = await repeatsHistory(online, keys, this.source, this.#state, declared)
    const places = [...rows.keys()].filter((i) => !repeats[i])
    const historyDuplicates = rows.length - places.length
    const position = formatPosition({ ...this.#name, offset: 0, receivedMs: beginningMs })
    const appended =
      rows.length > 0 && places.length === 0
        ? { accepted: 0, duplicates: 0, position }
        : await log
            .append(
              this.#name,
              places.map((i) => rows[i]!),
            )
            .catch((error: unknown) => {
              throw renumbered(error, places)
            })
    const duplicates = appended.duplicates + historyDuplicates
    this.counts.accepted += appended.accepted
    this.counts.duplicates += duplicates
    this.counts.historyDuplicates += historyDuplicates
    return { accepted: appended.accepted, duplicates, position: appended.position }
  }

  /** Applies what the log has and publishes the frontier. Calls made while one waits are served by that one. */
  pump(): Promise<void> {
    if (this.#retired) return Promise.resolve()
    this.#queuedPump ??= this.#alone(async () => {
      this.#queuedPump = null
      const { log, frontiers, frontierLagMs } = this.#start
      const { frontierMs, nextOffset } = await log.advance(this.#name)
      this.#refuseLoss(nextOffset)
      // What is not filled answers `unavailable`; nothing has to be applied for that.
      if (this.#active().length > 0) await this.#applyTo(nextOffset, frontierMs)
      if (frontierMs > this.#keptFrontierMs + frontierLagMs) await this.#keepFrontier(frontierMs)
      frontiers.publish(this.source.name, frontierMs)
    })
    return this.#queuedPump
  }

  /**
   * Puts what history makes of the state, then the rows of the log so far, and says what is filled then; until then readers see
   * none of it. Events and the frontier go on while history is put; the frontier stands while the log is gone through.
   * @throws fill_outdated where the state is not what the bundle was computed for any more
   */
  async fill(bundle: HistoryBundle, onProgress: FillProgress): Promise<{ readonly logRows: number }> {
    if (this.#filling !== null) throw fillOutdated(`Another fill of ${this.source.name} is under way.`)
    const { about } = bundle
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    this.#filling = { historyIdsFromMs: about.first ? about.historyIdsFromMs : null, ended }
    try {
      const pieces = fillPieces(this, about)
      const deleteRanges = fillPlaces(this.#start.keys, about, pieces)
      await this.#start.online.write({ puts: [], deletes: [], deleteRanges })
      // Nobody reads these places before they are said to be filled, and nobody else writes there.
      for await (const puts of bundle.entries()) {
        if (this.#retired) throw noonmarkError('writer_unavailable')
        await this.#start.online.write({ puts, deletes: [] })
        await nextTurn()
      }
      return await this.#alone(() => this.#finishFill(about, onProgress))
    } finally {
      this.#filling = null
      end()
    }
  }

  /** A log that ends before what was applied of it has lost rows: nothing may be numbered as they were. */
  #refuseLoss(nextOffset: number): void {
    if (nextOffset >= this.#nextOffset) return
    const { project, source } = this.#name
    throw noonmarkError('segment_damaged', {
      message: `The log of the source ${source} ends before record ${nextOffset}, and record ${this.#nextOffset - 1} was applied; lost: records ${nextOffset} to ${this.#nextOffset - 1}.`,
      hint: 'Restore the folder of the log from a backup.',
      path: `stream/${project}/${source}`,
    })
  }

  /** Takes no further work, and resolves when none is under way. */
  async retire(): Promise<void> {
    this.#retired = true
    await this.#filling?.ended
    await this.#work
    const frontierMs = this.#start.frontiers.get(this.source.name) ?? this.#keptFrontierMs
    // One that is not kept makes a reader that starts while nobody writes stand a little further back, no more.
    if (frontierMs > this.#keptFrontierMs) await this.#keepFrontier(frontierMs).catch(() => undefined)
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#retired) return Promise.reject(noonmarkError('writer_unavailable'))
    const mine = this.#work.then(work)
    this.#work = mine.catch(() => undefined)
    return mine
  }

  #declared(): Set<string> {
    return new Set(this.groups.flatMap(({ features }) => features.map(({ digest }) => digest)))
  }

  #active(): EntityGroup[] {
    return this.groups.filter(({ id }) => this.#state.groups.includes(id))
  }

  async #finishFill(about: BundleAbout, onProgress: FillProgress): Promise<{ readonly logRows: number }> {
    const { log, online } = this.#start
    const pieces = fillPieces(this, about)
    const nextOffset = this.#active().length > 0 ? this.#nextOffset : (await log.advance(this.#name)).nextOffset
    const remembersIds = about.first && about.historyIdsFromMs !== null
    for (let from = 0; from < nextOffset; ) {
      const rows = await this.#read(from, nextOffset)
      // Received after the ids were gathered, and before they were asked for.
      if (remembersIds && rows.some(({ eventMs }) => eventMs < about.historyIdsFromMs!))
        throw fillOutdated(`${this.source.name} received a row from before the ids of its history are known.`)
      const counted = await this.#counted(rows, about)
      for (const { group, features, fresh } of pieces) {
        const options = { features: new Set(features.map(({ digest }) => digest)), fill: !fresh }
        await online.write(await applyRows(online, group, counted, options))
      }
      from += rows.length
      onProgress('log', from, nextOffset)
    }
    await this.#writeState(
      {
        cutoverMs: about.cutoverMs,
        historyIdsFromMs: about.historyIdsFromMs,
        groups: [...this.#state.groups, ...about.freshGroups],
        features: [...this.#state.features, ...about.features],
      },
      nextOffset,
    )
    return { logRows: nextOffset }
  }

  async #applyTo(end: number, frontierMs: Instant): Promise<void> {
    const { online, keys } = this.#start
    const options = { features: new Set(this.#state.features) }
    while (this.#nextOffset < end) {
      const rows = await this.#read(this.#nextOffset, end)
      const counted = await this.#counted(rows, this.#state)
      const changes = await Promise.all(this.#active().map((group) => applyRows(online, group, counted, options)))
      const nextOffset = this.#nextOffset + rows.length
      const position = { key: keys.position(this.source.name), value: encodeOffset(nextOffset) }
      const reached = nextOffset >= end
      await online.write({
        puts: [...changes.flatMap(({ puts }) => puts), position, ...(reached ? [this.#frontierEntry(frontierMs)] : [])],
        deletes: changes.flatMap(({ deletes }) => deletes),
      })
      if (reached) this.#keptFrontierMs = frontierMs
      this.#nextOffset = nextOffset
      this.counts.applied += rows.length
    }
  }

  /** Whoever reads while nobody writes begins at what is kept. */
  async #keepFrontier(frontierMs: Instant): Promise<void> {
    await this.#start.online.write({ puts: [this.#frontierEntry(frontierMs)], deletes: [] })
    this.#keptFrontierMs = frontierMs
  }

  #frontierEntry(frontierMs: Instant): OnlineEntry {
    return { key: this.#start.keys.frontier(this.source.name), value: encodeFrontier(frontierMs) }
  }

  async #read(from: number, end: number): Promise<LogRow[]> {
    const rows = await this.#start.log.read(this.#name, { from, limit: Math.min(rowsPerWrite, end - from) })
    if (rows.length > 0) return rows
    throw noonmarkError('internal', { message: `The log of ${this.source.name} has no row ${from}, below its end.` })
  }

  /** The rows that enter the state: those that will be visible at some time and do not repeat history. */
  async #counted(rows: readonly LogRow[], cutover: Pick<SourceState, 'cutoverMs'>): Promise<ReceivedRow[]> {
    const { online, keys } = this.#start
    const repeats = await repeatsHistory(online, keys, this.source, cutover, rows.map(declaredRow))
    return rows.flatMap((row, i) => {
      const { offset, receivedMs, eventMs, availableMs, id, body } = row
      return availableMs === null || repeats[i] ? [] : [{ offset, receivedMs, eventMs, availableMs, id, body }]
    })
  }

  async #writeState(state: SourceState, nextOffset = this.#nextOffset): Promise<void> {
    const { online, keys } = this.#start
    await online.write({
      puts: [
        { key: keys.source(this.source.name), value: encodeSourceState(state) },
        { key: keys.position(this.source.name), value: encodeOffset(nextOffset) },
      ],
      deletes: [],
    })
    this.#state = state
    this.#nextOffset = nextOffset
  }
}

/** The log was given some rows of the call only: its errors speak of these, the answer speaks of the call's. */
function renumbered(error: unknown, places: readonly number[]): unknown {
  if (!isNoonmarkError(error) || places.every((place, i) => place === i)) return error
  const original = (text: string) => text.replace(/\bevents\[(\d+)\]/g, (_, i) => `events[${places[Number(i)]}]`)
  const { code, message, hint, path, cause } = error
  return noonmarkError(code, {
    message: original(message),
    hint,
    cause,
    ...(path === undefined ? {} : { path: original(path) }),
  })
}

/** Lets what waits have its turn: events are taken between the pieces of a fill. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
