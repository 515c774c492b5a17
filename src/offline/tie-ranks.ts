import { compareBytes } from '../values/index.ts'

/**
 * Ranks of rows by id and canonical bytes, the last two parts of Order. Equal rows get equal ranks.
 * @param rows the rows that are ranked
 * @param idOf the UTF-8 bytes of a row's id; null where the source has none
 * @param bodyOf a row's canonical bytes, asked for only where ids are equal
 */
export function rankTies(
  total: number,
  rows: Uint32Array,
  idOf: ((row: number) => Uint8Array) | null,
  bodyOf: (row: number) => Uint8Array,
): Float64Array {
  const compare = (a: number, b: number) => {
    const byId = idOf === null ? 0 : compareBytes(idOf(a), idOf(b))
    return byId !== 0 ? byId : compareBytes(bodyOf(a), bodyOf(b))
  }
  const sorted = Array.from(rows).sort(compare)
  const ranks = new Float64Array(total)
  let rank = 0
  sorted.forEach((row, place) => {
    if (place > 0 && compare(sorted[place - 1]!, row) !== 0) rank++
    ranks[row] = rank
  })
  return ranks
}
