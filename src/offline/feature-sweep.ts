import type { AggregateSpec } from '../define/index.ts'
import { type Column, type ExpressionNode, expressionType, hopMs, statusCode } from '../values/index.ts'
import type { FeatureColumn } from './offline-engine.ts'
import {
  limbsOfDoubles,
  limbsOfIntegers,
  type Running,
  type RunningInteger,
  runningCount,
  runningInteger,
  runningShare,
} from './running.ts'
import { slidingFold } from './sliding-fold.ts'
import { gather } from './sort-order.ts'
import { type SortedRows, unseenStatuses } from './sorted-rows.ts'

/** The rows of one feature: those that its filter, its nulls and its window let in. */
interface WindowRows {
  readonly starts: Uint32Array
  /** Source rows in order of known, and when each enters. */
  readonly entering: Uint32Array
  readonly enterAt: Float64Array
  /** The same rows in order of leaving, and when each leaves; empty for lifetime. */
  readonly leaving: Uint32Array
  readonly leaveAt: Float64Array
  /** Rows leave in the order in which they enter. */
  readonly inOrder: boolean
}

/** One windowed or lifetime aggregate at every query: (entered before q) and not (left by q), in one sweep an entity. */
export function sweepFeature(
  sorted: SortedRows,
  spec: AggregateSpec,
  valuesOf: (node: ExpressionNode) => Column,
): FeatureColumn {
  const value = spec.value === null ? null : valuesOf(spec.value)
  const where = spec.where === null ? null : valuesOf(spec.where)
  const rows = windowRows(sorted, spec.windowMs, usable(sorted, value, where))
  const { running, decode } = runningOf(spec, value, rows, sorted.sourceRows)
  return sweep(sorted, spec, rows, running, decode)
}

/** 1 for rows whose filter is true and whose value is not null. */
function usable(sorted: SortedRows, value: Column | null, where: Column | null): Uint8Array {
  const use = new Uint8Array(sorted.sourceRows).fill(1)
  if (where !== null && where.type !== 'string' && where.type !== 'int64') {
    for (let row = 0; row < use.length; row++) if (where.values[row] !== 1) use[row] = 0
  }
  if (value === null) return use
  if (value.type === 'string') {
    for (let row = 0; row < use.length; row++) if (value.codes[row]! < 0) use[row] = 0
  } else if (value.type === 'int64') {
    for (let row = 0; row < use.length; row++) if (value.nulls[row] === 1) use[row] = 0
  } else {
    for (let row = 0; row < use.length; row++) if (Number.isNaN(value.values[row]!)) use[row] = 0
  }
  return use
}

function windowRows(sorted: SortedRows, windowMs: number | null, use: Uint8Array): WindowRows {
  const { starts, entering, leaving, entities } = sorted
  const hop = windowMs === null ? 1 : hopMs(windowMs)
  const leave = (event: number) =>
    windowMs === null ? Number.POSITIVE_INFINITY : Math.floor(event / hop) * hop + hop + windowMs
  const own = new Uint32Array(entities + 1)
  const enteringRows = new Uint32Array(entering.rows.length)
  const enterAt = new Float64Array(entering.rows.length)
  const leavingRows = new Uint32Array(windowMs === null ? 0 : leaving.rows.length)
  const leaveAts = new Float64Array(leavingRows.length)
  let [count, left] = [0, 0]
  let inOrder = true
  for (let entity = 0; entity < entities; entity++) {
    own[entity] = count
    const { first, last } = askedBetween(sorted, entity)
    let before = Number.NEGATIVE_INFINITY
    for (let place = starts[entity]!; place < starts[entity + 1]!; place++) {
      const known = entering.known[place]!
      // In order of known: those that follow are known only after every question.
      if (known >= last) break
      const row = entering.rows[place]!
      const leaveAt = leave(entering.event[place]!)
      // A row that has left before the first question, or is known only after it would have left, never counts.
      if (use[row] === 0 || known >= leaveAt || leaveAt <= first) continue
      if (leaveAt < before) inOrder = false
      before = leaveAt
      enteringRows[count] = row
      enterAt[count++] = known
    }
    for (let place = starts[entity]!; windowMs !== null && place < starts[entity + 1]!; place++) {
      const known = leaving.known[place]!
      const row = leaving.rows[place]!
      const leaveAt = leave(leaving.event[place]!)
      if (use[row] === 0 || known >= last || known >= leaveAt || leaveAt <= first) continue
      leavingRows[left] = row
      leaveAts[left++] = leaveAt
    }
  }
  own[entities] = count
  return {
    starts: own,
    entering: enteringRows.subarray(0, count),
    enterAt: enterAt.subarray(0, count),
    leaving: leavingRows.subarray(0, left),
    leaveAt: leaveAts.subarray(0, left),
    inOrder: windowMs === null || inOrder,
  }
}

/** The first and the last instant at which an entity is asked about; what lies outside need not be swept. */
function askedBetween({ queries }: SortedRows, entity: number): { readonly first: number; readonly last: number } {
  const [begin, end] = [queries.byEntity[entity]!, queries.byEntity[entity + 1]!]
  if (begin === end) return { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY }
  return { first: queries.asOf[queries.order[begin]!]!, last: queries.asOf[queries.order[end - 1]!]! }
}

interface Aggregation {
  readonly running: Running
  /** For results of 64-bit integers: the result in place of the double that `read` gives. */
  readonly decode: ((double: number) => bigint) | null
}

function runningOf(spec: AggregateSpec, value: Column | null, rows: WindowRows, sourceRows: number): Aggregation {
  if (spec.function === 'count' || value === null) return { running: runningCount(), decode: null }
  if (value.type === 'string') throw new TypeError(`${spec.function} of strings has no meaning`)
  if (spec.function === 'share' && value.type !== 'int64')
    return {
      running: runningShare(gather(value.values, rows.entering), gather(value.values, rows.leaving)),
      decode: null,
    }
  if ((spec.function === 'sum' || spec.function === 'mean') && value.type !== 'float') {
    const limbs = (order: Uint32Array) =>
      value.type === 'int64'
        ? limbsOfIntegers(BigInt64Array.from(order, (row) => value.values[row]!))
        : limbsOfDoubles(gather(value.values, order))
    const result = spec.function === 'mean' ? 'mean' : value.type === 'int64' ? 'int64' : 'int'
    const running: RunningInteger = runningInteger(limbs(rows.entering), limbs(rows.leaving), result)
    return { running, decode: result === 'int64' ? () => running.readInteger() : null }
  }
  const places = rows.inOrder ? null : placesOf(rows, sourceRows)
  if (value.type === 'int64') {
    // The order of 64-bit integers is kept by their ranks, which doubles hold exactly.
    const distinct = BigInt64Array.from(new Set(BigInt64Array.from(rows.entering, (row) => value.values[row]!))).sort()
    const rankOf = new Map(Array.from(distinct, (whole, rank) => [whole, rank]))
    const ranks = Float64Array.from(rows.entering, (row) => rankOf.get(value.values[row]!)!)
    return { running: slidingFold(foldOf(spec), ranks, places), decode: (rank) => distinct[rank]! }
  }
  return { running: slidingFold(foldOf(spec), gather(value.values, rows.entering), places), decode: null }
}

function foldOf(spec: AggregateSpec): 'sum' | 'mean' | 'min' | 'max' {
  if (spec.function === 'sum' || spec.function === 'mean' || spec.function === 'min' || spec.function === 'max')
    return spec.function
  throw new TypeError(`${spec.function} is not a fold`)
}

/** For every row in order of known its place in order of leaving. */
function placesOf(rows: WindowRows, sourceRows: number): Uint32Array {
  const placeOfRow = new Uint32Array(sourceRows)
  for (let place = 0; place < rows.leaving.length; place++) placeOfRow[rows.leaving[place]!] = place
  return Uint32Array.from(rows.entering, (row) => placeOfRow[row]!)
}

function sweep(
  sorted: SortedRows,
  spec: AggregateSpec,
  rows: WindowRows,
  running: Running,
  decode: Aggregation['decode'],
): FeatureColumn {
  const { queries } = sorted
  const isCount = spec.function === 'count'
  const statuses = unseenStatuses(queries, isCount)
  const values = new Float64Array(queries.count).fill(Number.NaN)
  const integers = decode === null ? null : new BigInt64Array(queries.count)
  if (isCount) for (let query = 0; query < queries.count; query++) if (queries.unseen[query] === 1) values[query] = 0
  const { enterAt, leaveAt } = rows
  for (let entity = 0; entity < sorted.entities; entity++) {
    const lastQuery = queries.byEntity[entity + 1]!
    const end = rows.starts[entity + 1]!
    let entered = rows.starts[entity]!
    let left = entered
    const leaveEnd = leaveAt.length === 0 ? left : end
    if (queries.byEntity[entity] === lastQuery) continue
    running.begin(entered, end)
    for (let place = queries.byEntity[entity]!; place < lastQuery; place++) {
      const query = queries.order[place]!
      const at = queries.asOf[query]!
      while (entered < end && enterAt[entered]! < at) running.enter(entered++)
      while (left < leaveEnd && leaveAt[left]! <= at) running.leave(left++)
      if (running.count() === 0 && !isCount) continue
      const value = running.read()
      if (!Number.isFinite(value)) {
        statuses[query] = statusCode.overflow
        continue
      }
      statuses[query] = statusCode.present
      values[query] = value
      if (integers !== null && decode !== null) integers[query] = decode(value)
    }
  }
  if (integers !== null)
    return {
      values: {
        type: 'int64',
        values: integers,
        nulls: Uint8Array.from(values, (value) => (Number.isNaN(value) ? 1 : 0)),
      },
      statuses,
    }
  return { values: { type: resultType(spec), values }, statuses }
}

function resultType(spec: AggregateSpec): 'int' | 'float' | 'timestamp' {
  const type = spec.function === 'min' || spec.function === 'max' ? expressionType(spec.value!) : spec.type
  return type === 'int' || type === 'timestamp' ? type : 'float'
}
