import { noonmarkError } from '../../errors.ts'
import type { FrontierKeeper, RecordStore } from '../record-store.ts'
import { sourceLogs } from '../source-logs.ts'
import { beginningMs, type LogClock, type LogName, type StreamLog } from '../stream-log.ts'

/** A stream log that lives as long as its process: for tests and for projects that keep nothing. */
export function memoryStreamLog(options: { readonly clock: LogClock }): StreamLog {
  const names = new Map<string, LogName>()
  return sourceLogs({
    supports: { durable: false, sharedReaders: false },
    clock: options.clock,
    keeper: memoryKeeper(),
    openStore: async (name, { committed }) =>
      memoryStore(() => {
        names.set(JSON.stringify([name.project, name.source]), name)
        committed()
      }),
    sources: async () => [...names.values()],
    release: () => undefined,
  })
}

function memoryStore(committed: () => void): RecordStore {
  let firstOffset = 0
  let payloads: Uint8Array[] = []
  return {
    get firstOffset() {
      return firstOffset
    },
    get nextOffset() {
      return firstOffset + payloads.length
    },
    get durableOffset() {
      return firstOffset + payloads.length
    },
    async append(added) {
      for (const payload of added) payloads.push(payload)
      committed()
    },
    flush: async () => undefined,
    async read(from, limit) {
      if (from < firstOffset) {
        throw noonmarkError('log_position_gone', {
          message: `The log no longer has record ${from}; it begins at ${firstOffset}.`,
        })
      }
      return payloads.slice(from - firstOffset, from - firstOffset + limit)
    },
    scanStart: async () => firstOffset,
    async retain(beforeOffset) {
      payloads = payloads.slice(Math.max(0, beforeOffset - firstOffset))
      firstOffset = Math.max(firstOffset, beforeOffset)
    },
    close: async () => undefined,
  }
}

function memoryKeeper(): FrontierKeeper {
  let floorMs = beginningMs
  return {
    get floorMs() {
      return floorMs
    },
    async cover(frontierMs) {
      floorMs = Math.max(floorMs, frontierMs)
    },
    close: async () => undefined,
  }
}
