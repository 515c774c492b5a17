import type { FeatureMatrix, MatrixColumn } from '../matrix.ts'
import { areaUnderCurve } from './auc.ts'
import { ascendingOrder } from './order.ts'

/** How well one feature alone tells the labels apart. */
export interface SingleFeatureAuc {
  readonly name: string
  /** At least 0.5 up to chance: the direction does not matter. Null with one class only. */
  readonly auc: number | null
  /**
   * What tells them apart best: the size of the `value` (missing ones below or above all others), that it is `missing`, or the rate of
   * label 1 in `groups` of equal categories or similar numbers.
   */
  readonly by: 'value' | 'missing' | 'groups'
}

const folds = 5
const numberGroups = 64

/**
 * The AUC of a single feature, the best of three readings (see `SingleFeatureAuc.by`). Rates of groups are taken from the four fifths of the
 * rows that a row is not in, so a column of unique texts does not look like the label. At most about `mostRows` rows, evenly spaced, are read.
 */
export function singleFeatureAuc(column: MatrixColumn, labels: Uint8Array, mostRows = 100_000): SingleFeatureAuc {
  const size = Math.min(labels.length, mostRows)
  const values = new Float64Array(size)
  const truth = new Uint8Array(size)
  for (let at = 0; at < size; at++) {
    const row = size === labels.length ? at : Math.floor((at * labels.length) / size)
    values[at] = column.values[row]!
    truth[at] = labels[row]!
  }
  const missing = values.map((value) => (Number.isNaN(value) ? 1 : 0))
  const readings: { by: SingleFeatureAuc['by']; scores: Float64Array }[] = [{ by: 'missing', scores: missing }]
  if (column.kind === 'number') {
    for (const place of [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]) {
      readings.push({ by: 'value', scores: values.map((value) => (Number.isNaN(value) ? place : value)) })
    }
  }
  const groups = column.kind === 'category' ? codeGroups(values, column) : quantileGroups(values)
  readings.push({ by: 'groups', scores: ratesOfOthers(groups, truth) })
  let best: { auc: number | null; by: SingleFeatureAuc['by'] } = { auc: null, by: 'value' }
  for (const { by, scores } of readings) {
    const auc = areaUnderCurve(truth, scores)
    if (auc === null) return { name: column.name, auc: null, by }
    // A rate already points the right way; a size or a gap may point either way.
    const found = by === 'groups' ? auc : Math.max(auc, 1 - auc)
    if (best.auc === null || found > best.auc) best = { auc: found, by }
  }
  return { name: column.name, ...best }
}

/** The features whose AUC alone is at least `threshold`, best first: each nearly equals the label, or was made from it. */
export function featuresNearLabel(matrix: FeatureMatrix, labels: Uint8Array, threshold = 0.98): SingleFeatureAuc[] {
  return matrix.columns
    .map((column) => singleFeatureAuc(column, labels))
    .filter(({ auc }) => auc !== null && auc >= threshold)
    .sort((one, other) => (other.auc ?? 0) - (one.auc ?? 0))
}

function codeGroups(values: Float64Array, column: MatrixColumn): Int32Array {
  const size = column.categories?.length ?? 0
  return Int32Array.from(values, (code) => (Number.isNaN(code) ? size : code))
}

/** About equal groups of sorted values; equal values share a group, missing ones have group 0. */
function quantileGroups(values: Float64Array): Int32Array {
  const groups = new Int32Array(values.length)
  const order = ascendingOrder(values.map((value) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : value)))
  const perGroup = Math.max(1, Math.ceil(values.length / numberGroups))
  let group = 0
  let inGroup = perGroup
  let last = Number.NaN
  for (const row of order) {
    const value = values[row]!
    if (Number.isNaN(value)) continue
    if (value !== last && inGroup >= perGroup) {
      group++
      inGroup = 0
    }
    groups[row] = group
    inGroup++
    last = value
  }
  return groups
}

/** Per row: the rate of label 1 among the rows of its group in other folds, drawn towards the overall rate by one row. */
function ratesOfOthers(groups: Int32Array, labels: Uint8Array): Float64Array {
  const size = groups.reduce((most, group) => Math.max(most, group), 0) + 1
  const rows = new Float64Array(size * (folds + 1))
  const positives = new Float64Array(size * (folds + 1))
  let allPositives = 0
  for (let row = 0; row < labels.length; row++) {
    for (const place of [groups[row]! * (folds + 1) + foldOf(row), groups[row]! * (folds + 1) + folds]) {
      rows[place]!++
      positives[place]! += labels[row]!
    }
    allPositives += labels[row]!
  }
  const overall = allPositives / labels.length
  return Float64Array.from(groups, (group, row) => {
    const fold = group * (folds + 1) + foldOf(row)
    const whole = group * (folds + 1) + folds
    return (positives[whole]! - positives[fold]! + overall) / (rows[whole]! - rows[fold]! + 1)
  })
}

/** Rows spread over folds by a multiplicative hash (Knuth), so that a period in the data does not fall into one fold. */
function foldOf(row: number): number {
  return (Math.imul(row, 2654435761) >>> 16) % folds
}
