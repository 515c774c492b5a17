import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

/**
 * Whether the files of an LMDB folder are what was written. LMDB trusts its pages: a file that is too short ends the process
 * (SIGBUS), a changed page may end it or hide a key without a word. All of it can be made again from history and log, so what
 * is not sound is removed by the writer, who says so, and filled again.
 */
export const dataFile = 'data.mdb'
const lockFile = 'lock.mdb'
/** Size and checksum of the data, left by a writer that ended well, taken away by the next one before it writes. */
const sumFile = 'sound.json'
/** Why a writer has given the files up: the next one begins anew. */
const condemnedFile = 'condemned'

/** Larger files are not summed: it would cost more than a second at each start. */
const mostSummedBytes = 512 * 1024 * 1024

/** Removes files that are not sound, and returns why; null where there is nothing to say. For the writer, before it opens them. */
export function removeUnsound(folder: string): string | null {
  const reason = readText(join(folder, condemnedFile)) ?? faultOf(folder)
  if (reason !== null) for (const name of [dataFile, lockFile]) rmSync(join(folder, name), { force: true })
  for (const name of [sumFile, condemnedFile]) rmSync(join(folder, name), { force: true })
  return reason
}

/** Leaves word of what the files are, which must be closed and flushed. */
export function noteSound(folder: string): void {
  const path = join(folder, dataFile)
  if (statSync(path).size > mostSummedBytes) return
  writeFileSync(join(folder, sumFile), JSON.stringify({ format: 1, ...sumOf(path) }))
}

/** Says that the files are not to be used again. */
export function condemn(folder: string, reason: string): void {
  writeFileSync(join(folder, condemnedFile), reason)
}

function faultOf(folder: string): string | null {
  const path = join(folder, dataFile)
  if (!existsSync(path)) return null
  const { size } = statSync(path)
  if (size === 0) return `${path} is empty`
  const needed = neededBytes(path)
  if (needed === null) return `${path} is not a file of LMDB any more`
  if (size < needed) return `${path} has ${size} bytes of ${needed}`
  const text = readText(join(folder, sumFile))
  if (text === null) return null
  try {
    const noted: unknown = JSON.parse(text)
    const found = JSON.stringify({ format: 1, ...sumOf(path) })
    return JSON.stringify(noted) === found ? null : `${path} has another checksum than its writer left`
  } catch {
    return `${join(folder, sumFile)} cannot be read`
  }
}

const pageHeaderBytes = 24
const magic = 0xbeefc0de

/** How long the file must be by the newer of its two meta pages; null where neither is one. */
function neededBytes(path: string): number | null {
  const first = metaAt(path, 0)
  const second = metaAt(path, first?.pageBytes ?? 4096)
  const metas = [first, second].filter((meta) => meta !== null)
  const newest = metas.sort((a, b) => b.transaction - a.transaction)[0]
  return newest === undefined ? null : (newest.lastPage + 1) * newest.pageBytes
}

function metaAt(path: string, byte: number): { pageBytes: number; lastPage: number; transaction: number } | null {
  const bytes = Buffer.alloc(160)
  const descriptor = openSync(path, 'r')
  try {
    if (readSync(descriptor, bytes, 0, bytes.length, byte) < bytes.length) return null
  } finally {
    closeSync(descriptor)
  }
  if (bytes.readUInt32LE(pageHeaderBytes) !== magic) return null
  return {
    pageBytes: bytes.readUInt32LE(pageHeaderBytes + 24),
    lastPage: Number(bytes.readBigUInt64LE(pageHeaderBytes + 120)),
    transaction: Number(bytes.readBigUInt64LE(pageHeaderBytes + 128)),
  }
}

function sumOf(path: string): { sizeBytes: number; crc32: number } {
  const buffer = Buffer.allocUnsafe(1024 * 1024)
  const descriptor = openSync(path, 'r')
  try {
    let sum = 0
    let sizeBytes = 0
    for (;;) {
      const read = readSync(descriptor, buffer, 0, buffer.length, null)
      if (read === 0) return { sizeBytes, crc32: sum }
      sum = crc32(buffer.subarray(0, read), sum)
      sizeBytes += read
    }
  } finally {
    closeSync(descriptor)
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
