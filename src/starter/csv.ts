/** A cell of a CSV file. */
export type Cell = string | number | boolean

/** The text of a CSV file with a header line. No cell of the templates has a comma or a quote. */
export function csvText(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return `${[columns, ...rows].map((row) => row.join(',')).join('\n')}\n`
}

/** Random numbers in [0, 1) that are the same for the same seed (mulberry32 by Tommy Ettinger, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A normal deviate, from two uniform ones (Box and Muller 1958). */
export const normal = (next: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())

export const iso = (instant: number): string => new Date(Math.floor(instant)).toISOString().replace('.000Z', 'Z')

export const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000]

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
