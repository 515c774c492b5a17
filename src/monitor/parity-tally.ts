import type { Digest } from '../digest.ts'
import type { FeatureColumn, TableVersion } from '../offline/offline-engine.ts'
import {
  columnValue,
  formatInstant,
  jsonValue,
  type Status,
  statuses,
  type Table,
  type Value,
} from '../values/index.ts'
import type { NotComparable, ParityFeature, ParityTask } from './parity-task.ts'
import { agreementOf, relativeTolerance } from './parity-tolerance.ts'
import { numberColumn, type ServedFeature, textAt, textColumn, valueOfType } from './prediction-columns.ts'
import type { SourceReach } from './source-reach.ts'

/** Served values by what became of them. `compared` is `equal` and `differing`; `not_comparable` stands beside. */
export interface ParityCounts {
  readonly compared: number
  readonly equal: number
  readonly differing: number
  readonly not_comparable: number
}

/** The parity of one feature of one role. */
export interface FeatureParity extends ParityCounts {
  readonly role: string
  /** `view:feature` */
  readonly feature: string
  readonly digests: readonly Digest[]
  /** Of the differing: those with another status, and those with the same status and another value. */
  readonly differing_statuses: number
  readonly differing_values: number
  /** Why values are not comparable, and how many; see `notComparableReasons`. */
  readonly reasons: Readonly<Partial<Record<NotComparable, number>>>
  /** The first differences by the time of their moments. */
  readonly examples: readonly ParityExample[]
}

/** A served value that is not what the tables say. */
export interface ParityExample {
  readonly prediction_id: string
  readonly deployment: string
  readonly version: string | null
  readonly entity: Readonly<Record<string, JsonValue>>
  readonly at: string
  readonly as_of: string
  readonly served: { readonly value: JsonValue; readonly status: Status }
  readonly recomputed: { readonly value: JsonValue; readonly status: Status }
  /** Served less recomputed; milliseconds for instants, text for int64; null where there is no such thing. */
  readonly difference: number | string | null
  /** The table version that the answer named, where it came from files, and the one that it was recomputed from. */
  readonly tables: { readonly served: Digest | null; readonly recomputed: Digest }
}

type JsonValue = boolean | number | string | null

/** A difference that is small enough to be one of rounding, until the rows in the window say how small. */
export interface Doubt {
  readonly task: ParityTask
  readonly row: number
  readonly served: Answered
  readonly recomputed: Answered
}

/** A value and what is said of it. */
export interface Answered {
  readonly value: Value | null
  readonly status: Status
}

/** What a tally looks up beside the feature itself; see `ParityOptions`. */
export interface TallyContext {
  readonly predictions: Table
  readonly versions: Readonly<Record<string, TableVersion>>
  readonly examples?: number
}

/** Counts what became of the values of one served feature, and keeps the differences. */
export class ParityTally {
  readonly feature: ParityFeature
  readonly reasons = new Map<NotComparable, number>()
  /** 1 for each row of the predictions table of which a value was compared. */
  readonly comparedRows: Uint8Array
  readonly notYetThere: readonly number[]
  equal = 0
  differingStatuses = 0
  differingValues = 0
  readonly #differences: Doubt[] = []
  readonly #options: TallyContext
  readonly #loggedAt: Float64Array

  constructor(feature: ParityFeature, options: TallyContext) {
    this.feature = feature
    this.#options = options
    this.#loggedAt = numberColumn(options.predictions, 'logged_at')
    this.comparedRows = new Uint8Array(options.predictions.rows)
    for (const [reason, rows] of feature.excluded) this.reasons.set(reason, rows.length)
    this.notYetThere = feature.excluded.get('table_not_yet_there') ?? []
  }

  /**
   * Compares what was served with what was recomputed, and gives back what only the rows in the window can decide.
   * @param places for each row of the task its place in the column
   */
  compare(task: ParityTask, column: FeatureColumn, places: Int32Array, { backfills }: SourceReach): Doubt[] {
    const { served, resolved, key, asOf } = task
    const { type, aggregate } = resolved.feature
    const agreement = agreementOf(aggregate)
    const doubts: Doubt[] = []
    const isSame = backfills === null ? plainlySame(served, column) : null
    task.rows.forEach((row, index) => {
      const at = places[index]!
      if (isSame?.(row, at)) {
        this.comparedRows[row] = 1
        this.equal++
        return
      }
      let recomputed: Answered = {
        value: columnValue(column.values, at),
        status: statuses[column.statuses[at]!]!,
      }
      const corrected = backfills?.correct(resolved, {
        key: key.map((part) => columnValue(part, row)),
        asOf: asOf[row]!,
        loggedAt: this.#loggedAt[row]!,
      })
      if (corrected === 'in_flight') {
        this.reasons.set('backfill_in_flight', (this.reasons.get('backfill_in_flight') ?? 0) + 1)
        return
      }
      if (corrected !== null && corrected !== undefined) recomputed = corrected
      const answer: Answered = {
        value: valueOfType(type, columnValue(served.values, row)),
        // A status that is none of ours differs from every one of ours.
        status: (textAt(served.statuses, row) ?? 'unavailable') as Status,
      }
      recomputed = { ...recomputed, value: valueOfType(type, recomputed.value) }
      this.comparedRows[row] = 1
      const doubt = { task, row, served: answer, recomputed }
      if (answer.status !== recomputed.status || answer.value === recomputed.value) {
        this.decide(doubt, answer.status === recomputed.status)
        return
      }
      const numbers = typeof answer.value === 'number' && typeof recomputed.value === 'number'
      if (agreement === 'exact' || !numbers) {
        this.decide(doubt, false)
        return
      }
      const difference = Math.abs(Number(answer.value) - Number(recomputed.value))
      const within = difference <= relativeTolerance * Math.abs(Number(recomputed.value))
      // The sum of |x| is at least |sum of x|, so what is within the value's own tolerance needs no second look.
      if (within || agreement === 'relative') this.decide(doubt, within)
      else doubts.push(doubt)
    })
    return doubts
  }

  decide(doubt: Doubt, equal: boolean): void {
    if (equal) {
      this.equal++
      return
    }
    if (doubt.served.status === doubt.recomputed.status) this.differingValues++
    else this.differingStatuses++
    this.#differences.push(doubt)
  }

  parity(): FeatureParity {
    const { served, digests } = this.feature
    const differing = this.differingStatuses + this.differingValues
    return {
      role: served.role,
      feature: `${served.view}:${served.feature}`,
      digests,
      compared: this.equal + differing,
      equal: this.equal,
      differing,
      differing_statuses: this.differingStatuses,
      differing_values: this.differingValues,
      not_comparable: sum(this.reasons.values()),
      reasons: Object.fromEntries(this.reasons),
      examples: this.#examples(),
    }
  }

  /** The first differences; a value that was served to several versions at one moment is one example. */
  #examples(): ParityExample[] {
    const { predictions, examples: most = 5 } = this.#options
    const at = numberColumn(predictions, 'at')
    const found = new Map<string, ParityExample>()
    for (const doubt of this.#differences.sort((a, b) => at[a.row]! - at[b.row]! || a.row - b.row)) {
      if (found.size >= most) break
      const example = this.#example(doubt)
      const { entity, as_of: asOf, served } = example
      const name = JSON.stringify([entity, asOf, served])
      if (!found.has(name)) found.set(name, example)
    }
    return [...found.values()]
  }

  #example({ task, row, served, recomputed }: Doubt): ParityExample {
    const { predictions: table, versions } = this.#options
    const { feature, source, view } = task.resolved
    const json = ({ value, status }: Answered) => ({ value: jsonValue(feature.type, value), status })
    return {
      prediction_id: textAt(textColumn(table, 'prediction_id'), row) ?? '',
      deployment: textAt(textColumn(table, 'deployment'), row) ?? '',
      version: textAt(textColumn(table, 'version'), row),
      entity: Object.fromEntries(
        view.key.map(({ entity, type }, part) => [entity, jsonValue(type, columnValue(task.key[part]!, row))]),
      ),
      at: formatInstant(numberColumn(table, 'at')[row]!),
      as_of: formatInstant(task.asOf[row]!),
      served: json(served),
      recomputed: json(recomputed),
      difference: signedDifference(served.value, recomputed.value),
      tables: {
        served: textAt(textColumn(table, `table:${source.name}`), row),
        recomputed: versions[source.name]!.digest,
      },
    }
  }
}

/**
 * Tells the many values that are the same to the last bit, status included, without making anything of them; whatever it does
 * not know is for a closer look. Null for columns of texts and of 64-bit integers.
 */
function plainlySame(served: ServedFeature, column: FeatureColumn): ((row: number, at: number) => boolean) | null {
  const [answered, computed] = [served.values, column.values]
  if (answered.type === 'string' || answered.type === 'int64') return null
  if (computed.type !== answered.type) return null
  const codeOf = Int32Array.from(served.statuses.dictionary, (name) => (statuses as readonly string[]).indexOf(name))
  return (row, at) => {
    const [value, other] = [answered.values[row]!, computed.values[at]!]
    const same = value === other || (Number.isNaN(value) && Number.isNaN(other))
    return same && codeOf[served.statuses.codes[row]!] === column.statuses[at]
  }
}

function signedDifference(served: Value | null, recomputed: Value | null): number | string | null {
  if (typeof served === 'number' && typeof recomputed === 'number') return served - recomputed
  if (typeof served === 'bigint' && typeof recomputed === 'bigint') return (served - recomputed).toString()
  return null
}

/** The sum of numbers. */
export function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
