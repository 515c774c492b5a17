import { type FileHandle, open } from 'node:fs/promises'
import { noonmarkError } from '../errors.ts'
import type { OnlineEntry } from '../online/index.ts'
import { encodeFrame, frameHeaderBytes, readFrame } from '../segment/index.ts'
import type { BundleAbout, HistoryBundle } from './history-bundle.ts'

/**
 * A bundle in a file, from the process that reads tables to the one that writes the state. It is a row of frames, each with magic,
 * version and checksum: what it is about (JSON), pieces of entries, an empty frame at the end. An entry is the lengths of key and
 * value (4 bytes each, little endian), key, value. It lives as long as one fill and is no format that lies on disks.
 */
const format = 1

/** Writes a bundle into a file, a piece at a time. */
export async function writeBundle(path: string, { about, entries }: HistoryBundle): Promise<void> {
  const file = await open(path, 'w')
  try {
    const put = async (payload: Uint8Array): Promise<void> => {
      await file.appendFile(encodeFrame(payload))
    }
    await put(Buffer.from(JSON.stringify({ format, about })))
    for await (const piece of entries()) await put(encodeEntries(piece))
    await put(Buffer.alloc(0))
  } finally {
    await file.close()
  }
}

/**
 * Opens a bundle that was written into a file; its entries are read a piece at a time.
 * @throws fill_outdated where the file is gone; segment_damaged where it is not whole
 */
export async function readBundle(path: string): Promise<HistoryBundle> {
  return {
    about: await readAbout(path),
    async *entries() {
      let first = true
      for await (const frame of readFrames(path)) {
        if (frame.length === 0) return
        if (!first) yield decodeEntries(frame)
        first = false
      }
      throw damaged(path)
    },
  }
}

async function readAbout(path: string): Promise<BundleAbout> {
  for await (const frame of readFrames(path)) {
    const { about }: { about: BundleAbout } = JSON.parse(frame.toString('utf8')) // written by writeBundle, whole by its checksum
    return about
  }
  throw damaged(path)
}

function encodeEntries(entries: readonly OnlineEntry[]): Buffer {
  const sizeBytes = entries.reduce((sum, { key, value }) => sum + 8 + key.length + value.length, 0)
  const bytes = Buffer.allocUnsafe(sizeBytes)
  let at = 0
  for (const { key, value } of entries) {
    bytes.writeUInt32LE(key.length, at)
    bytes.writeUInt32LE(value.length, at + 4)
    bytes.set(key, at + 8)
    bytes.set(value, at + 8 + key.length)
    at += 8 + key.length + value.length
  }
  return bytes
}

function decodeEntries(bytes: Buffer): OnlineEntry[] {
  const entries: OnlineEntry[] = []
  for (let at = 0; at < bytes.length; ) {
    const keyAt = at + 8
    const valueAt = keyAt + bytes.readUInt32LE(at)
    const end = valueAt + bytes.readUInt32LE(at + 4)
    entries.push({ key: bytes.subarray(keyAt, valueAt), value: bytes.subarray(valueAt, end) })
    at = end
  }
  return entries
}

async function* readFrames(path: string): AsyncGenerator<Buffer, void> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw noonmarkError('fill_outdated', { message: `The folded history in ${path} is gone.`, cause })
  })
  try {
    for (let at = 0; ; ) {
      const head = await readFully(file, at, frameHeaderBytes)
      if (head.length < frameHeaderBytes) return
      const sizeBytes = frameHeaderBytes + head.readUInt32LE(8)
      const frame = readFrame(await readFully(file, at, sizeBytes), 0)
      if (typeof frame === 'string') throw damaged(path)
      yield Buffer.from(frame.payload.buffer, frame.payload.byteOffset, frame.payload.length)
      at += sizeBytes
    }
  } finally {
    await file.close()
  }
}

async function readFully(file: FileHandle, position: number, sizeBytes: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(sizeBytes)
  let filled = 0
  while (filled < sizeBytes) {
    const { bytesRead } = await file.read(bytes, filled, sizeBytes - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

const damaged = (path: string) =>
  noonmarkError('segment_damaged', { message: `The folded history in ${path} is not whole.`, path })
