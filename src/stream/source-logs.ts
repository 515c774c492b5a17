import { noonmarkError } from '../errors.ts'
import type { FrontierKeeper, OpenRecordStore } from './record-store.ts'
import { decodeRecord } from './row-record.ts'
import { SourceLog } from './source-log.ts'
import {
  type AppendResult,
  type AppendRow,
  beginningMs,
  type Frontier,
  type LogClock,
  type LogDeclaration,
  type LogExtent,
  type LogName,
  type LogRow,
  type StreamLog,
  type StreamLogSupports,
  type TailOptions,
} from './stream-log.ts'

/** What a driver brings; everything else about a stream log is the same for all drivers. */
export interface SourceLogsStart {
  readonly supports: StreamLogSupports
  readonly clock: LogClock
  readonly keeper: FrontierKeeper
  readonly openStore: OpenRecordStore<LogName>
  readonly sources: () => Promise<LogName[]>
  /** Called last, when every log is closed. */
  readonly release: () => void
}

/** A stream log over the record stores of a driver. */
export function sourceLogs(start: SourceLogsStart): StreamLog {
  return new SourceLogs(start)
}

class SourceLogs implements StreamLog {
  readonly supports: StreamLogSupports
  readonly #start: SourceLogsStart
  readonly #logs = new Map<string, Promise<SourceLog>>()
  readonly #declarations = new Map<string, LogDeclaration>()
  readonly #listeners = new Map<string, Set<(nextOffset: number) => void>>()
  readonly #closing = new AbortController()

  constructor(start: SourceLogsStart) {
    this.#start = start
    this.supports = start.supports
  }

  async declare(name: LogName, declaration: LogDeclaration): Promise<void> {
    this.#declarations.set(keyOf(name), declaration)
  }

  async append(name: LogName, rows: readonly AppendRow[]): Promise<AppendResult> {
    return (await this.#log(name)).append(rows)
  }

  async read(name: LogName, range: { readonly from: number; readonly limit: number }): Promise<LogRow[]> {
    return (await this.#log(name)).read(range.from, range.limit)
  }

  async *tail(name: LogName, options: TailOptions): AsyncGenerator<readonly LogRow[]> {
    const { limit = 1000, signal } = options
    const ended = AbortSignal.any(signal === undefined ? [this.#closing.signal] : [signal, this.#closing.signal])
    let from = options.from
    while (!ended.aborted) {
      const rows = await this.read(name, { from, limit })
      from += rows.length
      if (rows.length > 0) yield rows
      else await this.#committedBeyond(name, from, ended)
    }
  }

  subscribe(name: LogName, listener: (nextOffset: number) => void): () => void {
    const listeners = this.#listeners.get(keyOf(name)) ?? new Set()
    this.#listeners.set(keyOf(name), listeners)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  async extent(name: LogName): Promise<LogExtent> {
    return (await this.#log(name)).extent()
  }

  async frontier(name: LogName): Promise<Frontier> {
    return (await this.#log(name)).frontier()
  }

  async advance(name: LogName, nowMs?: number): Promise<Frontier> {
    return (await this.#log(name)).advance(nowMs ?? this.#start.clock.now())
  }

  async retain(name: LogName, beforeOffset: number): Promise<LogExtent> {
    return (await this.#log(name)).retain(beforeOffset)
  }

  async sources(): Promise<LogName[]> {
    const names = await this.#start.sources()
    return names.sort((a, b) => compareText(a.project, b.project) || compareText(a.source, b.source))
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    const logs = await Promise.allSettled(this.#logs.values())
    for (const log of logs) if (log.status === 'fulfilled') await log.value.close()
    await this.#start.keeper.close()
    this.#start.release()
  }

  async #log(name: LogName): Promise<SourceLog> {
    if (this.#closing.signal.aborted) throw noonmarkError('log_unavailable', { message: 'The log is closed.' })
    const key = keyOf(name)
    const opening = this.#logs.get(key) ?? this.#open(name)
    this.#logs.set(key, opening)
    const log = await opening.catch((error: unknown) => {
      // The next call looks again: what was in the way may be gone by then.
      if (this.#logs.get(key) === opening) this.#logs.delete(key)
      throw error
    })
    if (!log.broken) return log
    if (this.#logs.get(key) === opening) {
      this.#logs.set(
        key,
        log.close().then(() => this.#open(name)),
      )
    }
    return this.#log(name)
  }

  async #open(name: LogName): Promise<SourceLog> {
    const key = keyOf(name)
    let log: SourceLog | null = null
    const store = await this.#start.openStore(name, {
      latestMs: () => log?.latestMs ?? beginningMs,
      committed: () => {
        for (const listener of this.#listeners.get(key) ?? []) listener(store.durableOffset)
      },
    })
    const lastOffset = store.nextOffset - 1
    const [last] = await (lastOffset < store.firstOffset
      ? []
      : store.read(lastOffset, 1).catch(async (error: unknown) => {
          await store.close()
          throw error
        }))
    const { clock, keeper } = this.#start
    log = new SourceLog({
      name,
      store,
      clock,
      keeper,
      lastReceivedMs: last === undefined ? null : decodeRecord(last, lastOffset).row.receivedMs,
      declaration: () => this.#declarations.get(key) ?? {},
    })
    return log
  }

  /** Resolves when a row at the offset is durable, or the signal aborts. */
  async #committedBeyond(name: LogName, offset: number, ended: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    const unsubscribe = this.subscribe(name, (nextOffset) => {
      if (nextOffset > offset) resolve()
    })
    ended.addEventListener('abort', wake, { once: true })
    try {
      if (!ended.aborted && (await this.extent(name)).nextOffset <= offset) await promise
    } finally {
      ended.removeEventListener('abort', wake)
      unsubscribe()
    }
  }
}

function keyOf(name: LogName): string {
  return JSON.stringify([name.project, name.source])
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
