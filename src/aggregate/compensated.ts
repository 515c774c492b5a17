/**
 * Adds to a sum with its correction at `at` and `at + 1`, so that small values are not lost beside large ones.
 * Source: A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974).
 */
export function addCompensated(partials: Float64Array, at: number, value: number): void {
  const sum = partials[at]!
  const total = sum + value
  partials[at + 1]! += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
  partials[at] = total
}

/** Adds one sum with its correction to another. */
export function mergeCompensated(into: Float64Array, at: number, from: Float64Array, fromAt: number): void {
  addCompensated(into, at, from[fromAt]!)
  into[at + 1]! += from[fromAt + 1]!
}

/** The sum that `at` and `at + 1` stand for. It is not finite where the sum left the range of doubles. */
export function compensatedSum(partials: Float64Array, at: number): number {
  return partials[at]! + partials[at + 1]!
}
