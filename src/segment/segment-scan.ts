import type { FileHandle } from 'node:fs/promises'
import { frameHeaderBytes, highestGroupAfter, readFrame } from './frame.ts'

/** What a scan of a piece of a segment found. */
export interface Scan {
  /** The payloads of whole batches, in order. */
  readonly payloads: Uint8Array[]
  /** The byte after the last whole batch read: where the next scan begins. */
  readonly endByte: number
  /** Why it ended: the limit was reached, the file ended on a batch, or what follows is not a whole batch. */
  readonly stop: 'limit' | 'end' | 'partial'
  /** The byte of the frame that could not be read, where `stop` is `partial`. */
  readonly brokenByte: number
  /** The last frame that could be read, of a whole batch or not. */
  readonly lastFrame: FrameGroup | null
}

/** Where a frame stands in its group. */
export interface FrameGroup {
  readonly group: number
  readonly endsGroup: boolean
}

const chunkBytes = 256 * 1024

/**
 * Reads whole batches from `startByte` on until `maxRecords` records or about `maxBytes` bytes are read. A batch is never split, so a
 * scan returns at least one batch however large, and may return more records than asked for.
 */
export async function scanBatches(
  handle: FileHandle,
  startByte: number,
  maxRecords: number,
  maxBytes: number,
): Promise<Scan> {
  const payloads: Uint8Array[] = []
  let batch: Uint8Array[] = []
  let lastFrame: FrameGroup | null = null
  let endByte = startByte
  let frameByte = startByte
  // Whoever follows a log asks for a record or two at a time: a whole chunk for each would be made and thrown away.
  let buffer = await readBytes(handle, startByte, Math.min(chunkBytes, 4096 + 512 * maxRecords))
  let bufferByte = startByte
  for (;;) {
    const frame = readFrame(buffer, frameByte - bufferByte)
    if (frame === 'short') {
      const wanted = Math.max(chunkBytes, neededBytes(buffer, frameByte - bufferByte))
      const larger = await readBytes(handle, frameByte, wanted)
      const grew = larger.length > buffer.length - (frameByte - bufferByte)
      buffer = larger
      bufferByte = frameByte
      if (grew) continue
      const stop = larger.length === 0 && batch.length === 0 ? 'end' : 'partial'
      return { payloads, endByte, stop, brokenByte: frameByte, lastFrame }
    }
    if (frame === 'invalid') return { payloads, endByte, stop: 'partial', brokenByte: frameByte, lastFrame }
    batch.push(frame.payload)
    frameByte += frame.sizeBytes
    lastFrame = { group: frame.group, endsGroup: frame.endsGroup }
    if (!frame.endsBatch) continue
    for (const payload of batch) payloads.push(payload)
    batch = []
    endByte = frameByte
    if (payloads.length >= maxRecords || endByte - startByte >= maxBytes) {
      return { payloads, endByte, stop: 'limit', brokenByte: frameByte, lastFrame }
    }
  }
}

/**
 * Judges what follows the last readable frame of the newest segment: a tail that a crash tore, or damage to what was durable. A group
 * is written only once the one before it is on disk, so a whole frame of a *later* group than the broken frame's own proves that the
 * broken one had been durable.
 */
export async function judgeTail(
  handle: FileHandle,
  brokenByte: number,
  before: FrameGroup | null,
): Promise<'torn' | 'damaged'> {
  const { size } = await handle.stat()
  const brokenGroup = before === null ? 1 : before.endsGroup ? before.group + 1 : before.group
  const highest = highestGroupAfter(await readBytes(handle, brokenByte, Math.max(0, size - brokenByte)), 0)
  return highest !== null && highest > brokenGroup ? 'damaged' : 'torn'
}

function neededBytes(buffer: Buffer, start: number): number {
  return buffer.length - start < frameHeaderBytes ? 0 : frameHeaderBytes + buffer.readUInt32LE(start + 8)
}

async function readBytes(handle: FileHandle, startByte: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, startByte + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
