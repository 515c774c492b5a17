import type { ResolvedFeature } from '../define/index.ts'
import type { Instant, Row, Status, Value } from '../values/index.ts'
import { compareOrder, compileExpression, knownMs, type Ordered, windowStart } from '../values/index.ts'

/** A row that counts, with its times: available null is never visible. */
export interface NaiveRow extends Ordered {
  readonly row: Row
}

/** What a feature is for an entity at an instant. */
export interface FeatureValue {
  readonly value: Value | null
  readonly status: Status
}

/**
 * The oracle: a feature of one entity at an instant, straight from the contract and with no thought for speed. Every engine
 * is tested against it. `rows` are the source's rows that count, in any order, one per id.
 */
export function naiveFeature(
  rows: readonly NaiveRow[],
  { feature, view }: ResolvedFeature,
  key: readonly (Value | null)[],
  at: Instant,
): FeatureValue {
  const { aggregate: spec } = feature
  if (key.includes(null)) return { value: null, status: 'not_found' }
  const seen = rows.filter(({ eventMs, availableMs, row }) => {
    const known = knownMs(eventMs, availableMs)
    return known !== null && known < at && view.key.every(({ source }, i) => row[source] === key[i])
  })
  if (seen.length === 0)
    return spec.function === 'count' ? { value: 0, status: 'present' } : { value: null, status: 'not_found' }
  const start = spec.windowMs === null ? Number.NEGATIVE_INFINITY : windowStart(at, spec.windowMs)
  const where = spec.where === null ? () => true : compileExpression(spec.where)
  const evaluate = spec.value === null ? () => true : compileExpression(spec.value)
  const entered = seen.filter(({ eventMs, row }) => eventMs >= start && where(row) === true)
  if (spec.function === 'latest') {
    const last = entered
      .filter(({ row }) => !spec.ignoreNulls || evaluate(row) !== null)
      .sort(compareOrder)
      .at(-1)
    if (last !== undefined && spec.maxAgeMs !== null && last.eventMs < at - spec.maxAgeMs)
      return { value: null, status: 'expired' }
    return answer(last === undefined ? null : evaluate(last.row))
  }
  const values = entered.map(({ row }) => evaluate(row)).filter((value) => value !== null)
  if (spec.function === 'count') return answer(values.length)
  if (values.length === 0) return answer(null)
  if (spec.function === 'share') return answer(values.filter((value) => value === true).length / values.length)
  if (spec.function === 'min') return answer(ascending(values)[0]!)
  if (spec.function === 'max') return answer(ascending(values).at(-1)!)
  if (spec.function === 'sum' && spec.type !== 'float') {
    const sum = values.reduce<bigint>((total, value) => total + BigInt(value), 0n)
    const fits = spec.type === 'int64' ? BigInt.asIntN(64, sum) === sum : Number.isSafeInteger(Number(sum))
    return fits ? answer(spec.type === 'int64' ? sum : Number(sum)) : { value: null, status: 'overflow' }
  }
  const sum = values.reduce<number>((total, value) => total + Number(value), 0)
  if (!Number.isFinite(sum)) return { value: null, status: 'overflow' }
  return answer(spec.function === 'mean' ? sum / values.length : sum)
}

function ascending(values: readonly Value[]): Value[] {
  return [...values].sort((a, b) => (a < b ? -1 : Number(a > b)))
}

function answer(value: Value | null): FeatureValue {
  return { value, status: value === null ? 'null' : 'present' }
}

/** The rows of a file source that count: of those with one id the one with the smallest known, by Order where equal. */
export function naiveStanding(rows: readonly NaiveRow[]): NaiveRow[] {
  const known = (row: NaiveRow) => knownMs(row.eventMs, row.availableMs) ?? Number.POSITIVE_INFINITY
  const standing = new Map<string, NaiveRow>()
  for (const row of rows) {
    const other = row.id === null ? undefined : standing.get(row.id)
    const earlier = other === undefined || known(row) < known(other)
    const tied = other !== undefined && known(row) === known(other) && compareOrder(row, other) < 0
    if (row.id !== null && (earlier || tied)) standing.set(row.id, row)
  }
  return rows.filter((row) => row.id === null || standing.get(row.id) === row)
}
