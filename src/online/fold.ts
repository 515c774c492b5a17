import { floorTo, type Instant, type Row } from '../values/index.ts'
import { type EntityGroup, entityOf } from './entity-group.ts'
import { blankMark, decodeMark, type EntityMark, encodeMark } from './entity-mark.ts'
import { FeatureState } from './feature-state.ts'
import type { Key, OnlineEntry, OnlineStore } from './online-store.ts'
import { decodeRawRow, encodeRawRow, type RawRow } from './raw-row.ts'
import { entityKey, rangeOf, rowKey, rowKnown, rowOffset } from './state-key.ts'

/** For how long behind the frontier answers stay exact: rows known before that are folded. */
export const exactForMs = 5 * 60_000

/** The most raw rows of an entity and source that are known already. */
export const rawRowLimit = 4_096

/**
 * Folding goes in steps of the log's time, so that values of tiles are not written anew for every row: in short ones where
 * an entity has many raw rows, which every read has to go through, else in longer ones.
 */
const foldGrainMs = { busy: 60_000, quiet: 5 * 60_000 }
const busyFromRows = 64

/** A row of the log as the state takes it: it is visible at some time, since its available time is not null. */
export interface ReceivedRow extends RawRow {
  readonly offset: number
  readonly receivedMs: Instant
}

/** What has to be written. */
export interface StateChange {
  readonly puts: OnlineEntry[]
  readonly deletes: Key[]
}

/** How rows are applied. */
export interface ApplyOptions {
  /** The digests of the features whose tiles are kept. */
  readonly features: ReadonlySet<string>
  /**
   * Fills features of entities whose marks and raw rows are there already: only rows that are folded by now enter, and only
   * tiles are written.
   */
  readonly fill?: boolean
}

interface KeptRow {
  readonly knownMs: Instant
  readonly offset: number
  readonly raw: RawRow
  /** What the expressions read; read when it is needed. */
  row: Row | null
  readonly stored: boolean
}

interface EntityWork {
  readonly entity: Uint8Array
  readonly rows: { readonly received: ReceivedRow; readonly row: Row }[]
}

/**
 * Applies rows of the log to an entity group, in the log's order. What comes out depends on the rows alone, never on the
 * clock or on where one call ends and the next begins, so that replaying a log ends in the same state bit for bit.
 */
export async function applyRows(
  store: OnlineStore,
  group: EntityGroup,
  rows: readonly ReceivedRow[],
  options: ApplyOptions,
): Promise<StateChange> {
  const work = new Map<string, EntityWork>()
  for (const received of rows) {
    const row = group.read(received.body)
    const entity = entityOf(group, row)
    if (entity === null) continue
    const name = latin1(entity)
    let mine = work.get(name)
    if (mine === undefined) {
      mine = { entity, rows: [] }
      work.set(name, mine)
    }
    mine.rows.push({ received, row })
  }
  const entities = [...work.values()]
  const kept = group.features.filter(({ digest }) => options.features.has(digest))
  const marks = await store.read({
    gets: entities.map(({ entity }) => entityKey(group.markPrefix, entity)),
    ranges: [],
  })
  const states = entities.map((mine, i) => {
    const value = marks.values[i] ?? null
    const mark = value === null ? blankMark : decodeMark(value)
    return { ...mine, mark, folds: options.fill === true || mayFold(mark, mine.rows) }
  })
  const folding = states.filter(({ folds }) => folds)
  const stored = await store.read({
    gets: folding.flatMap(({ entity }) => kept.map(({ prefix }) => entityKey(prefix, entity))),
    ranges: options.fill === true ? [] : folding.map(({ entity }) => rangeOf(entityKey(group.rowPrefix, entity))),
  })
  const change: StateChange = { puts: [], deletes: [] }
  let next = 0
  for (const { entity, rows: received, mark, folds } of states) {
    const at = folds ? next++ : -1
    const features = folds
      ? kept.map(({ prepared }, i) => new FeatureState(prepared, stored.values[at * kept.length + i] ?? null))
      : []
    const state = new EntityState(group, entity, mark, features, folds ? (stored.ranges[at] ?? []) : [])
    if (options.fill === true) for (const { received: raw, row } of received) state.fill(raw, row)
    else for (const { received: raw, row } of received) state.apply(raw, row)
    state.finish(
      change,
      kept.map(({ prefix }) => prefix),
      options.fill === true,
    )
  }
  return change
}

/** Whether applying the rows could fold any; where it could not, neither raw rows nor tiles are read. */
function mayFold(mark: EntityMark, rows: EntityWork['rows']): boolean {
  if (mark.rawRows + rows.length > rawRowLimit) return true
  const limit = foldLimit(rows.at(-1)!.received.receivedMs, foldGrainMs.busy)
  if (mark.oldestRaw < limit) return true
  return rows.some(({ received }) => knownOf(received) < Math.max(limit, mark.foldedTo))
}

const knownOf = ({ eventMs, availableMs }: RawRow): Instant => Math.max(eventMs, availableMs)
const foldLimit = (receivedMs: Instant, grainMs: number): Instant => floorTo(receivedMs - exactForMs, grainMs)

/** One entity while rows are applied to it. */
class EntityState {
  readonly #group: EntityGroup
  readonly #entity: Uint8Array
  readonly #features: readonly FeatureState[]
  /** In the order of known, then offset. */
  readonly #rows: KeptRow[]
  readonly #gone: KeptRow[] = []
  #mark: EntityMark
  #folded = false

  constructor(
    group: EntityGroup,
    entity: Uint8Array,
    mark: EntityMark,
    features: readonly FeatureState[],
    stored: readonly OnlineEntry[],
  ) {
    this.#group = group
    this.#entity = entity
    this.#mark = mark
    this.#features = features
    this.#rows = stored.map(({ key, value }) => ({
      knownMs: rowKnown(key),
      offset: rowOffset(key),
      raw: decodeRawRow(value),
      row: null,
      stored: true,
    }))
  }

  apply(received: ReceivedRow, row: Row): void {
    const knownMs = knownOf(received)
    const { smallestKnown, foldedTo } = this.#mark
    this.#mark = { ...this.#mark, smallestKnown: Math.min(smallestKnown, knownMs) }
    if (knownMs < foldedTo) {
      this.#fold(received, row)
      return
    }
    const kept: KeptRow = { knownMs, offset: received.offset, raw: received, row, stored: false }
    let at = this.#rows.length
    while (at > 0 && isAfter(this.#rows[at - 1]!, kept)) at -= 1
    this.#rows.splice(at, 0, kept)
    const { rawRows, oldestRaw } = this.#mark
    this.#mark = { ...this.#mark, rawRows: rawRows + 1, oldestRaw: Math.min(oldestRaw, knownMs) }
    const grainMs = this.#mark.rawRows > busyFromRows ? foldGrainMs.busy : foldGrainMs.quiet
    const limit = foldLimit(received.receivedMs, grainMs)
    if (this.#mark.oldestRaw < limit) this.#foldTo(limit)
    if (this.#mark.rawRows > rawRowLimit) this.#foldBeyondLimit(received.receivedMs)
  }

  /** For a feature that is filled later: what is folded by now enters it, what is raw still is read raw. */
  fill(received: ReceivedRow, row: Row): void {
    if (knownOf(received) < this.#mark.foldedTo) this.#fold(received, row)
  }

  finish(change: StateChange, prefixes: readonly Key[], onlyFeatures: boolean): void {
    const { rowPrefix, markPrefix } = this.#group
    for (const [i, feature] of this.#features.entries()) {
      if (this.#folded) feature.evict(this.#mark.foldedTo)
      const value = feature.change()
      if (value === null) continue
      const key = entityKey(prefixes[i]!, this.#entity)
      if (value === 'delete') change.deletes.push(key)
      else change.puts.push({ key, value })
    }
    if (onlyFeatures) return
    for (const { knownMs, offset, raw, stored } of this.#rows) {
      if (!stored) change.puts.push({ key: rowKey(rowPrefix, this.#entity, knownMs, offset), value: encodeRawRow(raw) })
    }
    for (const { knownMs, offset } of this.#gone) change.deletes.push(rowKey(rowPrefix, this.#entity, knownMs, offset))
    change.puts.push({ key: entityKey(markPrefix, this.#entity), value: encodeMark(this.#mark) })
  }

  #foldBeyondLimit(receivedMs: Instant): void {
    let known = this.#rows.length
    while (known > 0 && this.#rows[known - 1]!.knownMs >= receivedMs) known -= 1
    if (known > rawRowLimit) this.#foldTo(this.#rows[known - rawRowLimit - 1]!.knownMs + 1)
  }

  #foldTo(instant: Instant): void {
    let length = 0
    while (length < this.#rows.length && this.#rows[length]!.knownMs < instant) length += 1
    for (const kept of this.#rows.splice(0, length)) {
      this.#fold(kept.raw, kept.row ?? this.#group.read(kept.raw.body))
      if (kept.stored) this.#gone.push(kept)
    }
    this.#mark = {
      ...this.#mark,
      foldedTo: instant,
      rawRows: this.#mark.rawRows - length,
      oldestRaw: this.#rows[0]?.knownMs ?? Number.POSITIVE_INFINITY,
    }
    this.#folded = true
  }

  #fold(raw: RawRow, row: Row): void {
    for (const feature of this.#features) feature.fold(raw, row)
    this.#folded = true
  }
}

function isAfter(a: KeptRow, b: KeptRow): boolean {
  return a.knownMs > b.knownMs || (a.knownMs === b.knownMs && a.offset > b.offset)
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
