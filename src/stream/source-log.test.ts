import { describe, expect, it } from 'vitest'
import type { RecordStore } from './record-store.ts'
import { SourceLog } from './source-log.ts'
import { type AppendRow, beginningMs } from './stream-log.ts'

/** A store whose disk is slow: what is appended is durable when `sync` is called, or lost when `lose` is. */
function slowStore() {
  const payloads: Uint8Array[] = []
  const waiting: { settle: (error?: Error) => void }[] = []
  let durableOffset = 0
  const onDisk = () =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ settle: (error) => (error === undefined ? resolve() : reject(error)) })
    })
  const store: RecordStore = {
    firstOffset: 0,
    get nextOffset() {
      return payloads.length
    },
    get durableOffset() {
      return durableOffset
    },
    append(added) {
      payloads.push(...added)
      return onDisk()
    },
    flush: () => (durableOffset === payloads.length ? Promise.resolve() : onDisk()),
    read: async (from, limit) => payloads.slice(from, Math.min(durableOffset, from + limit)),
    scanStart: async () => 0,
    retain: async () => undefined,
    close: async () => undefined,
  }
  const settleAll = (error?: Error) => {
    for (const one of waiting.splice(0)) one.settle(error)
  }
  const sync = () => {
    durableOffset = payloads.length
    settleAll()
  }
  return { store, sync, lose: () => settleAll(new Error('the disk is gone')) }
}

function openLog(store: RecordStore, clock: { nowMs: number }): SourceLog {
  return new SourceLog({
    name: { project: 'flights', source: 'landings' },
    store,
    clock: { now: () => clock.nowMs },
    keeper: { floorMs: beginningMs, cover: async () => undefined, close: async () => undefined },
    lastReceivedMs: null,
    declaration: () => ({}),
  })
}

function row(id: string, word = 'x'): AppendRow {
  const content = new TextEncoder().encode(word)
  return { id, eventMs: 0, availableMs: 0, content, body: content }
}

const settled = async (work: Promise<unknown>) => {
  const turn = new Promise((resolve) => setImmediate(() => resolve('waiting')))
  return (await Promise.race([work.then(() => 'done'), turn])) === 'done'
}

describe('the log of a source while its disk is slow', () => {
  it('publishes no frontier beyond the stamp of a row that is not on disk yet', async () => {
    const { store, sync } = slowStore()
    const clock = { nowMs: 1_000 }
    const log = openLog(store, clock)
    const appended = log.append([row('a')])
    expect(await settled(appended)).toBe(false)
    clock.nowMs = 2_000
    expect(await log.advance(2_000)).toEqual({ frontierMs: 1_000, nextOffset: 0 })
    sync()
    await appended
    expect(await log.advance(2_000)).toEqual({ frontierMs: 2_000, nextOffset: 1 })
    clock.nowMs = 1_500
    const later = log.append([row('b')])
    await settled(later)
    sync()
    expect((await later).receivedMs).toBe(2_000)
  })

  it('acknowledges a duplicate only when the row that stands is on disk', async () => {
    const { store, sync } = slowStore()
    const log = openLog(store, { nowMs: 1_000 })
    const first = log.append([row('a')])
    await settled(first)
    const repeat = log.append([row('a')])
    expect(await settled(repeat)).toBe(false)
    sync()
    expect(await repeat).toMatchObject({ accepted: 0, duplicates: 1 })
    await first
  })

  it('is broken after a failed write, and acknowledges nothing that depended on it', async () => {
    const { store, lose } = slowStore()
    const log = openLog(store, { nowMs: 1_000 })
    const calls = [log.append([row('a')]), log.append([row('a')]), log.append([row('a', 'other')])]
    const outcomes = Promise.allSettled(calls)
    await settled(outcomes)
    lose()
    expect((await outcomes).map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(log.broken).toBe(true)
    await expect(log.append([row('b')])).rejects.toMatchObject({ code: 'log_unavailable' })
  })
})
