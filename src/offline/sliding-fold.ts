import type { Running } from './running.ts'

/** What is folded over the values of a window. `mean` is the sum over the count. */
export type Fold = 'sum' | 'mean' | 'min' | 'max'

/**
 * A fold over doubles that never subtracts: what left the window leaves no trace, however large it was. With rows that
 * leave in the order in which they entered it keeps two stacks, at a constant cost a row; otherwise a tree over the rows in
 * order of leaving, at the logarithm of an entity's rows.
 * @param entering values in order of known
 * @param placeOfEntry for each of them its place in order of leaving; null where the two orders are one
 */
export function slidingFold(fold: Fold, entering: Float64Array, placeOfEntry: Uint32Array | null): Running {
  const inner = fold === 'mean' ? 'sum' : fold
  const sliding = placeOfEntry === null ? twoStacks(inner, entering) : foldTree(inner, entering, placeOfEntry)
  if (fold !== 'mean') return sliding
  return { ...sliding, read: () => sliding.read() / sliding.count() }
}

const identity = { sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY } as const

function combine(fold: 'sum' | 'min' | 'max', a: number, b: number): number {
  return fold === 'sum' ? a + b : fold === 'min' ? Math.min(a, b) : Math.max(a, b)
}

/** Two stacks: `front` holds folds from each place up to `middle`, `back` the fold of all that entered since. */
function twoStacks(fold: 'sum' | 'min' | 'max', values: Float64Array): Running {
  const front = new Float64Array(values.length)
  let first = 0
  let middle = 0
  let end = 0
  let back = 0
  let error = 0 // Neumaier's compensation: what the additions to `back` lost
  const add = (value: number) => {
    if (fold !== 'sum') {
      back = combine(fold, back, value)
      return
    }
    const sum = back + value
    error += Math.abs(back) >= Math.abs(value) ? back - sum + value : value - sum + back
    back = sum
  }
  const clear = () => {
    back = identity[fold]
    error = 0
  }
  const turn = () => {
    clear()
    for (let place = end - 1; place >= first; place--) {
      add(values[place]!)
      front[place] = total()
    }
    middle = end
    clear()
  }
  const total = () => (fold === 'sum' && Number.isFinite(back) ? back + error : back)
  return {
    begin(from) {
      first = from
      middle = from
      end = from
      clear()
    },
    enter(place) {
      add(values[place]!)
      end = place + 1
    },
    leave() {
      if (first === middle) turn()
      first++
    },
    read() {
      return first === middle ? total() : combine(fold, front[first]!, total())
    },
    count: () => end - first,
  }
}

/** A tree whose leaves are an entity's rows in order of leaving; its root is the fold of those inside the window. */
function foldTree(fold: 'sum' | 'min' | 'max', values: Float64Array, placeOfEntry: Uint32Array): Running {
  let tree = new Float64Array(0)
  let base = 0
  let size = 0
  let inside = 0
  const set = (place: number, value: number) => {
    let node = size + place - base
    tree[node] = value
    for (node >>>= 1; node >= 1; node >>>= 1) tree[node] = combine(fold, tree[2 * node]!, tree[2 * node + 1]!)
  }
  return {
    begin(from, to) {
      base = from
      size = to - from
      inside = 0
      if (tree.length < 2 * size) tree = new Float64Array(2 * size)
      tree.fill(identity[fold], 0, 2 * size)
    },
    enter(place) {
      inside++
      set(placeOfEntry[place]!, values[place]!)
    },
    leave(place) {
      inside--
      set(place, identity[fold])
    },
    // With one leaf the root is that leaf: place 1 of two.
    read: () => tree[1]!,
    count: () => inside,
  }
}
