const decoder = new TextDecoder()

/**
 * Numbers texts in the order in which they are first met. A text is told apart by its bytes, given as 32-bit words that are
 * zero after its end, so that a JavaScript string is made once for each distinct text and for no repeat.
 */
export class TextCodes {
  readonly dictionary: string[] = []
  /** Texts that were given as strings. */
  private readonly others = new Map<string, number>()
  /** Words of the longest text that `words` takes. */
  private readonly width: number
  /** Open addressing: a slot is code + 1 (0: free), the length in bytes, and the words. */
  private slots: Int32Array
  private capacity = 1024
  private used = 0

  /** @param width words of 32 bits in the longest text that is given as words */
  constructor(width: number) {
    this.width = width
    this.slots = new Int32Array(this.capacity * (width + 2))
  }

  /** The code of a text of `length` bytes of UTF-8, no more than `width` words, in `words` from its beginning on. */
  words(length: number, words: Int32Array): number {
    let slot = this.find(length, words, 0)
    if (this.slots[slot] !== 0) return this.slots[slot]! - 1
    if (this.used * 2 > this.capacity) {
      this.grow()
      slot = this.find(length, words, 0)
    }
    const code = this.dictionary.length
    this.dictionary.push(decoder.decode(new Uint8Array(words.buffer, words.byteOffset, length)))
    this.slots[slot] = code + 1
    this.slots[slot + 1] = length
    for (let i = 0; i < this.width; i++) this.slots[slot + 2 + i] = words[i]!
    this.used++
    return code
  }

  /** The code of a text that is longer than `width` words. */
  text(text: string): number {
    let code = this.others.get(text)
    if (code === undefined) {
      code = this.dictionary.length
      this.dictionary.push(text)
      this.others.set(text, code)
    }
    return code
  }

  /** The slot that holds a text, or the free one where it belongs; the text is in `words` from `offset` on. */
  private find(length: number, words: Int32Array, offset: number): number {
    const { width, slots } = this
    let hash = length
    for (let i = 0; i < width; i++) {
      hash = Math.imul(hash ^ words[offset + i]!, 0x85ebca6b)
      hash ^= hash >>> 13
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35)
    hash ^= hash >>> 15
    search: for (let place = hash & (this.capacity - 1); ; place = (place + 1) & (this.capacity - 1)) {
      const slot = place * (width + 2)
      if (slots[slot] === 0) return slot
      if (slots[slot + 1] !== length) continue
      for (let i = 0; i < width; i++) if (slots[slot + 2 + i] !== words[offset + i]) continue search
      return slot
    }
  }

  private grow(): void {
    const old = this.slots
    const size = this.width + 2
    this.capacity *= 4
    this.slots = new Int32Array(this.capacity * size)
    for (let slot = 0; slot < old.length; slot += size) {
      if (old[slot] === 0) continue
      const to = this.find(old[slot + 1]!, old, slot + 2)
      for (let i = 0; i < size; i++) this.slots[to + i] = old[slot + i]!
    }
  }
}
