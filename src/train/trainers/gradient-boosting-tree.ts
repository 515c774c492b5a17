import { type BinnedMatrix, binSlots } from './gradient-boosting-bins.ts'
import { addQuad, type Histogram, HistogramPool, subtractHistogram } from './gradient-boosting-histogram.ts'
import type { GradientBoostingParameters } from './gradient-boosting-parameters.ts'
import { findBestSplit, type NodeSums, type Split } from './gradient-boosting-split.ts'

/** One split of a grown tree; a child reference of 0 or more is a node, a negative one the leaf `~reference`. */
export interface GrownNode {
  readonly split: Split
  left: number
  right: number
}

/** One leaf of a grown tree: its rows are `rows[begin]` to `rows[end - 1]` of the grower. */
export interface GrownLeaf {
  readonly begin: number
  readonly end: number
  /** What the tree says of these rows, before the learning rate. */
  readonly value: number
}

/** A tree as it was grown. Nodes come in the order of their splits, so a child lies after its parent. */
export interface GrownTree {
  readonly nodes: readonly GrownNode[]
  readonly leaves: readonly GrownLeaf[]
}

/**
 * Rows that the inner loops take at once. The gathered gradients of a block stay in the nearest cache while all features read them,
 * and a loop that is called often is compiled once for good instead of anew on each long call.
 */
const blockRows = 2048

interface OpenLeaf {
  readonly begin: number
  readonly end: number
  readonly depth: number
  readonly sums: NodeSums
  readonly l2: number
  histogram: Histogram | undefined
  split: Split | null
  /** Where the reference to this leaf stands: the node and the side. */
  readonly parent: number
  readonly isLeft: boolean
}

/**
 * Grows trees over one binned matrix, leaf by leaf, always splitting the leaf with the greatest gain (Shi, "Best-first decision
 * tree learning", 2007). Buffers are kept from tree to tree. Of two children only the smaller one's histogram is built; the
 * other one's is what is left of the parent's.
 */
export class TreeGrower {
  /** Row numbers, grouped by leaf after `grow`. */
  readonly rows: Int32Array
  readonly #binned: BinnedMatrix
  readonly #parameters: GradientBoostingParameters
  readonly #pool: HistogramPool
  readonly #aside: Int32Array
  readonly #gradients: Float64Array
  readonly #hessians: Float64Array

  constructor(binned: BinnedMatrix, parameters: GradientBoostingParameters) {
    this.#binned = binned
    this.#parameters = parameters
    this.#pool = new HistogramPool(binned)
    this.rows = new Int32Array(binned.rows)
    this.#aside = new Int32Array(binned.rows)
    this.#gradients = new Float64Array(blockRows)
    this.#hessians = new Float64Array(blockRows)
  }

  /**
   * Grows one tree on the first `count` entries of `rows`, which the caller has set. `gradients` and `hessians` have one entry
   * per row of the matrix; `drawn` has 1 for each feature that may be used.
   */
  grow(gradients: Float64Array, hessians: Float64Array, count: number, drawn: Uint8Array): GrownTree {
    const { leaves: mostLeaves, max_depth: maxDepth } = this.#parameters
    const nodes: GrownNode[] = []
    const leaves = [this.#root(gradients, hessians, count, drawn)]
    while (leaves.length < mostLeaves) {
      const at = bestLeaf(leaves)
      const leaf = leaves[at]
      if (leaf === undefined || leaf.split === null) break
      const { split } = leaf
      const middle = this.#partition(leaf, split)
      const node = nodes.length
      nodes.push({ split, left: 0, right: 0 })
      const depth = leaf.depth + 1
      const child = (begin: number, end: number, sums: NodeSums, isLeft: boolean): OpenLeaf => {
        return { begin, end, depth, sums, l2: split.l2, histogram: undefined, split: null, parent: node, isLeft }
      }
      const left = child(leaf.begin, middle, split.left, true)
      const right = child(middle, leaf.end, split.right, false)
      if (leaf.parent >= 0) nodes[leaf.parent]![leaf.isLeft ? 'left' : 'right'] = node
      leaves[at] = left
      leaves.push(right)
      const deepest = maxDepth > 0 && depth >= maxDepth
      if (leaves.length < mostLeaves && !deepest) this.#search(leaf, left, right, gradients, hessians, drawn)
      else this.#release(leaf)
    }
    leaves.forEach((leaf, at) => {
      this.#release(leaf)
      if (leaf.parent >= 0) nodes[leaf.parent]![leaf.isLeft ? 'left' : 'right'] = ~at
    })
    return { nodes, leaves: leaves.map(({ begin, end, sums, l2 }) => ({ begin, end, value: leafValue(sums, l2) })) }
  }

  #root(gradients: Float64Array, hessians: Float64Array, count: number, drawn: Uint8Array): OpenLeaf {
    let gradient = 0
    let hessian = 0
    for (let at = 0; at < count; at += blockRows) {
      const end = Math.min(count, at + blockRows)
      gradient += sumOf(this.rows, at, end, gradients)
      hessian += sumOf(this.rows, at, end, hessians)
    }
    const root: OpenLeaf = {
      begin: 0,
      end: count,
      depth: 0,
      sums: { gradient, hessian, rows: count },
      l2: this.#parameters.l2,
      histogram: undefined,
      split: null,
      parent: -1,
      isLeft: true,
    }
    if (this.#maySplit(root)) {
      root.histogram = this.#build(root, gradients, hessians, drawn)
      this.#findSplit(root, drawn)
    }
    return root
  }

  #maySplit(leaf: OpenLeaf): boolean {
    return leaf.sums.rows >= 2 * this.#parameters.min_rows_leaf
  }

  /** Finds the best splits of two children; the parent's histogram becomes that of the larger one. */
  #search(
    parent: OpenLeaf,
    left: OpenLeaf,
    right: OpenLeaf,
    gradients: Float64Array,
    hessians: Float64Array,
    drawn: Uint8Array,
  ): void {
    const [smaller, larger] = left.sums.rows <= right.sums.rows ? [left, right] : [right, left]
    if (!this.#maySplit(larger) || parent.histogram === undefined) {
      this.#release(parent)
      return
    }
    smaller.histogram = this.#build(smaller, gradients, hessians, drawn)
    larger.histogram = parent.histogram
    parent.histogram = undefined
    subtractHistogram(larger.histogram, smaller.histogram)
    this.#findSplit(larger, drawn)
    if (this.#maySplit(smaller)) this.#findSplit(smaller, drawn)
    else this.#release(smaller)
  }

  #findSplit(leaf: OpenLeaf, drawn: Uint8Array): void {
    if (leaf.histogram === undefined) return
    leaf.split = findBestSplit(leaf.sums, leaf.histogram, this.#binned.features, drawn, this.#parameters)
    if (leaf.split === null) this.#release(leaf)
  }

  #release(leaf: OpenLeaf): void {
    if (leaf.histogram !== undefined) this.#pool.giveBack(leaf.histogram)
    leaf.histogram = undefined
  }

  #build(leaf: OpenLeaf, gradients: Float64Array, hessians: Float64Array, drawn: Uint8Array): Histogram {
    const histogram = this.#pool.take()
    const { quads } = this.#binned
    for (let begin = leaf.begin; begin < leaf.end; begin += blockRows) {
      const end = Math.min(leaf.end, begin + blockRows)
      gather(this.rows, begin, end, gradients, this.#gradients)
      gather(this.rows, begin, end, hessians, this.#hessians)
      for (let at = 0; at < quads.length; at++) {
        const wanted = drawn[at * 4] || drawn[at * 4 + 1] || drawn[at * 4 + 2] || drawn[at * 4 + 3]
        if (!wanted) continue
        addQuad(histogram, at * 4 * binSlots, quads[at]!, this.rows, begin, end, this.#gradients, this.#hessians)
      }
    }
    return histogram
  }

  /** Brings the rows that go left before those that go right, each side in its order; returns where the right side begins. */
  #partition(leaf: OpenLeaf, split: Split): number {
    const quad = this.#binned.quads[split.feature >> 2]!
    const shift = (split.feature & 3) * 8
    let left = leaf.begin
    let right = 0
    for (let begin = leaf.begin; begin < leaf.end; begin += blockRows) {
      const end = Math.min(leaf.end, begin + blockRows)
      const moved = partition(this.rows, begin, end, left, quad, shift, split.goesLeft, this.#aside, right)
      left += moved
      right += end - begin - moved
    }
    this.rows.set(this.#aside.subarray(0, right), left)
    return left
  }
}

/** The sum of the values of `rows[begin]` to `rows[end - 1]`. */
function sumOf(rows: Int32Array, begin: number, end: number, values: Float64Array): number {
  let sum = 0
  for (let at = begin; at < end; at++) sum += values[rows[at]!]!
  return sum
}

/** Copies the values of `rows[begin]` to `rows[end - 1]` to the front of `into`, so that later passes read them in sequence. */
function gather(rows: Int32Array, begin: number, end: number, values: Float64Array, into: Float64Array): void {
  const last = end | 0
  for (let at = begin | 0, to = 0; at < last; at++, to++) into[to] = values[rows[at]!]!
}

/**
 * Writes those of `rows[begin]` to `rows[end - 1]` that go left to `rows` from `left` on (which is never above `begin`), the others to
 * `aside` from `right` on. Returns how many went left.
 */
function partition(
  rows: Int32Array,
  begin: number,
  end: number,
  left: number,
  quad: Uint32Array,
  shift: number,
  goesLeft: Uint8Array,
  aside: Int32Array,
  right: number,
): number {
  let toLeft = left | 0
  let toRight = right | 0
  const last = end | 0
  for (let at = begin | 0; at < last; at++) {
    const row = rows[at]!
    const isLeft = goesLeft[(quad[row]! >>> shift) & 255]!
    // Both sides are written and one of the two counters moves: no branch that the processor could guess wrongly.
    aside[toRight] = row
    rows[toLeft] = row
    toLeft += isLeft
    toRight += 1 - isLeft
  }
  return toLeft - left
}

/** The open leaf with the greatest gain, of equals the first; -1 where none can be split. */
function bestLeaf(leaves: readonly OpenLeaf[]): number {
  let best = -1
  let gain = 0
  leaves.forEach((leaf, at) => {
    if (leaf.split !== null && leaf.split.gain > gain) {
      best = at
      gain = leaf.split.gain
    }
  })
  return best
}

/** The Newton step of a leaf: -G / (H + l2). */
function leafValue(sums: NodeSums, l2: number): number {
  const divisor = sums.hessian + l2
  return divisor > 0 ? -sums.gradient / divisor : 0
}
