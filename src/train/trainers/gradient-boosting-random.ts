/**
 * The xoshiro128** generator of David Blackman and Sebastiano Vigna (public domain, prng.di.unimi.it), its state filled by
 * splitmix32. The same seed gives the same numbers on every machine.
 */
export class Random {
  #state = new Uint32Array(4)

  /** `seed` is a safe integer, or the four words of a state (not all 0). */
  constructor(seed: number | Uint32Array) {
    if (typeof seed !== 'number') {
      this.#state.set(seed.subarray(0, 4))
      return
    }
    let state = (seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32) | 0, 0x9e3779b1)
    for (let at = 0; at < 4; at++) {
      state = (state + 0x9e3779b9) | 0
      let mixed = state ^ (state >>> 16)
      mixed = Math.imul(mixed, 0x21f0aaad)
      mixed ^= mixed >>> 15
      mixed = Math.imul(mixed, 0x735a2d97)
      this.#state[at] = mixed ^ (mixed >>> 15)
    }
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const state = this.#state
    const second = state[1]!
    const scrambled = Math.imul(second, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    state[2] = state[2]! ^ state[0]!
    state[3] = state[3]! ^ second
    state[1] = second ^ state[2]!
    state[0] = state[0]! ^ state[3]!
    state[2] = state[2]! ^ (second << 9)
    const last = state[3]!
    state[3] = (last << 11) | (last >>> 21)
    return result
  }

  /** A number from 0 (inclusive) to 1 (exclusive), with 32 random bits. */
  next(): number {
    return this.uint32() / 0x1_0000_0000
  }

  /** `count` distinct whole numbers below `size`, ascending. */
  sample(size: number, count: number): Int32Array {
    const drawn = new Int32Array(Math.min(count, size))
    let left = drawn.length
    let at = 0
    // Selection sampling: Knuth, The Art of Computer Programming, volume 2, algorithm 3.4.2 S.
    for (let candidate = 0; left > 0; candidate++) {
      if (this.next() * (size - candidate) < left) {
        drawn[at++] = candidate
        left--
      }
    }
    return drawn
  }
}
