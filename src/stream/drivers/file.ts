import { join } from 'node:path'
import {
  bootId,
  listSegments,
  lockFolder,
  makeFolder,
  openSegmentReader,
  openSegmentWriter,
  readSegmentMark,
  type SegmentRecovery,
} from '../../segment/index.ts'
import { openFrontierFile } from '../frontier-file.ts'
import { listLogs, logFolder } from '../log-folder.ts'
import type { RecordStore } from '../record-store.ts'
import { decodeRecord, recordKind } from '../row-record.ts'
import { sourceLogs } from '../source-logs.ts'
import type { LogClock, LogName, LogReader, StreamLog } from '../stream-log.ts'

/** How a stream log on disk is opened. */
export interface FileStreamLogOptions {
  /** Holds `<project>/<source>/*.segment`, the frontier and the writer's lock. */
  readonly folder: string
  readonly clock: LogClock
  /** A segment that has reached this size is followed by a new one; 64 MiB by default. */
  readonly rollBytes?: number
  /** Told of each torn tail that opening a log cut off; none of it had been acknowledged. */
  readonly onRecovery?: (name: LogName, recovery: SegmentRecovery) => void
}

/**
 * Opens the stream log of a folder for its one writer.
 * @throws folder_locked another writer holds the folder
 */
export async function openFileStreamLog(options: FileStreamLogOptions): Promise<StreamLog> {
  const { folder, clock } = options
  await makeFolder(folder)
  const lock = await lockFolder(folder)
  try {
    const keeper = await openFrontierFile(join(folder, 'frontier.state'), bootId())
    const log = sourceLogs({
      supports: { durable: true, sharedReaders: true },
      clock,
      keeper,
      openStore: (name, hooks) => openFileStore(options, name, hooks),
      sources: () => listLogs(folder),
      release: () => lock.release(),
    })
    // Torn tails are found now, not at the first append. What is damaged is reported by the calls that need it, so that one source
    // never stops another.
    await Promise.allSettled((await listLogs(folder)).map((name) => log.extent(name)))
    return log
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Opens the folder of a stream log for reading, without the writer's lock; what was read is durable. */
export function openFileLogReader(options: { readonly folder: string }): LogReader {
  const readers = new Map<string, ReturnType<typeof openSegmentReader>>()
  const readerOf = (name: LogName) => {
    const folder = logFolder(options.folder, name)
    const reader = readers.get(folder) ?? openSegmentReader({ folder, kind: recordKind })
    readers.set(folder, reader)
    return reader
  }
  return {
    sources: () => listLogs(options.folder),
    async read(name, { from, limit }) {
      const payloads = await readerOf(name).read(from, limit)
      return payloads.map((payload, index) => decodeRecord(payload, from + index).row)
    },
    extent: (name) => readerOf(name).range(),
    async close() {
      for (const reader of readers.values()) await reader.close()
    },
  }
}

async function openFileStore(
  options: FileStreamLogOptions,
  name: LogName,
  hooks: { readonly latestMs: () => number; readonly committed: () => void },
): Promise<RecordStore> {
  const folder = logFolder(options.folder, name)
  const { rollBytes } = options
  const writer = await openSegmentWriter({
    folder,
    kind: recordKind,
    // The latest instant of all rows before a segment tells, without reading them, whether their ids may be forgotten.
    mark: hooks.latestMs,
    ...(rollBytes === undefined ? {} : { rollBytes }),
  })
  if (writer.recovery !== null) options.onRecovery?.(name, writer.recovery)
  writer.subscribe(hooks.committed)
  const reader = openSegmentReader({ folder, kind: recordKind, durableOffset: () => writer.durableOffset })
  return {
    get firstOffset() {
      return writer.firstOffset
    },
    get nextOffset() {
      return writer.nextOffset
    },
    get durableOffset() {
      return writer.durableOffset
    },
    append: (payloads) => writer.append(payloads),
    flush: () => writer.flush(),
    read: (from, limit) => reader.read(from, limit),
    async scanStart(timeMs) {
      for (const segment of (await listSegments(folder)).reverse()) {
        if ((await readSegmentMark(segment, recordKind)) < timeMs) return segment.firstOffset
      }
      return writer.firstOffset
    },
    retain: (beforeOffset) => writer.retain(beforeOffset),
    async close() {
      await reader.close()
      await writer.close()
    },
  }
}
