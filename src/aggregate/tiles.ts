import type { Instant } from '../values/index.ts'
import type { Aggregator } from './aggregator.ts'
import { firstTile, type PreparedTiles, tileStart } from './prepare.ts'

/**
 * The tiles of one feature of one entity: records of `1 + width` doubles (the start of the hop, then the partial), sorted
 * by start. Only hops in which something entered have one.
 */
export class Tiles {
  readonly #feature: PreparedTiles
  readonly #stride: number
  #records: Float64Array
  #length: number

  /** Takes records as `records()` gave them; they are copied before they are changed. */
  constructor(feature: PreparedTiles, records: Float64Array = none) {
    this.#feature = feature
    this.#stride = 1 + feature.aggregator.width
    this.#records = records.slice()
    this.#length = records.length
  }

  /** Adds a value to the tile in which its event lies. */
  add(event: Instant, value: number | bigint): void {
    const at = this.#open(tileStart(this.#feature, event))
    this.#feature.aggregator.add(this.#records, at + 1, value)
  }

  /** Adds all that other records stand for. */
  merge(records: Float64Array): void {
    for (let from = 0; from < records.length; from += this.#stride) {
      const at = this.#open(records[from]!)
      this.#feature.aggregator.merge(this.#records, at + 1, records, from + 1)
    }
  }

  /** Drops the tiles that no read at or after an instant counts; says whether there were any. */
  evict(at: Instant): boolean {
    const first = firstTile(this.#feature, at)
    let gone = 0
    while (gone < this.#length && this.#records[gone]! < first) gone += this.#stride
    if (gone === 0) return false
    this.#records.copyWithin(0, gone, this.#length)
    this.#length -= gone
    return true
  }

  /** A view of the records, good until the next change. */
  records(): Float64Array {
    return this.#records.subarray(0, this.#length)
  }

  /** Where the tile with this start lies, opened if there is none yet. */
  #open(start: Instant): number {
    let at = this.#length
    // Most rows are recent, so the search begins at the end.
    while (at > 0 && this.#records[at - this.#stride]! > start) at -= this.#stride
    if (at > 0 && this.#records[at - this.#stride] === start) return at - this.#stride
    const length = this.#length + this.#stride
    if (length > this.#records.length) {
      const larger = new Float64Array(Math.max(length, this.#records.length * 2))
      larger.set(this.#records)
      this.#records = larger
    }
    this.#records.copyWithin(at + this.#stride, at, this.#length)
    this.#length = length
    this.#records[at] = start
    this.#feature.aggregator.clear(this.#records, at + 1)
    return at
  }
}

const none = new Float64Array(0)

/** Adds every tile whose start is not before `first` to the partial at 0 of `into`. */
export function mergeTiles(aggregator: Aggregator, into: Float64Array, records: Float64Array, first: Instant): void {
  const stride = 1 + aggregator.width
  for (let from = records.length - stride; from >= 0 && records[from]! >= first; from -= stride) {
    aggregator.merge(into, 0, records, from + 1)
  }
}
