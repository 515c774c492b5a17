import { binSlots } from './gradient-boosting-bins.ts'
import { addUpHistograms, flushCounts } from './gradient-boosting-histogram.ts'
import { type BoostingKernel, boostingKernel, countBits, placeBytes } from './gradient-boosting-kernel.ts'
import { type PairScales, setGradient } from './gradient-boosting-loss.ts'
import { type BoostingMemory, blockRows, lossBlocks, lossRows, scaleBytes } from './gradient-boosting-memory.ts'
import { Candidate, type SearchFeature, type SearchParameters, searchFeature } from './gradient-boosting-split.ts'

/** What the threads do together, one thing at a time. */
export const phases = ['partition', 'place', 'build', 'search', 'add', 'gradients'] as const
export type Phase = (typeof phases)[number]

/** Places of what a phase is told in `control`. */
export const toldWord = {
  active: 3,
  /** Threads whose histograms the searched one is the sum of. */
  builders: 4,
  begin: 8,
  end: 9,
  followBegin: 10,
  followEnd: 11,
  feature: 12,
  /** Which side's histogram is to be built once rows are in place: 0 none, 1 left, 2 right. */
  build: 13,
  smaller: 14,
  /** The histogram that the smaller child's is taken from, and which becomes that of the larger; -1 at the root. */
  larger: 15,
  searchSmaller: 16,
  searchLarger: 17,
  leaves: 18,
  weighted: 19,
  /** Per thread: how many of its rows went left, of those that learn and of those that follow. */
  wentLeft: 24,
} as const

/** Threads at most: each has two words behind `wentLeft`. */
export const mostThreads = 16

/** Places of what a phase is told in doubles. */
export const toldDouble = {
  gradientUnit: 0,
  hessianUnit: 1,
  /** Sums of the children: gradient, hessian, rows; first of the smaller. */
  smaller: 2,
  larger: 5,
  /** What makes whole numbers of gradients and hessians. */
  gradientScale: 8,
  hessianScale: 9,
} as const

/** Rows whose losses are one product: at most 2 each, in two products. */
const productRows = 1024

/** Rows that one call of the kernel takes: a function that is called often is soon replaced by its faster translation. */
const callRows = 4096

/** What one thread does of each phase: a part of the rows, or of the features. */
export class BoostingShare {
  readonly #memory: BoostingMemory
  readonly #kernel: BoostingKernel
  readonly #thread: number
  readonly #features: readonly SearchFeature[]
  readonly #parameters: SearchParameters
  readonly #partial: Int32Array

  constructor(
    memory: BoostingMemory,
    thread: number,
    features: readonly SearchFeature[],
    parameters: SearchParameters,
  ) {
    this.#memory = memory
    this.#kernel = boostingKernel(memory.pages)
    this.#thread = thread
    this.#features = features
    this.#parameters = parameters
    this.#partial = new Int32Array(memory.pages.buffer, this.#partialAddress, (memory.places * placeBytes) / 4)
  }

  get #partialAddress(): number {
    return this.#memory.addresses.partials + this.#memory.places * placeBytes * this.#thread
  }

  /** Does this thread's part of a phase. */
  run(phase: Phase): void {
    this[phase]()
  }

  /** This thread's part of a range of rows. */
  #part(begin: number, end: number): [number, number] {
    const active = this.#memory.control[toldWord.active]!
    const size = end - begin
    return [
      begin + Math.floor((size * this.#thread) / active),
      begin + Math.floor((size * (this.#thread + 1)) / active),
    ]
  }

  /** Sorts the rows of a leaf to the two sides of a split, each side in its order. */
  partition(): void {
    const { control } = this.#memory
    const counts = toldWord.wentLeft + 2 * this.#thread
    control[counts] = this.#partitionRows(control[toldWord.begin]!, control[toldWord.end]!)
    control[counts + 1] = this.#partitionRows(control[toldWord.followBegin]!, control[toldWord.followEnd]!)
  }

  #partitionRows(begin: number, end: number): number {
    const { addresses, table, control } = this.#memory
    const [from, to] = this.#part(begin, end)
    const tableBytes = table.length / this.#memory.size.threads
    const goesLeft = addresses.table + tableBytes * this.#thread
    const bins = this.#memory.binAddress(control[toldWord.feature]!)
    const answer = new Int32Array(table.buffer, goesLeft + binSlots, 1)
    let left = addresses.left + 4 * from
    let right = addresses.right + 4 * from
    for (let at = from; at < to; at += callRows) {
      const last = Math.min(to, at + callRows)
      this.#kernel.partition(addresses.rows + 4 * at, addresses.rows + 4 * last, bins, goesLeft, left, right)
      right += 4 * (last - at) - (answer[0]! - left)
      left = answer[0]!
    }
    return (left - addresses.left) / 4 - from
  }

  /** Brings the rows of both sides to their places, and builds this thread's part of a side's histogram. */
  place(): void {
    const { control, addresses } = this.#memory
    const [begin, end] = [control[toldWord.begin]!, control[toldWord.end]!]
    const [from] = this.#placeRows(begin, end, 0)
    this.#placeRows(control[toldWord.followBegin]!, control[toldWord.followEnd]!, 1)
    const [own, ownEnd] = this.#part(begin, end)
    const wentLeft = control[toldWord.wentLeft + 2 * this.#thread]!
    if (control[toldWord.build] === 1) this.#build(addresses.left + 4 * from, wentLeft)
    if (control[toldWord.build] === 2) this.#build(addresses.right + 4 * from, ownEnd - own - wentLeft)
  }

  #placeRows(begin: number, end: number, kind: 0 | 1): [number, number] {
    const { control, addresses } = this.#memory
    const active = control[toldWord.active]!
    const [from, to] = this.#part(begin, end)
    const wentLeft = (thread: number): number => control[toldWord.wentLeft + 2 * thread + kind]!
    let leftBefore = 0
    let leftInAll = 0
    for (let thread = 0; thread < active; thread++) {
      if (thread < this.#thread) leftBefore += wentLeft(thread)
      leftInAll += wentLeft(thread)
    }
    const left = wentLeft(this.#thread)
    const right = to - from - left
    const rightBefore = from - begin - leftBefore
    this.#kernel.copy(addresses.rows + 4 * (begin + leftBefore), addresses.left + 4 * from, 4 * left)
    this.#kernel.copy(addresses.rows + 4 * (begin + leftInAll + rightBefore), addresses.right + 4 * from, 4 * right)
    return [from, to]
  }

  /** Builds this thread's part of the root's histogram. */
  build(): void {
    const { control, addresses } = this.#memory
    const [from, to] = this.#part(control[toldWord.begin]!, control[toldWord.end]!)
    this.#build(addresses.rows + 4 * from, to - from)
  }

  /** Adds the rows whose numbers lie at an address to this thread's histogram. */
  #build(rows: number, count: number): void {
    const { addresses, quads } = this.#memory
    const block = addresses.blocks + placeBytes * blockRows * this.#thread
    const wanted = Array.from({ length: quads }, (_, quad) => quad).filter((quad) => this.#isCounted(4 * quad))
    // The whole numbers of a place hold so many rows and no more.
    const most = 2 ** countBits - blockRows
    let inPartial = 0
    for (let at = 0; at < count; at += blockRows) {
      const size = Math.min(count - at, blockRows)
      const [from, to] = [rows + 4 * at, rows + 4 * (at + size)]
      this.#kernel.gather(from, to, addresses.pairs, block)
      for (const quad of wanted) {
        const histogram = this.#partialAddress + 4 * binSlots * placeBytes * quad
        this.#kernel.addQuad(from, to, this.#memory.wordAddress(quad), block, histogram)
      }
      inPartial += size
      if (inPartial < most && at + size < count) continue
      this.#flush()
      inPartial = 0
    }
  }

  /** Whether a feature is counted: it was drawn, or another of its quad. */
  #isCounted(feature: number): boolean {
    const quad = 4 * (feature >> 2)
    return this.#memory.drawn.subarray(quad, quad + 4).includes(1)
  }

  #flush(): void {
    const histogram = this.#memory.histogram(this.#thread)
    this.#features.forEach(({ binCount }, feature) => {
      if (this.#isCounted(feature)) flushCounts(this.#partial, histogram, feature * binSlots, binCount)
    })
  }

  /** Finishes the histograms of this thread's features and searches them for the best splits of both children. */
  search(): void {
    const { control, drawn, told: doubles } = this.#memory
    const active = control[toldWord.active]!
    const builders = control[toldWord.builders]!
    const smaller = this.#memory.histogram(control[toldWord.smaller]!)
    const larger = control[toldWord.larger]! < 0 ? undefined : this.#memory.histogram(control[toldWord.larger]!)
    const partials = Array.from({ length: builders }, (_, thread) => this.#memory.histogram(thread))
    const units = [doubles[toldDouble.gradientUnit]!, doubles[toldDouble.hessianUnit]!] as const
    const sums = (at: number) => ({ gradient: doubles[at]!, hessian: doubles[at + 1]!, rows: doubles[at + 2]! })
    const small = new Candidate(sums(toldDouble.smaller), this.#parameters)
    const large = new Candidate(sums(toldDouble.larger), this.#parameters)
    this.#features.forEach((feature, at) => {
      if (!this.#isCounted(at) || at % active !== this.#thread) return
      const first = 3 * binSlots * at
      const last = first + 3 * feature.binCount
      addUpHistograms(partials, smaller, larger, first, last)
      if (drawn[at] === 0) return
      if (control[toldWord.searchSmaller]) searchFeature(small, smaller, units, at, feature, this.#parameters)
      if (control[toldWord.searchLarger] && larger) searchFeature(large, larger, units, at, feature, this.#parameters)
    })
    small.write(this.#memory, 2 * this.#thread)
    large.write(this.#memory, 2 * this.#thread + 1)
  }

  /** Adds the values of the leaves to the scores of their rows. */
  add(): void {
    const { control, size } = this.#memory
    const learned = control[toldWord.end]!
    this.#addLeaves(0, learned, 0)
    this.#addLeaves(learned, size.rows + size.heldRows, 1)
  }

  #addLeaves(begin: number, end: number, kind: 0 | 1): void {
    const { control, rows, scores, leafEnds, leafValues } = this.#memory
    const [from, to] = this.#part(begin, end)
    const leaves = control[toldWord.leaves]!
    let at = from
    for (let leaf = 0; leaf < leaves && at < to; leaf++) {
      const leafEnd = Math.min(to, leafEnds[2 * leaf + kind]!)
      for (; at < leafEnd; at += lossRows) {
        addValue(scores, rows, at, Math.min(leafEnd, at + lossRows), leafValues[leaf]!)
      }
      at = Math.max(from, leafEnd)
    }
  }

  /** Sets the pairs of rows that learn from their scores, and sums the losses of all rows by blocks. */
  gradients(): void {
    const { size, losses, told: doubles, pages, addresses } = this.#memory
    const scales = { gradient: doubles[toldDouble.gradientScale]!, hessian: doubles[toldDouble.hessianScale]! }
    const told = addresses.scales + scaleBytes * this.#thread
    const answer = new Float64Array(pages.buffer, told, scaleBytes / 8)
    answer.set([scales.gradient, scales.gradient, scales.hessian, scales.hessian])
    const learning = lossBlocks(size.rows)
    const [from, to] = this.#part(0, learning + lossBlocks(size.heldRows))
    for (let block = from; block < to; block++) {
      const learns = block < learning
      const begin = learns ? block * lossRows : size.rows + (block - learning) * lossRows
      const end = Math.min(begin + lossRows, learns ? size.rows : size.rows + size.heldRows)
      losses[block] = this.#setGradients(begin, end, learns, scales, told, answer)
    }
  }

  #setGradients(begin: number, end: number, learns: boolean, scales: PairScales, told: number, answer: Float64Array) {
    const { addresses, scores, truths, weights, pairs, control } = this.#memory
    const { scores: scoreAddress, truths: truthAddress } = addresses
    let loss = 0
    let at = begin
    if (control[toldWord.weighted] === 0) {
      for (; at + 1 < end; at += productRows) {
        const rows = Math.min(productRows, (end - at) & ~1)
        // The pairs of rows that are held go where nobody reads them.
        const to = learns ? addresses.pairs + placeBytes * at : addresses.blocks + placeBytes * blockRows * this.#thread
        const first = scoreAddress + 8 * at
        this.#kernel.gradients(first, first + 8 * rows, truthAddress + 8 * at, to, told)
        loss += Math.log(answer[4]!) + Math.log(answer[5]!) + answer[6]! + answer[7]!
      }
      at = begin + ((end - begin) & ~1)
    }
    for (; at < end; at++) {
      loss += setGradient(at, scores[at]!, truths[at]!, weights[at]!, learns ? pairs : undefined, scales)
    }
    return loss
  }
}

function addValue(scores: Float64Array, rows: Int32Array, begin: number, end: number, value: number): void {
  const last = end | 0
  for (let at = begin | 0; at < last; at++) {
    const row = rows[at]!
    scores[row] = scores[row]! + value
  }
}
