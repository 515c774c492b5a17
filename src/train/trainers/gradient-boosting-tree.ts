import { binSlots } from './gradient-boosting-bins.ts'
import { pairOf } from './gradient-boosting-loss.ts'
import type { BoostingMemory } from './gradient-boosting-memory.ts'
import type { GradientBoostingParameters } from './gradient-boosting-parameters.ts'
import { toldDouble, toldWord } from './gradient-boosting-share.ts'
import { type NodeSums, readSplit, type Split } from './gradient-boosting-split.ts'
import type { BoostingTeam } from './gradient-boosting-team.ts'

/** One split of a grown tree; a child reference of 0 or more is a node, a negative one the leaf `~reference`. */
export interface GrownNode {
  readonly split: Split
  left: number
  right: number
}

/** One leaf of a grown tree: its rows are `rows[begin]` to `rows[end - 1]` of the memory. */
export interface GrownLeaf {
  readonly begin: number
  readonly end: number
  /** Where the rows end that only follow the tree to this leaf; they begin where those of the leaf before end. */
  readonly followEnd: number
  /** What the tree says of these rows, before the learning rate. */
  readonly value: number
}

/** A tree as it was grown. Nodes come in the order of their splits, so a child lies after its parent. */
export interface GrownTree {
  readonly nodes: readonly GrownNode[]
  readonly leaves: readonly GrownLeaf[]
}

interface OpenLeaf {
  readonly begin: number
  readonly end: number
  readonly followBegin: number
  readonly followEnd: number
  readonly depth: number
  readonly sums: NodeSums
  readonly l2: number
  /** Where its histogram lies; -1 where it has none. */
  histogram: number
  split: Split | null
  /** Where the reference to this leaf stands: the node and the side. */
  readonly parent: number
  readonly isLeft: boolean
}

/** Below so many rows, or bins to search, threads would wait for each other longer than they work. */
const sharedRows = 8192
const sharedFeatures = 12

/**
 * Grows trees over one memory, leaf by leaf, always splitting the leaf with the greatest gain (Shi, "Best-first decision tree
 * learning", 2007). Of two children only the smaller one's histogram is built; the other one's is what is left of the parent's.
 */
export class TreeGrower {
  readonly #memory: BoostingMemory
  readonly #team: BoostingTeam
  readonly #parameters: GradientBoostingParameters
  readonly #units: { readonly gradient: number; readonly hessian: number }
  /** Places of histograms that nobody uses. */
  readonly #free: number[] = []

  /** `scales` are those of the pairs in the memory. */
  constructor(
    memory: BoostingMemory,
    team: BoostingTeam,
    parameters: GradientBoostingParameters,
    scales: { readonly gradient: number; readonly hessian: number },
  ) {
    this.#memory = memory
    this.#team = team
    this.#parameters = parameters
    this.#units = { gradient: 1 / scales.gradient, hessian: 1 / scales.hessian }
    memory.told[toldDouble.gradientUnit] = this.#units.gradient
    memory.told[toldDouble.hessianUnit] = this.#units.hessian
    const { threads, leaves } = memory.size
    for (let slot = threads + leaves; slot >= threads; slot--) this.#free.push(slot)
  }

  /**
   * Grows one tree on the first `count` of the memory's `rows`, which the caller has set like `pairs` and `drawn`; the others
   * follow it to their leaves.
   */
  grow(count: number): GrownTree {
    const { leaves: mostLeaves, max_depth: maxDepth } = this.#parameters
    const nodes: GrownNode[] = []
    const leaves = [this.#root(count)]
    while (leaves.length < mostLeaves) {
      const at = bestLeaf(leaves)
      const leaf = leaves[at]
      if (leaf === undefined || leaf.split === null) break
      const { split } = leaf
      const node = nodes.length
      nodes.push({ split, left: 0, right: 0 })
      const depth = leaf.depth + 1
      const searches =
        leaves.length + 1 < mostLeaves &&
        (maxDepth === 0 || depth < maxDepth) &&
        Math.max(split.left.rows, split.right.rows) >= 2 * this.#parameters.min_rows_leaf
      const smallerIsLeft = split.left.rows <= split.right.rows
      const { middle, followMiddle } = this.#partition(leaf, split, searches ? (smallerIsLeft ? 1 : 2) : 0)
      const both = { depth, l2: split.l2, histogram: -1, split: null, parent: node }
      const { begin, end, followBegin, followEnd } = leaf
      const left: OpenLeaf = {
        ...both,
        ...{ begin, end: middle, followBegin, followEnd: followMiddle, sums: split.left, isLeft: true },
      }
      const right: OpenLeaf = {
        ...both,
        ...{ begin: middle, end, followBegin: followMiddle, followEnd, sums: split.right, isLeft: false },
      }
      if (leaf.parent >= 0) nodes[leaf.parent]![leaf.isLeft ? 'left' : 'right'] = node
      leaves[at] = left
      leaves.push(right)
      if (searches) this.#search(leaf, smallerIsLeft ? left : right, smallerIsLeft ? right : left)
      else this.#release(leaf)
    }
    leaves.forEach((leaf, at) => {
      this.#release(leaf)
      if (leaf.parent >= 0) nodes[leaf.parent]![leaf.isLeft ? 'left' : 'right'] = ~at
    })
    return {
      nodes,
      leaves: leaves.map(({ begin, end, followEnd, sums, l2 }) => {
        return { begin, end, followEnd, value: leafValue(sums, l2) }
      }),
    }
  }

  #root(count: number): OpenLeaf {
    const { control, size } = this.#memory
    const drawn = this.#memory.drawn.indexOf(1)
    const alone = count < sharedRows
    if (drawn >= 0) {
      this.#tell({ begin: 0, end: count, builders: alone ? 1 : this.#team.active })
      this.#team.run('build', alone)
    }
    const root: OpenLeaf = {
      begin: 0,
      end: count,
      followBegin: count,
      followEnd: size.rows + size.heldRows,
      depth: 0,
      sums: drawn < 0 ? this.#sumsOfRows(count) : this.#sumsOf(drawn, control[toldWord.builders]!),
      l2: this.#parameters.l2,
      histogram: -1,
      split: null,
      parent: -1,
      isLeft: true,
    }
    if (drawn >= 0) {
      root.histogram = this.#take()
      this.#searchBoth(root, undefined)
    }
    return root
  }

  /** The sums of all rows, from what the threads counted in one feature. */
  #sumsOf(feature: number, builders: number): NodeSums {
    let [gradient, hessian, rows] = [0, 0, 0]
    for (let thread = 0; thread < builders; thread++) {
      const histogram = this.#memory.histogram(thread)
      const first = 3 * binSlots * feature
      for (let place = first; place < first + 3 * binSlots; place += 3) {
        gradient += histogram[place]!
        hessian += histogram[place + 1]!
        rows += histogram[place + 2]!
      }
    }
    return { gradient: gradient * this.#units.gradient, hessian: hessian * this.#units.hessian, rows }
  }

  /** The sums of all rows, where no feature was drawn that has counted them. */
  #sumsOfRows(count: number): NodeSums {
    let [gradient, hessian] = [0, 0]
    for (const row of this.#memory.rows.subarray(0, count)) {
      const pair = pairOf(this.#memory.pairs, row)
      gradient += pair.gradient
      hessian += pair.hessian
    }
    return { gradient: gradient * this.#units.gradient, hessian: hessian * this.#units.hessian, rows: count }
  }

  /** Finds the best splits of two children; the parent's histogram becomes that of the larger one. */
  #search(parent: OpenLeaf, smaller: OpenLeaf, larger: OpenLeaf): void {
    smaller.histogram = this.#take()
    larger.histogram = parent.histogram
    parent.histogram = -1
    this.#searchBoth(smaller, larger)
  }

  #searchBoth(smaller: OpenLeaf, larger: OpenLeaf | undefined): void {
    const { told: doubles, size } = this.#memory
    const maySplit = (leaf: OpenLeaf) => leaf.sums.rows >= 2 * this.#parameters.min_rows_leaf
    this.#tell({
      smaller: smaller.histogram,
      larger: larger?.histogram ?? -1,
      searchSmaller: maySplit(smaller) ? 1 : 0,
      searchLarger: larger !== undefined && maySplit(larger) ? 1 : 0,
    })
    const told3 = ({ gradient, hessian, rows }: NodeSums) => [gradient, hessian, rows]
    doubles.set(told3(smaller.sums), toldDouble.smaller)
    if (larger !== undefined) doubles.set(told3(larger.sums), toldDouble.larger)
    const alone = size.features < sharedFeatures
    this.#team.run('search', alone)
    const threads = alone ? 1 : this.#team.active
    smaller.split = readSplit(this.#memory, threads, 0, smaller.sums)
    if (smaller.split === null) this.#release(smaller)
    if (larger === undefined) return
    larger.split = readSplit(this.#memory, threads, 1, larger.sums)
    if (larger.split === null) this.#release(larger)
  }

  /** Brings the rows that go left before those that go right, each side in its order, and builds the histogram of a side. */
  #partition(leaf: OpenLeaf, split: Split, build: 0 | 1 | 2): { middle: number; followMiddle: number } {
    const { control, table, size } = this.#memory
    const { begin, end, followBegin, followEnd } = leaf
    const alone = end - begin + followEnd - followBegin < sharedRows
    const threads = alone ? 1 : this.#team.active
    this.#tell({ begin, end, followBegin, followEnd, feature: split.feature, build, builders: threads })
    for (let thread = 0; thread < threads; thread++) {
      table.set(split.goesLeft, (table.length / size.threads) * thread)
    }
    this.#team.run('partition', alone)
    let [middle, followMiddle] = [begin, followBegin]
    for (let thread = 0; thread < threads; thread++) {
      middle += control[toldWord.wentLeft + 2 * thread]!
      followMiddle += control[toldWord.wentLeft + 2 * thread + 1]!
    }
    this.#team.run('place', alone)
    return { middle, followMiddle }
  }

  #tell(words: Partial<Record<keyof typeof toldWord, number>>): void {
    for (const [name, value] of Object.entries(words)) {
      this.#memory.control[toldWord[name as keyof typeof toldWord]] = value // the keys of a record of these
    }
  }

  #take(): number {
    const slot = this.#free.pop()
    if (slot === undefined) throw new Error('There are no more histograms than leaves and one.')
    return slot
  }

  #release(leaf: OpenLeaf): void {
    if (leaf.histogram >= 0) this.#free.push(leaf.histogram)
    leaf.histogram = -1
  }
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
