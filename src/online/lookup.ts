import {
  finalizeLatest,
  firstTile,
  type LatestRow,
  laterRow,
  mergeTiles,
  type PreparedFeature,
} from '../aggregate/index.ts'
import type { ResolvedFeature } from '../define/index.ts'
import { encodeEntityKey, type Instant, type Row, type Status, statusCode, type Value } from '../values/index.ts'
import { type EntityGroup, entityGroups, groupOf } from './entity-group.ts'
import { decodeMark } from './entity-mark.ts'
import { readLatest, readTiles } from './feature-state.ts'
import type { Key, OnlineAnswer, OnlineRange, OnlineStore } from './online-store.ts'
import { asLatest, decodeRawRow, type RawRow } from './raw-row.ts'
import { decodeSourceState } from './source-state.ts'
import { entityKey, rowsBefore, stateKeys } from './state-key.ts'

/** A feature to look up, and whose it is: the role names one of the keys of the request. */
export interface LookupFeature extends ResolvedFeature {
  readonly role: string
}

/** What is asked. */
export interface LookupRequest {
  /** The entity key of each role: a value a key column, in the key's order. */
  readonly keys: Readonly<Record<string, readonly (Value | null)[]>>
  /** The instant at which the answer is given; never ahead of the clock. */
  readonly at: Instant
  /** The frontier of each source; where one is missing the source is not there yet. */
  readonly frontiers: Readonly<Record<string, Instant>>
}

/** What every feature is, in the order in which they were prepared. */
export interface LookupAnswer {
  readonly values: readonly (Value | null)[]
  /** Codes of `statuses`. */
  readonly statuses: Uint8Array
  /** For each source the instant that its features are of: every row known before it counts and no other. */
  readonly asOf: Readonly<Record<string, Instant>>
  /** For each source the instant from which on its answers for these entities are exact; every instant where left out. */
  readonly exactFrom: Readonly<Record<string, Instant>>
  /** Why everything, or some feature, is `unavailable` though its view is filled; null where nothing failed. */
  readonly failure: unknown
}

/** Features made ready to be looked up together, in one read of the store. */
export interface Lookup {
  lookup(store: OnlineStore, request: LookupRequest): Promise<LookupAnswer>
  /** Several rows in one read of the store. */
  lookupMany(store: OnlineStore, requests: readonly LookupRequest[]): Promise<LookupAnswer[]>
}

/** The features of one role and entity group. */
interface Part {
  readonly group: EntityGroup
  readonly role: string
  readonly source: string
  readonly members: readonly Member[]
}

interface Member {
  /** Place in the answer. */
  readonly index: number
  readonly digest: string
  readonly prefix: Key
  readonly prepared: PreparedFeature
  readonly partial: Float64Array
}

/** Where the answers of one part of one request begin in what was read; -1: nothing was asked for. */
interface Place {
  readonly gets: number
  readonly range: number
}

/** Makes features ready to be looked up. What costs time is done here, once. */
export function prepareLookup(project: string, features: readonly LookupFeature[]): Lookup {
  const keys = stateKeys(project)
  const parts = partsOf(features, keys)
  const sources = [...new Set(features.map(({ source }) => source.name))]
  const sourceGets = sources.map((source) => keys.source(source))
  const filled = sources.map(() => filledFeatures())

  async function lookupMany(store: OnlineStore, requests: readonly LookupRequest[]): Promise<LookupAnswer[]> {
    const gets: Key[] = [...sourceGets]
    const ranges: OnlineRange[] = []
    const asOfs = requests.map((request) => asOfOf(sources, request))
    const places: Place[] = []
    for (const [r, { keys: given }] of requests.entries()) {
      for (const { group, role, source, members } of parts) {
        const asOf = asOfs[r]![source]
        const entity = encodeEntityKey(group.types, given[role] ?? group.types.map(() => null))
        if (entity === null || asOf === undefined) {
          places.push({ gets: entity === null ? nullKey : nothingAsked, range: -1 })
          continue
        }
        places.push({ gets: gets.length, range: ranges.length })
        gets.push(entityKey(group.markPrefix, entity))
        for (const { prefix } of members) gets.push(entityKey(prefix, entity))
        ranges.push(rowsBefore(group.rowPrefix, entity, asOf))
      }
    }
    const answers = asOfs.map((asOf) => new Answer(features.length, asOf))
    let read: OnlineAnswer | null = null
    let ready: readonly ReadonlySet<string>[] = sources.map(() => none)
    try {
      const found = await store.read({ gets, ranges })
      ready = filled.map((decode, i) => decode(found.values[i] ?? null))
      read = found
    } catch (failure) {
      for (const answer of answers) answer.failure = failure
    }
    for (const [r, answer] of answers.entries()) {
      for (const [p, part] of parts.entries()) {
        const place = places[r * parts.length + p]!
        answerPart(answer, part, place, read, ready[sources.indexOf(part.source)]!)
      }
    }
    return answers
  }

  return {
    lookupMany,
    async lookup(store, request) {
      const [answer] = await lookupMany(store, [request])
      return answer!
    },
  }
}

const nullKey = -1
const nothingAsked = -2

function partsOf(features: readonly LookupFeature[], keys: ReturnType<typeof stateKeys>): Part[] {
  const indexed = features.map((feature, index) => ({ ...feature, index }))
  const byPart = Map.groupBy(indexed, ({ role, view }) => JSON.stringify([role, groupOf(view)]))
  return [...byPart.values()].flatMap((members) =>
    entityGroups(members, keys).map((group) => ({
      group,
      role: members[0]!.role,
      source: group.source.name,
      members: members.map(({ index, feature }) => {
        const { prepared, prefix } = group.features.find(({ digest }) => digest === feature.digest)!
        const partial = new Float64Array(prepared.kind === 'tiles' ? prepared.aggregator.width : 0)
        return { index, digest: feature.digest, prefix, prepared, partial }
      }),
    })),
  )
}

function asOfOf(sources: readonly string[], { at, frontiers }: LookupRequest): Record<string, Instant> {
  const asOf: Record<string, Instant> = {}
  for (const source of sources) {
    const frontier = frontiers[source]
    if (frontier !== undefined) asOf[source] = Math.min(at, frontier)
  }
  return asOf
}

/** Reads which features are filled, once for as long as it stays the same. */
function filledFeatures(): (value: Uint8Array | null) => ReadonlySet<string> {
  let last: Uint8Array | null = null
  let features: ReadonlySet<string> = new Set()
  return (value) => {
    if (value === null) return none
    if (last === null || Buffer.compare(last, value) !== 0) {
      features = new Set(decodeSourceState(value).features)
      last = value.slice()
    }
    return features
  }
}

const none: ReadonlySet<string> = new Set()
const everExact: Readonly<Record<string, Instant>> = Object.freeze({})

class Answer implements LookupAnswer {
  readonly values: (Value | null)[]
  readonly statuses: Uint8Array
  readonly asOf: Readonly<Record<string, Instant>>
  exactFrom: Readonly<Record<string, Instant>> = everExact
  failure: unknown = null

  constructor(features: number, asOf: Readonly<Record<string, Instant>>) {
    this.values = new Array(features).fill(null)
    this.statuses = new Uint8Array(features).fill(statusCode.unavailable)
    this.asOf = asOf
  }

  /** Of several entities of one source the one that is exact from the latest instant on decides. */
  exactSince(source: string, instant: Instant): void {
    if (instant > (this.exactFrom[source] ?? Number.NEGATIVE_INFINITY))
      this.exactFrom = { ...this.exactFrom, [source]: instant }
  }

  set(index: number, value: Value | null, status: Status): void {
    this.values[index] = value
    this.statuses[index] = statusCode[status]
  }
}

function answerPart(
  answer: Answer,
  part: Part,
  place: Place,
  read: OnlineAnswer | null,
  ready: ReadonlySet<string>,
): void {
  if (place.gets === nullKey) {
    for (const { index } of part.members) answer.set(index, null, 'not_found')
    return
  }
  if (place.gets === nothingAsked || read === null) return
  const asOf = answer.asOf[part.source]!
  try {
    const markValue = read.values[place.gets] ?? null
    const mark = markValue === null ? null : decodeMark(markValue)
    if (mark !== null) answer.exactSince(part.source, mark.foldedTo)
    const seen = mark !== null && mark.smallestKnown < asOf
    const rows = seen && mark.foldedTo <= asOf ? rawRows(part.group, read, place.range) : null
    for (const [i, member] of part.members.entries()) {
      if (!ready.has(member.digest)) continue
      if (!seen) {
        if (member.prepared.resolved.feature.aggregate.function === 'count') answer.set(member.index, 0, 'present')
        else answer.set(member.index, null, 'not_found')
      } else if (rows === null) answer.set(member.index, null, 'inexact')
      else answerMember(answer, member, read.values[place.gets + 1 + i] ?? null, rows, asOf)
    }
  } catch (failure) {
    // A damaged value makes the features of its part unavailable, and no others.
    answer.failure ??= failure
    for (const { index } of part.members) answer.set(index, null, 'unavailable')
  }
}

interface ReadRow {
  readonly raw: RawRow
  readonly row: Row
}

function rawRows(group: EntityGroup, read: OnlineAnswer, range: number): ReadRow[] {
  return (read.ranges[range] ?? []).map(({ value }) => {
    const raw = decodeRawRow(value)
    return { raw, row: group.read(raw.body) }
  })
}

function answerMember(
  answer: Answer,
  { index, prepared, partial }: Member,
  value: Uint8Array | null,
  rows: readonly ReadRow[],
  asOf: Instant,
): void {
  if (prepared.kind === 'latest') {
    let last: LatestRow | null = value === null ? null : readLatest(prepared, value)
    for (const { raw, row } of rows) {
      if (prepared.enters(row)) last = laterRow(last, asLatest(raw, prepared.value(row)))
    }
    const found = finalizeLatest(prepared, last, asOf)
    answer.set(index, found.value, found.status)
    return
  }
  const { aggregator } = prepared
  const first = firstTile(prepared, asOf)
  aggregator.clear(partial, 0)
  if (value !== null) mergeTiles(aggregator, partial, readTiles(value), first)
  for (const { raw, row } of rows) {
    if (raw.eventMs < first) continue
    const entering = prepared.enter(row)
    if (entering !== null) aggregator.add(partial, 0, entering)
  }
  const found = aggregator.finalize(partial, 0)
  answer.set(index, found.value, found.status)
}
