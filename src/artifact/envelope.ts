import { noonmarkError } from '../errors.ts'

/**
 * The frame around everything that this room persists:
 * magic (4 ASCII bytes) | version (1) | reserved (3, zero) | body length (uint32) | CRC-32 of all before it and of the body (uint32) | body.
 * Numbers are little-endian on every machine.
 */
const headerBytes = 16

let crcTable: Uint32Array | undefined

/** CRC-32 as in IEEE 802.3 (reflected polynomial 0xEDB88320), continued from an earlier value. */
export function crc32(bytes: Uint8Array, before = 0): number {
  if (crcTable === undefined) {
    crcTable = new Uint32Array(256)
    for (let byte = 0; byte < 256; byte++) {
      let rest = byte
      for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1
      crcTable[byte] = rest
    }
  }
  let crc = ~before
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ crcTable[(crc ^ bytes[at]!) & 255]!
  return ~crc >>> 0
}

/** Puts a body into its frame. `magic` has four ASCII characters. */
export function sealEnvelope(magic: string, version: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + body.length)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < 4; at++) bytes[at] = magic.charCodeAt(at)
  bytes[4] = version
  view.setUint32(8, body.length, true)
  bytes.set(body, headerBytes)
  view.setUint32(12, crc32(body, crc32(bytes.subarray(0, 12))), true)
  return bytes
}

/**
 * Takes a body out of its frame. `what` names the thing in messages, such as "tree ensemble".
 * Throws `artifact_invalid` for another magic, a cut or changed file, and `artifact_newer` for a version above `newest`.
 */
export function openEnvelope(
  magic: string,
  newest: number,
  what: string,
  bytes: Uint8Array,
): { version: number; body: Uint8Array } {
  const starts = [0, 1, 2, 3].every((at) => bytes[at] === magic.charCodeAt(at))
  if (!starts)
    throw invalidArtifact(`These ${bytes.length} bytes are not a ${what}: they do not start with "${magic}".`)
  if (bytes.length < headerBytes) throw invalidArtifact(`This ${what} is cut short: its header is not whole.`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = view.getUint8(4)
  if (version > newest) {
    throw noonmarkError('artifact_newer', {
      message: `This ${what} has format version ${version}; this installation reads up to ${newest}.`,
    })
  }
  const length = view.getUint32(8, true)
  if (bytes.length !== headerBytes + length) {
    throw invalidArtifact(`This ${what} should be ${headerBytes + length} bytes long and is ${bytes.length}.`)
  }
  const body = bytes.subarray(headerBytes)
  if (crc32(body, crc32(bytes.subarray(0, 12))) !== view.getUint32(12, true) || version === 0) {
    throw invalidArtifact(`This ${what} was changed after it was written: its checksum differs.`)
  }
  return { version, body }
}

/** The error for bytes that are no model. */
export function invalidArtifact(message: string) {
  return noonmarkError('artifact_invalid', { message })
}

/** Appends numbers, typed arrays and text to a growing buffer. */
export class ByteWriter {
  #bytes = new Uint8Array(1024)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  #reserve(size: number): number {
    const at = this.#length
    if (at + size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, at + size))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    this.#length = at + size
    return at
  }

  uint32(value: number): this {
    const at = this.#reserve(4)
    this.#view.setUint32(at, value, true)
    return this
  }

  float64(value: number): this {
    const at = this.#reserve(8)
    this.#view.setFloat64(at, value, true)
    return this
  }

  /** A length, then the bytes. */
  blob(bytes: Uint8Array): this {
    this.uint32(bytes.length)
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  text(value: string): this {
    return this.blob(new TextEncoder().encode(value))
  }

  int32Array(values: Int32Array): this {
    this.uint32(values.length)
    let at = this.#reserve(values.length * 4)
    for (const value of values) {
      this.#view.setInt32(at, value, true)
      at += 4
    }
    return this
  }

  float64Array(values: Float64Array): this {
    this.uint32(values.length)
    let at = this.#reserve(values.length * 8)
    for (const value of values) {
      this.#view.setFloat64(at, value, true)
      at += 8
    }
    return this
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

/** Reads what a `ByteWriter` wrote, in the same order; throws `artifact_invalid` where the bytes end too soon. */
export class ByteReader {
  #view: DataView
  #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  #take(size: number): number {
    const at = this.#at
    if (at + size > this.#bytes.length) throw invalidArtifact('A part of this model is cut short.')
    this.#at = at + size
    return at
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  blob(): Uint8Array {
    const length = this.uint32()
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  text(): string {
    return new TextDecoder().decode(this.blob())
  }

  int32Array(): Int32Array {
    const length = this.uint32()
    const at = this.#take(length * 4)
    const values = new Int32Array(length)
    for (let index = 0; index < length; index++) values[index] = this.#view.getInt32(at + index * 4, true)
    return values
  }

  float64Array(): Float64Array {
    const length = this.uint32()
    const at = this.#take(length * 8)
    const values = new Float64Array(length)
    for (let index = 0; index < length; index++) values[index] = this.#view.getFloat64(at + index * 8, true)
    return values
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw invalidArtifact('This model has more bytes than it should.')
  }
}
