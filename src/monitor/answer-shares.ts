import type { JudgedPredictions } from './judged-predictions.ts'
import { groupRows } from './occurrence.ts'
import { numberColumn } from './prediction-columns.ts'

/** Who answered the callers of a deployment, why somebody else had to, and how long it took. */
export interface AnswerShares {
  readonly answered_by: readonly { readonly answered_by: string; readonly rows: number; readonly share: number }[]
  /** Reasons of the answers that the version itself did not give, the most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly rows: number }[]
  /** Quantiles of the time to answer, without the write of the log. */
  readonly latency_ms: { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null }
}

/** Counts the answers of some places. */
export function answerShares(judged: JudgedPredictions, places: readonly number[]): AnswerShares {
  const [answeredBy, reasonOf] = [judged.text('answered_by'), judged.text('reason')]
  const reasons = groupRows(
    places.filter((place) => reasonOf(place) !== null),
    (place) => reasonOf(place) ?? '',
  ).map(([reason, some]) => ({ reason, rows: some.length }))
  const latency = numberColumn(judged.table, 'latency_ms')
  const sorted = Float64Array.from(places, (place) => latency[judged.rows[place]!]!)
    .filter((value) => !Number.isNaN(value))
    .sort()
  // The smallest value that at least this share of all values does not exceed.
  const quantile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null
  return {
    answered_by: groupRows(places, (place) => answeredBy(place) ?? 'nobody').map(([name, some]) => ({
      answered_by: name,
      rows: some.length,
      share: some.length / places.length,
    })),
    reasons: reasons.sort((a, b) => b.rows - a.rows),
    latency_ms: { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) },
  }
}
