import type { OutcomeAggregate, OutcomeSpec, SourceSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import { type Column, columnValue, formatDuration, formatInstant, type Instant, jsonValue } from '../values/index.ts'
import { entityIndex } from './entity-index.ts'
import { labelStatuses, type OutcomeColumns } from './offline-engine.ts'
import { orderRows } from './row-order.ts'
import { groupRows, sortOrder } from './sort-order.ts'
import { type SourceRows, type TieRanks, visibleRows } from './source-rows.ts'

/** The rows that may be outcomes. */
export interface OutcomeRows {
  readonly source: SourceRows
  /** One column for each entry of `outcome.on`, in its order. */
  readonly key: readonly Column[]
  /** The value of the outcome, one a row. */
  readonly value: Column
  readonly tieRanks: TieRanks
}

/** The moments whose outcomes are asked for. */
export interface OutcomeSpine {
  readonly key: readonly Column[]
  readonly after: Float64Array
  readonly at: Float64Array
  readonly cutMs: Instant
}

const code = Object.fromEntries(labelStatuses.map((status, place) => [status, place])) as Record<
  (typeof labelStatuses)[number],
  number
> // one entry for each status

/**
 * How much later than it happened an outcome of a source may become known.
 * @throws definition_invalid for a source with an `availableAt` column that does not declare `maturesAfter`
 */
export function maturityLagMs(source: SourceSpec): number {
  if (source.available.from === 'lag') return source.available.lagMs
  if (source.available.from === 'event') return 0
  if (source.maturesAfterMs !== null) return source.maturesAfterMs
  throw noonmarkError('definition_invalid', {
    message: `source ${source.name}: maturesAfter is missing, so nobody can say when its outcomes are complete.`,
    hint: "Say how late a row may become known: maturesAfter: '3d'.",
    path: `source ${source.name} > maturesAfter`,
  })
}

/**
 * The rows that may be the outcome of some moment: those that are visible at the cut and happened between the first instant
 * that counts and the last, of moments that are mature. Only of these need key and value be read.
 */
export function outcomeCandidates(
  outcome: OutcomeSpec,
  source: SourceSpec,
  rows: SourceRows,
  { after, at, cutMs }: Pick<OutcomeSpine, 'after' | 'at' | 'cutMs'>,
): Uint32Array {
  const lagMs = maturityLagMs(source)
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < at.length; i++) {
    const until = at[i]! + outcome.withinMs
    if (!(until + lagMs < cutMs)) continue
    if (after[i]! < from) from = after[i]!
    if (until > to) to = until
  }
  return visibleRows(rows, cutMs).filter((row) => rows.event[row]! > from && rows.event[row]! <= to)
}

/**
 * The outcome of every moment: of the rows with its key, known before the cut, whose event lies in `(after, at + horizon]`.
 * A moment is mature when at + horizon + lag lies before the cut; before that it is open, whatever has arrived. A mature
 * moment whose outcomes all have a null value is unobservable: something happened, and nobody can say what.
 * @throws outcome_ambiguous for several values and no aggregate
 */
export async function joinOutcomes(
  outcome: OutcomeSpec,
  source: SourceSpec,
  rows: OutcomeRows,
  spine: OutcomeSpine,
): Promise<OutcomeColumns> {
  const lagMs = maturityLagMs(source)
  const { event, known } = rows.source
  const visible = outcomeCandidates(outcome, source, rows.source, spine)
  const { entities, rows: entityOf, spines } = entityIndex(rows.key, rows.source.rows, visible, [spine.key])
  // Only these depend on Order among rows of equal times: a sum of doubles does in its last digits.
  const ordered = ['first', 'last', 'sum', 'mean'].includes(outcome.aggregate ?? '')
  const byEvent = ordered ? await orderRows(rows.source, visible, rows.tieRanks) : sortOrder(event, visible)
  const { order, starts } = groupRows(byEvent, entityOf, entities)
  const count = spine.at.length
  const labels: OutcomeColumns = {
    label: new Float64Array(count).fill(Number.NaN),
    labelStatus: new Uint8Array(count),
    labelAt: new Float64Array(count).fill(Number.NaN),
    weight: new Float64Array(count).fill(1),
  }
  if (rows.value.type === 'string' || rows.value.type === 'int64')
    throw new TypeError(`an outcome cannot be ${rows.value.type}`)
  const values = rows.value.values
  for (let i = 0; i < count; i++) {
    const until = spine.at[i]! + outcome.withinMs
    if (!(until + lagMs < spine.cutMs)) {
      labels.labelStatus[i] = code.open
      continue
    }
    const entity = spines[0]![i]!
    const end = entity < 0 ? 0 : starts[entity + 1]!
    const found: number[] = []
    let happened = false
    for (
      let place = entity < 0 ? 0 : firstAfter(event, order, starts[entity]!, end, spine.after[i]!);
      place < end;
      place++
    ) {
      const row = order[place]!
      if (event[row]! > until) break
      happened = true
      if (!Number.isNaN(values[row]!)) found.push(row)
    }
    if (found.length === 0) {
      labels.labelStatus[i] = happened ? code.unobservable : code.absent
      if (!happened && outcome.absent !== null) labels.label[i] = Number(outcome.absent)
      continue
    }
    if (found.length > 1 && outcome.aggregate === null) throw ambiguous(outcome, source, spine, i, found, event)
    labels.labelStatus[i] = code.observed
    const used =
      outcome.aggregate === 'first' ? found.slice(0, 1) : outcome.aggregate === 'last' ? found.slice(-1) : found
    labels.label[i] = aggregated(
      outcome.aggregate,
      used.map((row) => values[row]!),
    )
    labels.labelAt[i] = used.reduce((latest, row) => Math.max(latest, known[row]!), Number.NEGATIVE_INFINITY)
  }
  return labels
}

/** The first place whose event lies after an instant. */
function firstAfter(event: Float64Array, order: Uint32Array, from: number, to: number, after: Instant): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (event[order[middle]!]! > after) high = middle
    else low = middle + 1
  }
  return low
}

function aggregated(aggregate: OutcomeAggregate | null, values: readonly number[]): number {
  switch (aggregate) {
    case 'count':
      return values.length
    case 'sum':
      return values.reduce((sum, value) => sum + value, 0)
    case 'mean':
      return values.reduce((sum, value) => sum + value, 0) / values.length
    case 'min':
      return values.reduce((a, b) => Math.min(a, b))
    case 'max':
      return values.reduce((a, b) => Math.max(a, b))
    default:
      return values[0]!
  }
}

function ambiguous(
  outcome: OutcomeSpec,
  source: SourceSpec,
  spine: OutcomeSpine,
  row: number,
  found: readonly number[],
  event: Float64Array,
) {
  const key = outcome.on.map(({ field }, part) => {
    const column = spine.key[part]!
    return `${field} ${JSON.stringify(jsonValue(column.type, columnValue(column, row)))}`
  })
  const times = found.slice(0, 3).map((place) => formatInstant(event[place]!))
  return noonmarkError('outcome_ambiguous', {
    message: `The moment with ${key.join(', ')} at ${formatInstant(spine.at[row]!)} has ${found.length} outcomes in source ${source.name} within ${formatDuration(outcome.withinMs)} (at ${times.join(', ')}${found.length > 3 ? ', ...' : ''}).`,
    path: `outcome of ${source.name} > aggregate`,
  })
}
