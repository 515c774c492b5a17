import type { SplitSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import { formatInstant, type Instant, type Table } from '../values/index.ts'

/** Which rows of a training set train and which validate. */
export interface Split {
  readonly training: Uint32Array
  readonly validation: Uint32Array
  readonly validateFromMs: Instant
}

/**
 * Splits by time: moments before `validateFrom` train, later ones validate, so that a model is judged on what came after
 * what it learned. Only rows that have a label take part. Where `validateFrom` is not declared it is the instant with
 * `validateShare` of the labelled rows at or after it.
 * @throws training_set_empty when either side has no rows
 */
export function splitByTime(table: Table, hasLabel: (row: number) => boolean, split: SplitSpec): Split {
  const at = table.columns.at
  if (at === undefined || at.type !== 'timestamp') throw new TypeError('a training set has a column at')
  const labelled: number[] = []
  for (let row = 0; row < table.rows; row++) if (hasLabel(row)) labelled.push(row)
  if (labelled.length === 0) {
    throw noonmarkError('training_set_empty', {
      message: 'No moment of the training set has a label yet.',
      hint: 'Wait until outcomes are mature, or widen --from and --to.',
    })
  }
  const validateFromMs = split.validateFrom ?? quantile(at.values, labelled, 1 - split.validateShare)
  const training = Uint32Array.from(labelled.filter((row) => at.values[row]! < validateFromMs))
  const validation = Uint32Array.from(labelled.filter((row) => at.values[row]! >= validateFromMs))
  for (const [name, rows] of [
    ['training', training],
    ['validation', validation],
  ] as const) {
    if (rows.length > 0) continue
    throw noonmarkError('training_set_empty', {
      message: `No labelled moment lies on the ${name} side of ${formatInstant(validateFromMs)}; ${labelled.length} lie on the other.`,
      hint: 'Move split.validateFrom, or widen --from and --to.',
      path: 'split.validateFrom',
    })
  }
  return { training, validation, validateFromMs }
}

function quantile(values: Float64Array, rows: readonly number[], share: number): Instant {
  const sorted = Float64Array.from(rows, (row) => values[row]!).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}
