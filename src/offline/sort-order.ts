/**
 * The places of `keys` in rising order of their values, equal ones in the order in which `rows` names them. Keys must not
 * be NaN. Sorting is by radix, so that it costs the same however long the history of one entity is.
 * @param rows which places to sort; all where left out
 */
export function sortOrder(keys: Float64Array, rows?: Uint32Array): Uint32Array {
  const order = rows === undefined ? places(keys.length) : rows.slice()
  if (isSorted(keys, order)) return order
  if (order.length < 4096) {
    const keyed = Array.from(order, (row, place) => ({ row, place, key: keys[row]! }))
    keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.place - b.place))
    return Uint32Array.from(keyed, ({ row }) => row)
  }
  const count = order.length
  // A double's bits order as unsigned integers once the sign is flipped (and all other bits too where it is negative).
  const doubles = new Float64Array(count)
  for (let i = 0; i < count; i++) doubles[i] = keys[order[i]!]! + 0 // + 0 makes -0 a 0
  const words = new Uint32Array(doubles.buffer)
  const low = new Uint32Array(count)
  const high = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    const sign = words[2 * i + 1]! >>> 31
    low[i] = sign === 1 ? ~words[2 * i]! : words[2 * i]!
    high[i] = sign === 1 ? ~words[2 * i + 1]! : words[2 * i + 1]! ^ 0x80000000
  }
  let current = places(count)
  let spare = new Uint32Array(count)
  for (const [digits, shift] of [
    [low, 0],
    [low, 16],
    [high, 0],
    [high, 16],
  ] as const) {
    if (pass(digits, shift, current, spare)) [current, spare] = [spare, current]
  }
  for (let i = 0; i < count; i++) spare[i] = order[current[i]!]!
  return spare
}

/** 0, 1, 2, ... */
function places(count: number): Uint32Array<ArrayBuffer> {
  const all = new Uint32Array(count)
  for (let place = 0; place < count; place++) all[place] = place
  return all
}

/** The values at places, in the order of the places. */
export function gather(values: Float64Array, order: Uint32Array): Float64Array<ArrayBuffer> {
  const gathered = new Float64Array(order.length)
  for (let i = 0; i < order.length; i++) gathered[i] = values[order[i]!]!
  return gathered
}

/** One pass over a 16-bit digit; false, and nothing done, where all have the same digit. */
function pass(digits: Uint32Array, shift: number, from: Uint32Array, to: Uint32Array): boolean {
  const starts = new Uint32Array(65_537)
  for (let i = 0; i < digits.length; i++) starts[((digits[i]! >>> shift) & 0xffff) + 1]!++
  if (starts.includes(digits.length)) return false
  for (let digit = 1; digit < starts.length; digit++) starts[digit]! += starts[digit - 1]!
  for (let i = 0; i < from.length; i++) {
    const place = from[i]!
    to[starts[(digits[place]! >>> shift) & 0xffff]!++] = place
  }
  return true
}

function isSorted(keys: Float64Array, order: Uint32Array): boolean {
  for (let i = 1; i < order.length; i++) if (!(keys[order[i - 1]!]! <= keys[order[i]!]!)) return false
  return true
}

/** Rows gathered by a small number (an entity): those of `group` g are `order[starts[g]] .. order[starts[g + 1] - 1]`. */
export interface Grouped {
  readonly order: Uint32Array
  readonly starts: Uint32Array
}

/** Gathers rows by their group and keeps the order that they have within it. Rows of negative groups are left out. */
export function groupRows(order: Uint32Array, group: Int32Array, groups: number): Grouped {
  const starts = new Uint32Array(groups + 1)
  for (let i = 0; i < order.length; i++) {
    const of = group[order[i]!]!
    if (of >= 0) starts[of + 1]!++
  }
  for (let g = 1; g <= groups; g++) starts[g]! += starts[g - 1]!
  const gathered = new Uint32Array(starts[groups]!)
  const next = starts.slice()
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!
    const of = group[row]!
    if (of >= 0) gathered[next[of]!++] = row
  }
  return { order: gathered, starts }
}
