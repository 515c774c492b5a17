import { enteringColumn, firstTile, type LatestRow, laterRow, latestColumn, Tiles } from '../aggregate/index.ts'
import type { SourceSpec } from '../define/index.ts'
import { entityIndex } from '../offline/entity-index.ts'
import type { SourceTable } from '../offline/index.ts'
import { groupRows, sortOrder } from '../offline/sort-order.ts'
import {
  type EntityGroup,
  encodeMark,
  entityKey,
  type GroupFeature,
  latestValue,
  type OnlineEntry,
  tilesValue,
} from '../online/index.ts'
import { columnValue, encodeEntityKey, encodeRow, type Instant, tableRow } from '../values/index.ts'

/** The rows of history by entity of a group, in the order of their events. Typed arrays throughout: histories are long. */
export interface HistoryByEntity {
  readonly group: EntityGroup
  readonly table: SourceTable
  /** The key of each entity, and where its rows begin and end in `order`. */
  readonly entities: readonly { readonly key: Uint8Array; readonly from: number; readonly to: number }[]
  readonly order: Uint32Array
}

/** Gathers rows of a table by entity. Rows that are about no entity are left out. */
export function historyByEntity(group: EntityGroup, table: SourceTable, rows: Uint32Array): HistoryByEntity {
  const columns = group.columns.map((name) => table.columns[name]!)
  const index = entityIndex(columns, table.rows, rows, [])
  const { order, starts } = groupRows(sortOrder(table.event, rows), index.rows, index.entities)
  const entities: { key: Uint8Array; from: number; to: number }[] = []
  for (let entity = 0; entity < index.entities; entity++) {
    const [from, to] = [starts[entity]!, starts[entity + 1]!]
    if (from === to) continue
    const values = columns.map((column) => columnValue(column, order[from]!))
    const key = keyOrNull(group, values)
    if (key !== null) entities.push({ key, from, to })
  }
  return { group, table, entities, order }
}

function keyOrNull(group: EntityGroup, values: Parameters<typeof encodeEntityKey>[1]): Uint8Array | null {
  try {
    return encodeEntityKey(group.types, values)
  } catch {
    return null // longer than a key can be asked for
  }
}

/** The marks of the entities of a history that is folded up to the cutover. */
export function* historyMarks(history: HistoryByEntity, cutoverMs: Instant): Generator<OnlineEntry> {
  const { group, table, entities, order } = history
  for (const { key, from, to } of entities) {
    let smallestKnown = Number.POSITIVE_INFINITY
    for (let i = from; i < to; i++) smallestKnown = Math.min(smallestKnown, table.known[order[i]!]!)
    const mark = { smallestKnown, foldedTo: cutoverMs, rawRows: 0, oldestRaw: Number.POSITIVE_INFINITY }
    yield { key: entityKey(group.markPrefix, key), value: encodeMark(mark) }
  }
}

/**
 * A feature of every entity over its rows of history.
 * @param foldedTo for each entity the instant up to which its rows are folded: tiles that left the window then are dropped
 */
export function* historyStates(
  history: HistoryByEntity,
  feature: GroupFeature,
  foldedTo: Float64Array,
): Generator<OnlineEntry> {
  const { prepared, prefix } = feature
  const { table, entities, order } = history
  const spec = prepared.resolved.feature.aggregate
  if (prepared.kind === 'latest') {
    const { enters, value } = latestColumn(spec, table)
    const place = rowPlaces(prepared.resolved.source, table)
    for (const { key, from, to } of entities) {
      const last = lastRow(history, from, to, enters, place)
      if (last === null) continue
      const latest = { ...place(last), value: value(last) }
      yield { key: entityKey(prefix, key), value: latestValue(prepared, latest) }
    }
    return
  }
  const entering = enteringColumn(spec, table)
  for (const [e, { key, from, to }] of entities.entries()) {
    const tiles = new Tiles(prepared)
    const first = firstTile(prepared, foldedTo[e]!)
    for (let i = firstAtOrAfter(table.event, order, from, to, first); i < to; i++) {
      const row = order[i]!
      if (entering.kind === 'int64') {
        if (entering.enters[row] === 1) tiles.add(table.event[row]!, entering.values[row]!)
      } else {
        const value = entering.values[row]!
        if (!Number.isNaN(value)) tiles.add(table.event[row]!, value)
      }
    }
    const records = tiles.records()
    if (records.length > 0) yield { key: entityKey(prefix, key), value: tilesValue(records) }
  }
}

/** The first place in `from..to`, whose rows lie in the order of events, with an event at or after an instant. */
function firstAtOrAfter(event: Float64Array, order: Uint32Array, from: number, to: number, instant: Instant): number {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (event[order[middle]!]! < instant) low = middle + 1
    else high = middle
  }
  return low
}

type RowPlace = Omit<LatestRow, 'value'>

/** Where a row stands in Order. Of a row with an id the canonical bytes are not needed. */
function rowPlaces(source: SourceSpec, table: SourceTable): (row: number) => RowPlace {
  const ids = source.id === null ? undefined : table.columns[source.id]
  return (row) => ({
    eventMs: table.event[row]!,
    availableMs: table.available[row]!,
    id: ids === undefined ? null : String(columnValue(ids, row)),
    body: ids === undefined ? encodeRow(source.columns, tableRow(table, row)) : nothing,
  })
}

const nothing = new Uint8Array(0)

/** The last row in Order of those that can be: rows lie by event, and only equal events need a closer look. */
function lastRow(
  { table, order }: HistoryByEntity,
  from: number,
  to: number,
  enters: (row: number) => boolean,
  place: (row: number) => RowPlace,
): number | null {
  let last = to - 1
  while (last >= from && !enters(order[last]!)) last -= 1
  if (last < from) return null
  let best = order[last]!
  for (let i = last - 1; i >= from && table.event[order[i]!] === table.event[best]; i--) {
    const row = order[i]!
    if (!enters(row) || table.available[row]! < table.available[best]!) continue
    const standing: LatestRow = { ...place(best), value: null }
    if (laterRow(standing, { ...place(row), value: null }) !== standing) best = row
  }
  return best
}
