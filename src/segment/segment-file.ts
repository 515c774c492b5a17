import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { isNoonmarkError, noonmarkError } from '../errors.ts'

/**
 * A segment file begins with a header (little endian): magic `NOONSEGM` (8 bytes), version (2), length of the header (2),
 * kind (8, ASCII, zero-filled), offset of its first record (8), the owner's mark (8, a double), CRC-32 of all that (4).
 * The header is on disk, and the file in its folder, before any record is written.
 */
export const segmentHeaderBytes = 40

const magic = 'NOONSEGM'
const version = 1

/** What a segment says of itself before its first record. */
export interface SegmentHeader {
  /** What the records are, at most 8 ASCII characters; a file of another kind is refused. */
  readonly kind: string
  readonly firstOffset: number
  /** A number that the owner chose when the segment began, such as an instant. */
  readonly mark: number
}

/** One segment of a folder, by its file name. */
export interface SegmentName {
  readonly path: string
  readonly firstOffset: number
}

/** The path of the segment whose first record has this offset. */
export function segmentPath(folder: string, firstOffset: number): string {
  return join(folder, `${String(firstOffset).padStart(16, '0')}.segment`)
}

/** The segments of a folder in order; none where the folder does not exist. */
export async function listSegments(folder: string): Promise<SegmentName[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  return names
    .filter((name) => /^\d{16}\.segment$/.test(name))
    .map((name) => ({ path: join(folder, name), firstOffset: Number(name.slice(0, 16)) }))
    .sort((left, right) => left.firstOffset - right.firstOffset)
}

/** The bytes of a header. */
export function encodeHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  bytes.write(magic, 0, 'latin1')
  bytes.writeUInt16LE(version, 8)
  bytes.writeUInt16LE(segmentHeaderBytes, 10)
  bytes.write(header.kind, 12, 8, 'latin1')
  bytes.writeBigUInt64LE(BigInt(header.firstOffset), 20)
  bytes.writeDoubleLE(header.mark, 28)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, segmentHeaderBytes - 4)), segmentHeaderBytes - 4)
  return bytes
}

/**
 * Reads and checks the header of an open segment; null where it was never written: the file is shorter, or zero there. A reader can
 * do without one that is `unreadable`: the name of the file says where it begins, and each record has a checksum of its own.
 */
export async function readHeader(
  handle: FileHandle,
  path: string,
  kind: string,
  unreadable: 'refused' | 'null' = 'refused',
): Promise<SegmentHeader | null> {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  const { bytesRead } = await handle.read(bytes, 0, segmentHeaderBytes, 0)
  if (bytesRead < segmentHeaderBytes || bytes.every((byte) => byte === 0)) return null
  const found = bytes.readUInt16LE(8)
  if (
    bytes.toString('latin1', 0, 8) === magic &&
    found > version &&
    (await isWholeHeader(handle, bytes.readUInt16LE(10)))
  ) {
    throw noonmarkError('store_newer', {
      message: `The segment ${path} has version ${found}; this release reads up to ${version}.`,
      path,
    })
  }
  const sound = bytes.readUInt32LE(segmentHeaderBytes - 4) === crc32(bytes.subarray(0, segmentHeaderBytes - 4))
  if (!sound || bytes.toString('latin1', 0, 8) !== magic) {
    if (unreadable === 'null') return null
    throw segmentDamaged(path, 'its header is not readable', 0)
  }
  const foundKind = bytes.toString('latin1', 12, 20).replace(/\0+$/, '')
  if (foundKind !== kind) throw segmentDamaged(path, `it holds records of kind "${foundKind}", not "${kind}"`, 0)
  return { kind, firstOffset: Number(bytes.readBigUInt64LE(20)), mark: bytes.readDoubleLE(28) }
}

/** Whether a header of any version is what was written: its checksum is the last thing in it. */
async function isWholeHeader(handle: FileHandle, length: number): Promise<boolean> {
  const bytes = Buffer.alloc(length)
  const { bytesRead } = await handle.read(bytes, 0, length, 0)
  return length > 12 && bytesRead === length && bytes.readUInt32LE(length - 4) === crc32(bytes.subarray(0, length - 4))
}

/** The error for a segment that cannot be read whole, naming the file, the byte and the record where it broke. */
export function segmentDamaged(path: string, reason: string, byte: number, offset?: number) {
  const record = offset === undefined ? '' : `, record ${offset}`
  return noonmarkError('segment_damaged', {
    message: `The segment ${path} is damaged at byte ${byte}${record}: ${reason}.`,
    path,
  })
}

/** Makes the entries of a folder durable, so that a file created or removed stays so. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Creates a folder with its parents and makes them durable. */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path)
  const firstCreated = await mkdir(folder, { recursive: true })
  if (firstCreated === undefined) return
  for (let created = folder; ; created = dirname(created)) {
    await syncFolder(dirname(created))
    if (created === firstCreated || created === dirname(created)) return
  }
}

/** The number that a segment's owner chose when it began; infinite where its header is damaged, so that nobody relies on it. */
export async function readSegmentMark(segment: SegmentName, kind: string): Promise<number> {
  const handle = await open(segment.path, 'r')
  try {
    return (await readHeader(handle, segment.path, kind))?.mark ?? 0
  } catch (error) {
    if (isNoonmarkError(error) && error.code === 'segment_damaged') return Number.POSITIVE_INFINITY
    throw error
  } finally {
    await handle.close()
  }
}

/** Whether a file system error says that there is nothing of that name. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
