import { columnValue, type Status, type Table } from '../values/index.ts'
import { groupRows, occurrences, utcDay } from './occurrence.ts'
import { numberColumn, servedFeatures, textAt } from './prediction-columns.ts'
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
  const at = numberColumn(table, 'at')
  return servedFeatures(table).map(({ role, view, feature, values, statuses }) => {
    const seen = new Set<number>()
    const rows: number[] = []
    for (let row = 0; row < table.rows; row++) {
      const occurrence = occurrenceOf[row]!
      if (statuses.codes[row]! < 0 || seen.has(occurrence)) continue
      seen.add(occurrence)
      rows.push(row)
    }
    const countsOf = (some: readonly number[]): HealthCounts => {
      const nulls = some.filter((row) => columnValue(values, row) === null).length
      const found = groupRows(some, (row) => textAt(statuses, row) ?? '')
      const rate = (count: number) => (some.length > 0 ? count / some.length : 0)
      return {
        rows: some.length,
        nulls,
        null_rate: rate(nulls),
        statuses: Object.fromEntries(found.map(([status, group]) => [status, group.length])),
        status_rates: Object.fromEntries(found.map(([status, group]) => [status, rate(group.length)])),
      }
    }
    const all = countsOf(rows)
    const trained = training.find((one) => one.role === role && one.view === view && one.feature === feature)
    return {
      role,
      feature: `${view}:${feature}`,
      ...all,
      days: groupRows(rows, (row) => utcDay(at[row]!)).map(([day, some]) => ({ day, ...countsOf(some) })),
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
