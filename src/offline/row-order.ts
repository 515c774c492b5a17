import { sortOrder } from './sort-order.ts'
import type { SourceRows, TieRanks } from './source-rows.ts'

/** Rows in Order: by event, then available, then id, then canonical bytes. Rows that are never available come last. */
export async function orderRows(source: SourceRows, rows: Uint32Array, tieRanks: TieRanks): Promise<Uint32Array> {
  const { event } = source
  const available = source.available.map((time) => (Number.isNaN(time) ? Number.POSITIVE_INFINITY : time))
  const order = sortOrder(event, sortOrder(available, rows))
  const tied = new Uint8Array(source.rows)
  const runs: { readonly from: number; readonly to: number }[] = []
  for (let from = 0; from < order.length; ) {
    const row = order[from]!
    let to = from + 1
    while (to < order.length && event[order[to]!] === event[row] && available[order[to]!] === available[row]) to++
    if (to > from + 1) {
      runs.push({ from, to })
      for (let place = from; place < to; place++) tied[order[place]!] = 1
    }
    from = to
  }
  if (runs.length === 0) return order
  const ranks = await tieRanks(tied)
  for (const { from, to } of runs) order.subarray(from, to).sort((a, b) => ranks[a]! - ranks[b]!)
  return order
}
