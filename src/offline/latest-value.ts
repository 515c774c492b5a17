import type { AggregateSpec } from '../define/index.ts'
import { type Column, type ExpressionNode, statusCode } from '../values/index.ts'
import type { FeatureColumn } from './offline-engine.ts'
import { type SortedRows, unseenStatuses } from './sorted-rows.ts'

/**
 * Marks the rows whose place in Order decides a value and is not decided by event and available time alone; null where
 * there are none. Rows of one entity and equal times with equal values are interchangeable.
 */
export function markTies(sorted: SortedRows, columns: readonly Column[]): Uint8Array | null {
  if (columns.length === 0) return null
  const { starts, leaving, available } = sorted
  let tied: Uint8Array | null = null
  for (let entity = 0; entity < sorted.entities; entity++) {
    const end = starts[entity + 1]!
    for (let first = starts[entity]!; first < end; ) {
      const row = leaving.rows[first]!
      let next = first + 1
      while (
        next < end &&
        leaving.event[next] === leaving.event[first] &&
        available[leaving.rows[next]!] === available[row]
      )
        next++
      if (next > first + 1 && differ(columns, leaving.rows, first, next)) {
        tied ??= new Uint8Array(sorted.sourceRows)
        for (let place = first; place < next; place++) tied[leaving.rows[place]!] = 1
      }
      first = next
    }
  }
  return tied
}

function differ(columns: readonly Column[], rows: Uint32Array, first: number, next: number): boolean {
  for (const column of columns)
    for (let place = first + 1; place < next; place++) if (!same(column, rows[first]!, rows[place]!)) return true
  return false
}

function same(column: Column, a: number, b: number): boolean {
  if (column.type === 'string') return column.codes[a] === column.codes[b]
  if (column.type === 'int64')
    return column.nulls[a] === column.nulls[b] && (column.nulls[a] === 1 || column.values[a] === column.values[b])
  return Object.is(column.values[a], column.values[b])
}

/** The value of the last visible row in Order, with its age looked at before its value. */
export function latestValues(
  sorted: SortedRows,
  spec: AggregateSpec,
  valuesOf: (node: ExpressionNode) => Column,
  ranks: Float64Array | null,
): FeatureColumn {
  const { entering, starts, queries, available } = sorted
  const value = valuesOf(spec.value!) // latest always has a value
  const where = spec.where === null ? null : valuesOf(spec.where)
  const passes = (row: number) =>
    (where === null || (where.type !== 'string' && where.type !== 'int64' && where.values[row] === 1)) &&
    !(spec.ignoreNulls && isNull(value, row))
  const statuses = unseenStatuses(queries, false)
  const rows = new Int32Array(queries.count).fill(-1)
  for (let entity = 0; entity < sorted.entities; entity++) {
    const end = starts[entity + 1]!
    let entered = starts[entity]!
    let last = -1 // a place in order of known
    for (let place = queries.byEntity[entity]!; place < queries.byEntity[entity + 1]!; place++) {
      const query = queries.order[place]!
      const at = queries.asOf[query]!
      for (; entered < end && entering.known[entered]! < at; entered++) {
        const row = entering.rows[entered]!
        if (!passes(row)) continue
        if (last < 0 || !isBefore(entered, last)) last = entered
      }
      if (last < 0) continue
      if (spec.maxAgeMs !== null && entering.event[last]! < at - spec.maxAgeMs) {
        statuses[query] = statusCode.expired
        continue
      }
      const row = entering.rows[last]!
      if (isNull(value, row)) continue
      statuses[query] = statusCode.present
      rows[query] = row
    }
  }
  return { values: take(value, rows), statuses }

  function isBefore(a: number, b: number): boolean {
    const eventA = entering.event[a]!
    const eventB = entering.event[b]!
    if (eventA !== eventB) return eventA < eventB
    const rowA = entering.rows[a]!
    const rowB = entering.rows[b]!
    if (available[rowA] !== available[rowB]) return available[rowA]! < available[rowB]!
    return ranks !== null && ranks[rowA]! < ranks[rowB]!
  }
}

function isNull(column: Column, row: number): boolean {
  if (column.type === 'string') return column.codes[row]! < 0
  if (column.type === 'int64') return column.nulls[row] === 1
  return Number.isNaN(column.values[row]!)
}

/** The values of rows, null where the row is -1. */
function take(column: Column, rows: Int32Array): Column {
  if (column.type === 'string')
    return { ...column, codes: Int32Array.from(rows, (row) => (row < 0 ? -1 : column.codes[row]!)) }
  if (column.type === 'int64')
    return {
      type: 'int64',
      values: BigInt64Array.from(rows, (row) => (row < 0 ? 0n : column.values[row]!)),
      nulls: Uint8Array.from(rows, (row) => (row < 0 ? 1 : column.nulls[row]!)),
    }
  const values = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) values[i] = rows[i]! < 0 ? Number.NaN : column.values[rows[i]!]!
  return { type: column.type, values }
}
