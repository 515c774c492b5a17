/** Each bucket ends at so many times the one before: the middle of a bucket is within 5 % of everything in it. */
const ratio = 1.1
const logRatio = Math.log(ratio)
/** Milliseconds at which the first bucket ends, and the number of buckets: the last takes all from about 14 seconds on. */
const leastMs = 0.01
const buckets = 150

const bucketOf = (ms: number): number =>
  ms <= leastMs ? 0 : Math.min(buckets - 1, Math.ceil(Math.log(ms / leastMs) / logRatio - 1e-9))

/** The geometric middle of each bucket, to four digits: more would say nothing. */
const middles = Array.from({ length: buckets }, (_, bucket) =>
  Number((leastMs * ratio ** (bucket - 0.5)).toPrecision(4)),
)

/** Counts of latencies in buckets of geometric width: small, and they add up. */
export class LatencyCounts {
  #counts = new Uint32Array(0)
  /** The bucket of the first count: latencies of one deployment lie close together. */
  #first = 0

  /** Adds a latency in milliseconds. */
  add(ms: number): void {
    const bucket = bucketOf(ms)
    this.#reach(bucket, bucket + 1)
    this.#counts[bucket - this.#first]!++
  }

  /** Adds all latencies of another. */
  addAll(other: LatencyCounts): void {
    if (other.#counts.length === 0) return
    this.#reach(other.#first, other.#first + other.#counts.length)
    for (let i = 0; i < other.#counts.length; i++) this.#counts[other.#first - this.#first + i]! += other.#counts[i]!
  }

  /**
   * The smallest latency that at least this share of all does not exceed, within 5 % (between 10 microseconds and 14 seconds);
   * null without any.
   */
  quantile(share: number): number | null {
    let total = 0
    for (const count of this.#counts) total += count
    if (total === 0) return null
    const rank = Math.max(1, Math.ceil(share * total))
    let seen = 0
    for (let i = 0; i < this.#counts.length; i++) {
      seen += this.#counts[i]!
      if (seen >= rank) return middles[this.#first + i]!
    }
    return null
  }

  /** Makes room for buckets from `begin` up to, but not including, `end`. */
  #reach(begin: number, end: number): void {
    const known = this.#first + this.#counts.length
    if (this.#counts.length > 0 && begin >= this.#first && end <= known) return
    const first = this.#counts.length === 0 ? begin : Math.min(begin, this.#first)
    const grown = new Uint32Array(Math.max(end, this.#counts.length === 0 ? end : known) - first)
    grown.set(this.#counts, this.#counts.length === 0 ? 0 : this.#first - first)
    this.#first = first
    this.#counts = grown
  }
}
