import { noonmarkError } from '../../errors.ts'
import { binSlots } from './gradient-boosting-bins.ts'
import { mostPages, pageBytes, placeBytes, type SharedPages, sharedPages } from './gradient-boosting-kernel.ts'

/** What a training's memory must hold. */
export interface BoostingSize {
  /** Rows that trees learn from. */
  readonly rows: number
  /** Rows that only follow the trees: the validation set. Their numbers come after those of the others. */
  readonly heldRows: number
  readonly features: number
  readonly threads: number
  readonly leaves: number
}

/** Rows whose pairs are gathered at once: they stay in the nearest cache while all features read them. */
export const blockRows = 1024
/** Rows whose losses are summed before they meet others: the grain in which any number of threads adds them alike. */
export const lossRows = 4096
/** How many sums the losses of so many rows make. */
export const lossBlocks = (rows: number): number => Math.ceil(rows / lossRows)
/** Int32 that the threads tell each other. */
const controlWords = 64
/** Bytes of the table of a split: one byte a bin, then what the partition answers. */
const tableBytes = 320
const toldDoubles = 16
/** Bytes of the scales of a thread, and of the sums that the kernel puts behind them. */
export const scaleBytes = 64
/** Doubles of one result of a search. */
export const resultDoubles = 16

/**
 * The memory that all threads of a training share: the bins and the state of every row, and what the threads tell each other.
 * Addresses are bytes. Histograms of leaves lie apart, in whole numbers as doubles; only as many of them are touched as live at
 * once, and what is never touched costs nothing.
 */
export class BoostingMemory {
  readonly size: BoostingSize
  readonly pages: SharedPages
  readonly pool: SharedArrayBuffer
  /** Groups of four features; feature 4q + k of a row is byte k of its word in quad q. */
  readonly quads: number
  readonly control: Int32Array
  /** Row numbers, grouped by leaf: those that learn first, then those that follow. */
  readonly rows: Int32Array
  /** Per row that learns: its gradient and its hessian, in whole numbers with `pairBias`. */
  readonly pairs: Float64Array
  readonly scores: Float64Array
  /** 0 or 1 per row. */
  readonly truths: Float64Array
  readonly weights: Float64Array
  /** Rows that went left and right, each thread's from where its own rows began. */
  readonly left: Int32Array
  readonly right: Int32Array
  /** Per `lossRows` rows: those that learn, then those that are held. */
  readonly losses: Float64Array
  /** Per leaf of the tree just grown, in the order of their rows: the end of those that learn and of those that follow. */
  readonly leafEnds: Int32Array
  readonly leafValues: Float64Array
  /** 1 for each feature that the tree may use. */
  readonly drawn: Uint8Array
  /** What a phase is told in doubles. */
  readonly told: Float64Array
  readonly table: Uint8Array
  /** Per thread and child: what its search found; the bins of a set of categories beside it. */
  readonly results: Float64Array
  readonly members: Uint8Array
  readonly addresses: {
    readonly rows: number
    readonly pairs: number
    readonly left: number
    readonly right: number
    readonly table: number
    readonly words: number
    readonly blocks: number
    readonly partials: number
    readonly scores: number
    readonly truths: number
    /** Per thread: what the kernel's gradients are told, and what they tell. */
    readonly scales: number
  }

  /** A new memory; with `shared` the one that another thread made for the same size. */
  constructor(size: BoostingSize, shared?: { readonly pages: SharedPages; readonly pool: SharedArrayBuffer }) {
    const { rows, heldRows, features, threads, leaves } = size
    const all = rows + heldRows
    this.size = size
    this.quads = Math.ceil(features / 4)
    let end = 0
    const take = (bytes: number): number => {
      const address = end
      end += Math.ceil(bytes / 64) * 64
      return address
    }
    const at = {
      control: take(4 * controlWords),
      table: take(tableBytes * threads),
      drawn: take(4 * this.quads),
      told: take(8 * toldDoubles),
      results: take(8 * resultDoubles * 2 * threads),
      members: take(binSlots * 2 * threads),
      scales: take(scaleBytes * threads),
      leafEnds: take(8 * leaves),
      leafValues: take(8 * leaves),
      blocks: take(placeBytes * blockRows * threads),
      partials: take(placeBytes * binSlots * 4 * this.quads * threads),
      losses: take(8 * (lossBlocks(rows) + lossBlocks(heldRows))),
      rows: take(4 * all),
      left: take(4 * all),
      right: take(4 * all),
      truths: take(8 * all),
      weights: take(8 * all),
      scores: take(8 * all),
      pairs: take(placeBytes * rows),
      words: take(4 * all * this.quads),
    }
    const places = this.places
    if (shared === undefined) {
      if (end > mostPages * pageBytes) throw tooLarge(end)
      try {
        this.pages = sharedPages(end)
        // Of every thread what it counted, of every leaf with a split one, and one for the child that is being searched.
        this.pool = new SharedArrayBuffer(8 * 3 * places * (threads + leaves + 1))
      } catch (cause) {
        if (cause instanceof RangeError) throw tooLarge(end, cause)
        throw cause
      }
    } else {
      this.pages = shared.pages
      this.pool = shared.pool
    }
    const { buffer } = this.pages
    this.control = new Int32Array(buffer, at.control, controlWords)
    this.table = new Uint8Array(buffer, at.table, tableBytes * threads)
    this.drawn = new Uint8Array(buffer, at.drawn, 4 * this.quads)
    this.told = new Float64Array(buffer, at.told, toldDoubles)
    this.results = new Float64Array(buffer, at.results, resultDoubles * 2 * threads)
    this.members = new Uint8Array(buffer, at.members, binSlots * 2 * threads)
    this.leafEnds = new Int32Array(buffer, at.leafEnds, 2 * leaves)
    this.leafValues = new Float64Array(buffer, at.leafValues, leaves)
    this.losses = new Float64Array(buffer, at.losses, lossBlocks(rows) + lossBlocks(heldRows))
    this.rows = new Int32Array(buffer, at.rows, all)
    this.left = new Int32Array(buffer, at.left, all)
    this.right = new Int32Array(buffer, at.right, all)
    this.truths = new Float64Array(buffer, at.truths, all)
    this.weights = new Float64Array(buffer, at.weights, all)
    this.scores = new Float64Array(buffer, at.scores, all)
    this.pairs = new Float64Array(buffer, at.pairs, 2 * rows)
    this.addresses = at
  }

  /** Places of one histogram. */
  get places(): number {
    return this.quads * 4 * binSlots
  }

  /** A histogram of the pool: per place the sums of gradients and hessians, in their units, and the count of rows. */
  histogram(slot: number): Float64Array {
    return new Float64Array(this.pool, 8 * 3 * this.places * slot, 3 * this.places)
  }

  /** The bins of a feature: byte `4 * row` of what is returned. */
  binsOf(feature: number): Uint8Array {
    return new Uint8Array(this.pages.buffer, this.binAddress(feature), 4 * (this.size.rows + this.size.heldRows) - 3)
  }

  /** Where the bin of row 0 lies; that of the next row lies 4 bytes on. */
  binAddress(feature: number): number {
    return this.wordAddress(feature >> 2) + (feature & 3)
  }

  /** Where the word of row 0 lies. */
  wordAddress(quad: number): number {
    return this.addresses.words + 4 * (this.size.rows + this.size.heldRows) * quad
  }
}

function tooLarge(bytes: number, cause?: RangeError) {
  return noonmarkError('training_data_invalid', {
    message: `Gradient boosting needs ${Math.ceil(bytes / 2 ** 20)} MiB for these rows and columns; ${
      cause === undefined ? 'at most 4,096 can be addressed' : 'the machine does not give them'
    }.`,
    hint: 'Train on fewer rows (--from, --to) or leave columns out.',
    ...(cause === undefined ? {} : { cause }),
  })
}
