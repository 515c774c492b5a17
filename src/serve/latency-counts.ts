/** Each bucket ends at so many times the one before: the middle of a bucket is within 5 % of everything in it. */
const ratio = 1.1
const logRatio = Math.log(ratio)
/** Milliseconds at which the first bucket ends, and the number of buckets: the last takes all from about 14 seconds on. */
const leastMs = 0.01
const buckets = 150

const bucketOf = (ms: number): number =>
  ms <= leastMs ? 0 : Math.min(buckets - 1, Math.ceil(Math.log(ms / leastMs) / logRatio - 1e-9))

/** The geometric middle of a bucket. */
const middleOf = (bucket: number): number => leastMs * ratio ** (bucket - 0.5)

/** Counts of latencies in buckets of geometric width: small, and they add up. */
export class LatencyCounts {
  #counts = new Uint32Array(0)
  /** The bucket of the first count: latencies of one deployment lie close together. */
  #first = 0

  /** Adds a latency in milliseconds. */
  add(ms: number): void {
    this.#addTo(bucketOf(ms), 1)
  }

  /** Adds all latencies of another. */
  addAll(other: LatencyCounts): void {
    for (let i = 0; i < other.#counts.length; i++)
      if (other.#counts[i]! > 0) this.#addTo(other.#first + i, other.#counts[i]!)
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
      if (seen >= rank) return middleOf(this.#first + i)
    }
    return null
  }

  #addTo(bucket: number, count: number): void {
    const end = this.#first + this.#counts.length
    if (this.#counts.length === 0) {
      this.#first = bucket
      this.#counts = new Uint32Array(1)
    } else if (bucket < this.#first || bucket >= end) {
      const first = Math.min(bucket, this.#first)
      const grown = new Uint32Array(Math.max(bucket + 1, end) - first)
      grown.set(this.#counts, this.#first - first)
      this.#first = first
      this.#counts = grown
    }
    this.#counts[bucket - this.#first]! += count
  }
}
