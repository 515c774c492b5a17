/**
 * Numbers texts in the order in which they are first met. Texts of up to 12 bytes are told apart by their bytes, given as
 * three 32-bit words, without making a JavaScript string of each.
 */
export class TextCodes {
  readonly dictionary: string[] = []
  private readonly index = new Map<string, number>()
  /** Open addressing: five words a slot: code + 1 (0: free), length, three words of text. */
  private slots = new Int32Array(5 * 1024)
  private used = 0

  /** The code of a text of up to 12 bytes, padded with zeros. */
  short(length: number, a: number, b: number, c: number, decode: () => string): number {
    let slot = this.find(length, a, b, c)
    if (this.slots[slot] !== 0) return this.slots[slot]! - 1
    if (this.used * 10 > this.slots.length) {
      this.grow()
      slot = this.find(length, a, b, c)
    }
    const code = this.long(decode())
    this.slots.set([code + 1, length, a, b, c], slot)
    this.used++
    return code
  }

  /** The code of any text. */
  long(text: string): number {
    let code = this.index.get(text)
    if (code === undefined) {
      code = this.dictionary.length
      this.dictionary.push(text)
      this.index.set(text, code)
    }
    return code
  }

  /** The slot that holds a text, or the free one where it belongs. */
  private find(length: number, a: number, b: number, c: number): number {
    const count = this.slots.length / 5
    let hash =
      Math.imul(length ^ Math.imul(a, 0x85ebca6b), 0x9e3779b1) ^ Math.imul(b, 0xc2b2ae35) ^ Math.imul(c, 0x27d4eb2f)
    hash ^= hash >>> 15
    hash = Math.imul(hash, 0x2c1b3c6d)
    hash ^= hash >>> 13
    for (let place = hash & (count - 1); ; place = (place + 1) & (count - 1)) {
      const slot = 5 * place
      const slots = this.slots
      if (slots[slot] === 0) return slot
      if (slots[slot + 1] === length && slots[slot + 2] === a && slots[slot + 3] === b && slots[slot + 4] === c)
        return slot
    }
  }

  private grow(): void {
    const old = this.slots
    this.slots = new Int32Array(old.length * 2)
    for (let slot = 0; slot < old.length; slot += 5) {
      if (old[slot] === 0) continue
      const to = this.find(old[slot + 1]!, old[slot + 2]!, old[slot + 3]!, old[slot + 4]!)
      this.slots.set(old.subarray(slot, slot + 5), to)
    }
  }
}
