import { noonmarkError } from '../errors.ts'
import { labelStatuses, type OutcomeColumns } from '../offline/offline-engine.ts'
import type { Table } from '../values/index.ts'
import { utcDay } from './occurrence.ts'
import { numberColumn, textAt, textColumn } from './prediction-columns.ts'

/** The rows of one deployment with what came true. Everything is by place in `rows`, not by row of the table. */
export class JudgedPredictions {
  readonly table: Table
  readonly rows: Uint32Array
  readonly outcomes: OutcomeColumns
  readonly probability: Float64Array
  readonly day: readonly string[]
  readonly #weighted: boolean

  constructor(table: Table, rows: Uint32Array, outcomes: OutcomeColumns) {
    const at = numberColumn(table, 'at')
    const probability = numberColumn(table, 'probability')
    this.table = table
    this.rows = rows
    this.outcomes = outcomes
    this.probability = Float64Array.from(rows, (row) => probability[row]!)
    this.day = Array.from(rows, (row) => utcDay(at[row]!))
    this.#weighted = outcomes.weight.some((weight) => weight !== 1)
  }

  /** A plain text column by place. */
  text(name: string): (place: number) => string | null {
    const column = textColumn(this.table, name)
    return (place) => textAt(column, this.rows[place]!)
  }

  /** Whether a place has a label and a probability. */
  labelled(place: number): boolean {
    const status = labelStatuses[this.outcomes.labelStatus[place]!]
    const known = status === 'observed' || status === 'absent'
    return known && !Number.isNaN(this.outcomes.label[place]!) && !Number.isNaN(this.probability[place]!)
  }

  /** The labels of places as metrics take them. */
  labels(places: readonly number[]): Uint8Array {
    return Uint8Array.from(places, (place) => {
      const label = this.outcomes.label[place]!
      if (label !== 0 && label !== 1) {
        throw noonmarkError('evaluation_invalid', {
          message: `An outcome is ${label}, and only 0 and 1 can be judged.`,
        })
      }
      return label
    })
  }

  /** The weights of places; undefined where all weigh the same. */
  weights(places: readonly number[]): Float64Array | undefined {
    return this.#weighted ? Float64Array.from(places, (place) => this.outcomes.weight[place]!) : undefined
  }
}
