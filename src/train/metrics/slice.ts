import type { MatrixColumn } from '../matrix.ts'
import { type BinaryMetrics, evaluateBinary } from './binary.ts'

/** The metrics of the rows that share one value; `value` null is for missing values. */
export interface SliceMetrics extends Omit<BinaryMetrics, 'calibration'> {
  readonly value: string | null
}

/** The rows of each value of a column, the greatest slice first, equals by value; missing values are a slice of their own. */
export function sliceRows(column: MatrixColumn): { value: string | null; rows: Uint32Array }[] {
  const found = new Map<number, number[]>()
  column.values.forEach((value, row) => {
    const rows = found.get(value)
    if (rows === undefined) found.set(value, [row])
    else rows.push(row)
  })
  const text = (value: number) => (column.kind === 'category' ? column.categories?.[value] : undefined) ?? String(value)
  const slices = Array.from(found, ([value, rows]) => ({
    value: Number.isNaN(value) ? null : text(value),
    rows: Uint32Array.from(rows),
  }))
  const rank = (value: string | null) => value ?? ''
  return slices.sort(
    (one, other) => other.rows.length - one.rows.length || (rank(one.value) < rank(other.value) ? -1 : 1),
  )
}

/**
 * Evaluates every value of a column on its own; see `evaluateBinary`. Slices of fewer than `leastRows` rows are left out. A number
 * column has one slice per distinct number, so give it one with few.
 */
export function evaluateBySlice(
  column: MatrixColumn,
  labels: Uint8Array,
  probabilities: Float64Array,
  weights?: Float64Array,
  leastRows = 1,
): SliceMetrics[] {
  const slices: SliceMetrics[] = []
  for (const { value, rows } of sliceRows(column)) {
    if (rows.length < leastRows) continue
    const { calibration: _, ...metrics } = evaluateBinary(
      Uint8Array.from(rows, (row) => labels[row]!),
      Float64Array.from(rows, (row) => probabilities[row]!),
      weights === undefined ? undefined : Float64Array.from(rows, (row) => weights[row]!),
    )
    slices.push({ value, ...metrics })
  }
  return slices
}
