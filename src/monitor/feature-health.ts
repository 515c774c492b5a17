import type { Column, Status, Table } from '../values/index.ts'
import { occurrences, utcDay } from './occurrence.ts'
import { numberColumn, servedFeatures } from './prediction-columns.ts'
import { type ShareDifference, shareDifference } from './proportion.ts'

/** How often a feature was null, and what was said of its values. Rates are counts by `rows`. */
export interface HealthCounts {
  readonly rows: number
  readonly nulls: number
  readonly null_rate: number
  readonly statuses: Readonly<Partial<Record<Status, number>>>
  readonly status_rates: Readonly<Partial<Record<Status, number>>>
}

/** One served feature of one role. */
export interface FeatureHealth extends HealthCounts {
  readonly role: string
  /** `view:feature` */
  readonly feature: string
  /** By UTC day of the moment. */
  readonly days: readonly (HealthCounts & { readonly day: string })[]
  /** The training set beside it: its null rate, and served less training with a 95 % interval; null without one. */
  readonly training:
    | ({ readonly rows: number; readonly nulls: number; readonly null_rate: number } & ShareDifference)
    | null
}

/** How often a feature was null in a training set. */
export interface TrainingNulls {
  readonly role: string
  readonly view: string
  readonly feature: string
  readonly rows: number
  readonly nulls: number
}

/**
 * Null and status rates of every served feature of a predictions table, by day and in all. Each occurrence of a moment counts
 * once, however many deployments and versions it was served to.
 */
export function featureHealth(table: Table, training: readonly TrainingNulls[] = []): FeatureHealth[] {
  const occurrenceOf = occurrences(table)
  const days = distinctDays(numberColumn(table, 'at'))
  const seen = new Int32Array(table.rows).fill(-1)
  return servedFeatures(table).map(({ role, view, feature, values, statuses }, place) => {
    const isNull = nullsOf(values)
    const byDay = days.names.map(() => new Tally(statuses.dictionary.length))
    const all = new Tally(statuses.dictionary.length)
    for (let row = 0; row < table.rows; row++) {
      const occurrence = occurrenceOf[row]!
      if (statuses.codes[row]! < 0 || seen[occurrence] === place) continue
      seen[occurrence] = place
      for (const tally of [all, byDay[days.of[row]!]!]) tally.add(statuses.codes[row]!, isNull(row))
    }
    const trained = training.find((one) => one.role === role && one.view === view && one.feature === feature)
    return {
      role,
      feature: `${view}:${feature}`,
      ...all.counts(statuses.dictionary),
      days: days.names.flatMap((day, i) =>
        byDay[i]!.rows === 0 ? [] : [{ day, ...byDay[i]!.counts(statuses.dictionary) }],
      ),
      training:
        trained === undefined || trained.rows === 0
          ? null
          : {
              rows: trained.rows,
              nulls: trained.nulls,
              null_rate: trained.nulls / trained.rows,
              ...shareDifference(all.nulls, all.rows, trained.nulls, trained.rows),
            },
    }
  })
}

/** Counts rows, nulls and statuses. */
class Tally {
  rows = 0
  nulls = 0
  readonly #statuses: Float64Array

  constructor(statuses: number) {
    this.#statuses = new Float64Array(statuses)
  }

  add(status: number, isNull: boolean): void {
    this.rows++
    this.#statuses[status]!++
    if (isNull) this.nulls++
  }

  counts(names: readonly string[]): HealthCounts {
    const found = names
      .map((name, code) => [name, this.#statuses[code]!] as const)
      .filter(([, count]) => count > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    const rate = (count: number) => (this.rows > 0 ? count / this.rows : 0)
    return {
      rows: this.rows,
      nulls: this.nulls,
      null_rate: rate(this.nulls),
      statuses: Object.fromEntries(found),
      status_rates: Object.fromEntries(found.map(([name, count]) => [name, rate(count)])),
    }
  }
}

/** The days of instants in order, and the place of each instant's day among them. */
function distinctDays(at: Float64Array): { readonly names: readonly string[]; readonly of: Int32Array } {
  const names = [...new Set(Array.from(at, utcDay))].sort()
  const places = new Map(names.map((name, place) => [name, place]))
  return { names, of: Int32Array.from(at, (instant) => places.get(utcDay(instant))!) }
}

function nullsOf(column: Column): (row: number) => boolean {
  if (column.type === 'string') return (row) => column.codes[row]! < 0
  if (column.type === 'int64') return (row) => column.nulls[row] === 1
  return (row) => Number.isNaN(column.values[row]!)
}
