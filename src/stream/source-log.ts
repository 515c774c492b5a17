import { monotonicFactory } from 'ulid'
import { noonmarkError } from '../errors.ts'
import { admit } from './admission.ts'
import { IdMemory } from './id-memory.ts'
import { formatPosition } from './position.ts'
import type { FrontierKeeper, RecordStore } from './record-store.ts'
import { type DecodedRecord, decodeRecord, encodeRecord } from './row-record.ts'
import {
  type AppendResult,
  type AppendRow,
  beginningMs,
  defaultDeduplicationWindowMs,
  type Frontier,
  type LogClock,
  type LogDeclaration,
  type LogExtent,
  type LogName,
  type LogRow,
} from './stream-log.ts'

const scanLimit = 10_000

/** What the log of one source is opened with. */
export interface SourceLogStart {
  readonly name: LogName
  readonly store: RecordStore
  readonly clock: LogClock
  readonly keeper: FrontierKeeper
  readonly lastReceivedMs: number | null
  readonly declaration: () => LogDeclaration
}

/** The log of one source: stamps, identities and the frontier over a store of records. */
export class SourceLog {
  /** The store failed: what is in memory may be more than what is on disk, so the log must be opened again. */
  broken = false
  /** The greatest stamp or event time of any row known to this process. */
  latestMs: number
  readonly #start: SourceLogStart
  readonly #nextName = monotonicFactory()
  #memory: IdMemory | null = null
  #loading: Promise<void> | null = null
  #lastReceivedMs: number | null
  #publishedMs: number
  /** No stamp may lie before it: the frontier that is published or about to be. */
  #floorMs: number
  /** Calls on their way to disk, oldest first. */
  #pending: { readonly endOffset: number; readonly receivedMs: number }[] = []

  constructor(start: SourceLogStart) {
    this.#start = start
    this.#lastReceivedMs = start.lastReceivedMs
    this.latestMs = start.lastReceivedMs ?? beginningMs
    this.#publishedMs = start.keeper.floorMs
    this.#floorMs = start.keeper.floorMs
  }

  async append(rows: readonly AppendRow[]): Promise<AppendResult> {
    const { store, clock } = this.#start
    for (;;) {
      // From here to store.append nothing is awaited: rows are judged, stamped and queued in one step.
      if (this.broken) throw noonmarkError('log_unavailable')
      const memory = this.#memory
      if (memory === null || memory.windowMs !== this.#windowMs()) {
        await this.#loadIds(memory?.complete === true)
        continue
      }
      const log = { timeMs: this.#lastReceivedMs ?? beginningMs, firstOffset: store.firstOffset }
      const admission = admit(rows, memory, log)
      if (admission.needsHistory) {
        await this.#loadIds(true)
        continue
      }
      if (admission.refusal !== null)
        throw await admission.refusal((offset) => this.#recordAt(offset), this.#describe())
      const { accepted, latestStanding } = admission
      if (accepted.length === 0 && latestStanding !== null) {
        // The rows that stand may still be on their way to disk.
        await this.#durably(store.flush())
        return this.#result(0, rows.length, latestStanding.offset, latestStanding.receivedMs)
      }
      const receivedMs = Math.max(Math.floor(clock.now()), this.#lastReceivedMs ?? beginningMs, this.#floorMs)
      const firstOffset = store.nextOffset
      const payloads = accepted.map(({ row, digest }, index) => {
        const offset = firstOffset + index
        if (row.id !== null) memory.add(row.id, { offset, receivedMs, eventMs: row.eventMs, digest })
        this.latestMs = Math.max(this.latestMs, row.eventMs, receivedMs)
        return encodeRecord(row, { receivedMs, digest, name: this.#nextName(Math.max(0, receivedMs)) })
      })
      this.#lastReceivedMs = receivedMs
      const endOffset = firstOffset + payloads.length
      this.#pending.push({ endOffset, receivedMs })
      await this.#durably(store.append(payloads))
      this.#settle()
      return this.#result(accepted.length, rows.length - accepted.length, endOffset - 1, receivedMs)
    }
  }

  async read(from: number, limit: number): Promise<LogRow[]> {
    const payloads = await this.#start.store.read(from, limit)
    return payloads.map((payload, index) => decodeRecord(payload, from + index).row)
  }

  extent(): LogExtent {
    const { firstOffset, durableOffset } = this.#start.store
    return { firstOffset, nextOffset: durableOffset, lastReceivedMs: this.#lastReceivedMs }
  }

  frontier(): Frontier {
    return { frontierMs: this.#publishedMs, nextOffset: this.#start.store.durableOffset }
  }

  async advance(nowMs: number): Promise<Frontier> {
    this.#settle()
    const settledMs = Math.min(Math.floor(nowMs), this.#pending[0]?.receivedMs ?? Number.POSITIVE_INFINITY)
    if (settledMs > this.#publishedMs) {
      this.#floorMs = Math.max(this.#floorMs, settledMs)
      await this.#start.keeper.cover(settledMs)
      // A log opened in place of this one began at what was covered then.
      if (this.broken) throw noonmarkError('log_unavailable')
      this.#publishedMs = Math.max(this.#publishedMs, settledMs)
    }
    return this.frontier()
  }

  /** Drops rows before the offset, but for those whose stamps lie within the deduplication window. */
  async retain(beforeOffset: number): Promise<LogExtent> {
    const { store } = this.#start
    const keepFromMs = (this.#lastReceivedMs ?? beginningMs) - this.#windowMs()
    let [low, high] = [store.firstOffset, Math.min(beforeOffset, store.durableOffset)]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((await this.#recordAt(middle)).row.receivedMs < keepFromMs) low = middle + 1
      else high = middle
    }
    await store.retain(low)
    return this.extent()
  }

  close(): Promise<void> {
    return this.#start.store.close()
  }

  #result(accepted: number, duplicates: number, offset: number, receivedMs: number): AppendResult {
    const position = formatPosition({ ...this.#start.name, offset, receivedMs })
    return { accepted, duplicates, position, receivedMs }
  }

  async #durably(write: Promise<unknown>): Promise<void> {
    try {
      await write
    } catch (error) {
      this.broken = true
      throw error
    }
  }

  #settle(): void {
    const { durableOffset } = this.#start.store
    while (this.#pending[0] !== undefined && this.#pending[0].endOffset <= durableOffset) this.#pending.shift()
  }

  /** Reads the ids of the declared window, or of every row kept, from the log; appends wait for it. */
  async #loadIds(complete: boolean): Promise<void> {
    if (this.#loading !== null) return this.#loading
    this.#memory = null
    this.#loading = this.#readIds(complete).finally(() => {
      this.#loading = null
    })
    return this.#loading
  }

  async #readIds(complete: boolean): Promise<void> {
    const { store } = this.#start
    const memory = new IdMemory(this.#windowMs(), complete)
    let offset = complete
      ? store.firstOffset
      : await store.scanStart((this.#lastReceivedMs ?? beginningMs) - memory.windowMs)
    for (;;) {
      const payloads = await store.read(offset, scanLimit)
      for (const payload of payloads) {
        const { row, digest } = decodeRecord(payload, offset)
        this.latestMs = Math.max(this.latestMs, row.eventMs, row.receivedMs)
        if (row.id !== null) {
          memory.add(row.id, { offset, receivedMs: row.receivedMs, eventMs: row.eventMs, digest })
        }
        offset += 1
      }
      if (payloads.length > 0) continue
      if (offset >= store.nextOffset) break
      // Rows on their way to disk are read once they are there, so that none is missing.
      await this.#durably(store.flush())
    }
    this.#memory = memory
  }

  async #recordAt(offset: number): Promise<DecodedRecord> {
    const { store } = this.#start
    if (offset >= store.durableOffset) await this.#durably(store.flush())
    const [payload] = await store.read(offset, 1)
    if (payload === undefined) throw noonmarkError('internal', { message: `The log has no row ${offset}.` })
    return decodeRecord(payload, offset)
  }

  #windowMs(): number {
    return this.#start.declaration().deduplicationWindowMs ?? defaultDeduplicationWindowMs
  }

  #describe(): (body: Uint8Array) => string {
    return this.#start.declaration().describe ?? describeBytes
  }
}

function describeBytes(body: Uint8Array): string {
  const text = Buffer.from(body).toString('utf8')
  return /[\p{Cc}\u{FFFD}]/u.test(text) ? Buffer.from(body).toString('hex') : text
}
