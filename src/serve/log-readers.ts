import { join } from 'node:path'
import { openSegmentReader, type SegmentReader } from '../segment/index.ts'
import { predictionKind } from './prediction-log.ts'

/** Readers of prediction logs that stay open between uses: they remember where records lie, so the next reading is short. */
export interface LogReaders {
  use<Result>(log: string, work: (reader: SegmentReader) => Promise<Result>): Promise<Result>
}

interface OpenReader {
  readonly reader: SegmentReader
  users: number
  timer: NodeJS.Timeout | undefined
}

/** How many logs stay open while nobody reads them, and for how long. */
const [mostIdle, idleMs] = [4, 10_000]

/** Opens logs of a folder as they are asked for. Nothing has to be closed: what nobody uses closes itself. */
export function openLogReaders(folder: string): LogReaders {
  const open = new Map<string, OpenReader>()

  const close = (log: string, one: OpenReader): void => {
    clearTimeout(one.timer)
    open.delete(log)
    one.reader.close().catch(() => undefined)
  }

  return {
    async use(log, work) {
      let one = open.get(log)
      if (one === undefined) {
        const reader = openSegmentReader({ folder: join(folder, log), kind: predictionKind })
        one = { reader, users: 0, timer: undefined }
      }
      clearTimeout(one.timer)
      // Put last again: the first is the one that was used the longest time ago.
      open.delete(log)
      open.set(log, one)
      one.users++
      try {
        return await work(one.reader)
      } finally {
        const used = one
        if (--used.users === 0) {
          used.timer = setTimeout(() => close(log, used), idleMs)
          used.timer.unref()
        }
        const idle = [...open].filter(([, { users }]) => users === 0)
        for (const [old, { reader, users, timer }] of idle.slice(0, Math.max(0, idle.length - mostIdle)))
          close(old, { reader, users, timer })
      }
    },
  }
}
