import { type Column, statusCode } from '../values/index.ts'
import { absentKey, entityIndex, nullKey } from './entity-index.ts'
import { gather, groupRows, sortOrder } from './sort-order.ts'
import { type SourceRows, visibleRows } from './source-rows.ts'

/** Where and when features are asked for. Asks with the same spine share its sorting. */
export interface Spine {
  /** One column for each key column of the entity. */
  readonly key: readonly Column[]
  /** NaN is before every row. */
  readonly asOf: Float64Array
}

/** Rows and spines in the orders that sweeps need. All are gathered by entity. */
export interface SortedRows {
  /** How many rows the source has, counted or not. */
  readonly sourceRows: number
  readonly entities: number
  /** Rows of entity e are the places `starts[e] <= place < starts[e + 1]`, in both orders. */
  readonly starts: Uint32Array
  /** Source rows in order of known, and their times. */
  readonly entering: { readonly rows: Uint32Array; readonly known: Float64Array; readonly event: Float64Array }
  /** Source rows in order of event, then available. */
  readonly leaving: { readonly rows: Uint32Array; readonly known: Float64Array; readonly event: Float64Array }
  readonly available: Float64Array
  readonly queries: SortedQueries
}

/** All rows of all spines, one spine after the other: the places of a query. */
export interface SortedQueries {
  readonly count: number
  /** The first query of each spine. */
  readonly starts: readonly number[]
  readonly asOf: Float64Array
  /** Queries of known entities gathered by entity, by rising instant: those of entity e from `byEntity[e]`. */
  readonly order: Uint32Array
  readonly byEntity: Uint32Array
  /** 0 where the entity was seen before the instant, 1 where it was not, 2 where its key is null. */
  readonly unseen: Uint8Array
}

/**
 * Sorts the rows that are known before an instant and the rows of all spines.
 * @param key one column for each key column of the entity
 */
export function sortRows(
  source: SourceRows,
  key: readonly Column[],
  spines: readonly Spine[],
  knownBeforeMs: number,
): SortedRows {
  const visible = visibleRows(source, knownBeforeMs)
  const index = entityIndex(
    key,
    source.rows,
    visible,
    spines.map(({ key }) => key),
  )
  const asked = new Uint8Array(index.entities)
  for (const spine of index.spines) for (const entity of spine) if (entity >= 0) asked[entity] = 1
  const entityOf = index.rows.map((entity) => (entity >= 0 && asked[entity] === 1 ? entity : nullKey))
  const byEvent = sortOrder(source.event, sortOrder(source.available, visible))
  const leaving = groupRows(byEvent, entityOf, index.entities)
  // Sorting what is in order of event by known leaves rows known at one instant in order of event.
  const entering = groupRows(sortOrder(source.known, byEvent), entityOf, index.entities)
  const timed = (order: Uint32Array) => ({
    rows: order,
    known: gather(source.known, order),
    event: gather(source.event, order),
  })
  const times = timed(entering.order)
  return {
    sourceRows: source.rows,
    entities: index.entities,
    starts: entering.starts,
    entering: times,
    leaving: timed(leaving.order),
    available: source.available,
    queries: sortQueries(spines, index.spines, index.entities, entering.starts, times.known),
  }
}

function sortQueries(
  spines: readonly Spine[],
  codes: readonly Int32Array[],
  entities: number,
  rowStarts: Uint32Array,
  known: Float64Array,
): SortedQueries {
  const starts: number[] = []
  let count = 0
  for (const { asOf } of spines) {
    starts.push(count)
    count += asOf.length
  }
  const asOf = new Float64Array(count)
  const entity = new Int32Array(count)
  const unseen = new Uint8Array(count)
  spines.forEach((spine, place) => {
    asOf.set(spine.asOf, starts[place]!)
    entity.set(codes[place]!, starts[place]!)
  })
  const seen = new Uint32Array(count)
  let seenCount = 0
  for (let query = 0; query < count; query++) {
    const code = entity[query]!
    const first = code < 0 ? Number.POSITIVE_INFINITY : rowStarts[code]!
    if (code >= 0 && first < rowStarts[code + 1]! && known[first]! < asOf[query]!) seen[seenCount++] = query
    else {
      unseen[query] = code === nullKey ? 2 : 1
      entity[query] = absentKey
    }
  }
  const grouped = groupRows(sortOrder(asOf, seen.subarray(0, seenCount)), entity, entities)
  return { count, starts, asOf, order: grouped.order, byEntity: grouped.starts, unseen }
}

/** Statuses before anything is computed: what an entity that was not seen, or has no key, is told. */
export function unseenStatuses(queries: SortedQueries, isCount: boolean): Uint8Array {
  const unseen = isCount ? statusCode.present : statusCode.not_found
  return queries.unseen.map((why) => (why === 2 ? statusCode.not_found : why === 1 ? unseen : statusCode.null))
}
