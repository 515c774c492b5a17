import { mkdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { RootDatabase } from 'lmdb'
import { noonmarkError } from '../../errors.ts'
import type { OnlineEntry, OnlineRange, OnlineStore } from '../online-store.ts'
import { dataFile, noteSound, removeUnsound } from './soundness.ts'
import { isTrusted, openUnflushedMark } from './unflushed-mark.ts'

/** Where the store lies and who opens it. */
export interface LmdbOnlineStoreOptions {
  /** The folder of its files; made where it is missing. */
  readonly folder: string
  /** For processes that only read. Until a writer has opened the folder, reads fail with `store_unavailable`. */
  readonly readOnly?: boolean
  /** Told why the writer found files that it cannot trust, removed them and begins anew: everything has to be filled again. */
  readonly onAnew?: (reason: string) => void
}

/** How often the writer frees the reader slots of processes that were killed: their snapshots keep old pages alive. */
const readerCheckMs = 30_000

/**
 * An online store in LMDB, memory-mapped: one process writes, any number read without locks. A write is visible when it
 * resolves, and survives `kill -9`. It is not flushed to the disk one by one: what the store holds can be made again from
 * history and log, and flushing would make every event wait for the disk twice. Should the machine itself go down, the store
 * is found empty at the next start (`unflushed-mark.ts`), and its features are filled again.
 */
export function lmdbOnlineStore({ folder, readOnly = false, onAnew }: LmdbOnlineStoreOptions): OnlineStore {
  if (readOnly) return lateReader(folder)
  const reason = removeUnsound(folder)
  if (reason !== null) onAnew?.(reason)
  return openStore(folder, false)
}

/**
 * A reader that is opened by the first read that finds what a writer of this start of the machine left, and again where a writer
 * began anew: the file that was removed would be read for ever.
 */
function lateReader(folder: string): OnlineStore {
  let opened: OnlineStore | null = null
  let openedFile: number | null = null
  const store = (): OnlineStore => {
    const file = statSync(join(folder, dataFile), { throwIfNoEntry: false })?.ino ?? null
    if (opened !== null && file === openedFile) return opened
    const before = opened
    opened = null
    before?.close().catch(() => undefined)
    if (file === null || !isTrusted(folder)) {
      throw noonmarkError('store_unavailable', { message: `No writer has opened the online store in ${folder} yet.` })
    }
    opened = openStore(folder, true)
    openedFile = file
    return opened
  }
  return {
    name: 'lmdb',
    supports: { sharedReaders: true, durable: true },
    async read(request) {
      return store().read(request)
    },
    async write(batch) {
      return store().write(batch)
    },
    async close() {
      await opened?.close()
    },
  }
}

function openStore(folder: string, readOnly: boolean): OnlineStore {
  const mark = readOnly ? null : openUnflushedMark(folder)
  const db = openDatabase(folder, readOnly, mark?.survivesKill ?? false)
  db.readerCheck()
  const timer = readOnly ? undefined : setInterval(() => db.readerCheck(), readerCheckMs)
  timer?.unref()

  const entriesOf = ({ from, to, limit }: OnlineRange, transaction: ReturnType<Database['useReadTransaction']>) => {
    const entries: OnlineEntry[] = []
    const bounds = { start: from, end: to, transaction, ...(limit === undefined ? {} : { limit }) }
    if (limit === 0) return entries
    for (const entry of db.getRange(bounds)) entries.push(entry)
    return entries
  }

  let usualBytes = 4_096
  return {
    name: 'lmdb',
    supports: { sharedReaders: true, durable: true },
    async read({ gets, ranges }) {
      // A snapshot is else kept for the rest of the event turn, in which another process may have told us of a later write.
      db.resetReadTxn()
      const transaction = db.useReadTransaction()
      const copy = copies(usualBytes)
      try {
        const values = gets.map((key) => {
          const found = db.getBinaryFast(key, { transaction })
          return found === undefined ? null : copy.of(found)
        })
        usualBytes = Math.min(largestUsualBytes, Math.max(copy.sizeBytes, usualBytes))
        return { values, ranges: ranges.map((range) => entriesOf(range, transaction)) }
      } finally {
        transaction.done()
      }
    },
    async write({ puts, deletes, deleteRanges = [] }) {
      // On this thread, and not through LMDB's own: a batch is small, and nothing can come between its reads and writes.
      db.transactionSync(() => {
        for (const { from, to } of deleteRanges) {
          for (const key of [...db.getKeys({ start: from, end: to })]) db.remove(key)
        }
        for (const key of deletes) db.remove(key)
        for (const { key, value } of puts) db.put(key, value)
      })
    },
    async close() {
      clearInterval(timer)
      await db.close()
      if (mark === null) return
      mark.flushed()
      noteSound(folder)
    },
  }
}

/** Keys and values are bytes; the declared type of `getBinaryFast` leaves out the options that it takes. */
type Database = Omit<RootDatabase<Uint8Array, Uint8Array>, 'getBinaryFast'> & {
  getBinaryFast(key: Uint8Array, options: { transaction: unknown }): Buffer | undefined
}

/** A read begins with as many bytes as reads have needed so far, up to this. */
const largestUsualBytes = 262_144

/**
 * Copies values side by side into one buffer, since a buffer for each would cost more than all the rest of a read. Each
 * begins on a boundary of 8 bytes, so that its doubles can be viewed in place.
 */
function copies(firstBytes: number): { of(bytes: Buffer): Uint8Array; readonly sizeBytes: number } {
  let target = Buffer.allocUnsafeSlow(firstBytes)
  let at = 0
  let sizeBytes = 0
  return {
    get sizeBytes() {
      return sizeBytes
    },
    of(bytes) {
      // LMDB's own buffer is longer than the value in it; `length` is the value's.
      const { length } = bytes
      if (at + length > target.length) {
        target = Buffer.allocUnsafeSlow(Math.max(length, firstBytes))
        at = 0
      }
      bytes.copy(target, at, 0, length)
      const copy = new Uint8Array(target.buffer, at, length)
      const taken = Math.ceil(length / 8) * 8
      at += taken
      sizeBytes += taken
      return copy
    },
  }
}

function openDatabase(path: string, readOnly: boolean, noSync: boolean): Database {
  const { open } = loadLmdb()
  try {
    if (!readOnly) mkdirSync(path, { recursive: true })
    return open<Uint8Array, Uint8Array>({
      path,
      readOnly,
      keyEncoding: 'binary',
      encoding: 'binary',
      cache: false,
      noSync,
      maxReaders: 126,
    }) as Database // the same object under its fuller type
  } catch (cause) {
    throw noonmarkError('store_unavailable', { message: `The online store in ${path} cannot be opened.`, cause })
  }
}

function loadLmdb(): typeof import('lmdb') {
  try {
    return createRequire(import.meta.url)('lmdb')
  } catch (cause) {
    throw noonmarkError('store_unavailable', {
      message: 'The package lmdb cannot be loaded on this machine.',
      hint: 'Install it: npm install lmdb',
      cause,
    })
  }
}
