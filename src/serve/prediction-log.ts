import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Digest } from '../digest.ts'
import { makeFolder, openSegmentWriter, type SegmentWriter } from '../segment/index.ts'
import type { Instant } from '../values/index.ts'
import { type PredictionContract, writeContract } from './prediction-contract.ts'
import { predictionId, randomLogName } from './prediction-id.ts'
import { encodePrediction, type PredictionFacts, type PredictionValues, type RecordSlots } from './prediction-record.ts'

/** What the segments of a prediction log hold. */
export const predictionKind = 'predict'

/** One prediction on its way into the log, which gives it its id and its time. */
export interface PredictionDraft {
  readonly slots: RecordSlots
  readonly facts: Omit<PredictionFacts, 'predictionId' | 'loggedAt'>
  readonly values: PredictionValues
}

/** What became of drafts: their ids at once, and whether the log has them once it knows. */
export interface LoggedPredictions {
  readonly ids: readonly string[]
  /** True when all of them are on disk; false when the log cannot keep them. Never rejects. */
  readonly durable: Promise<boolean>
}

/**
 * The log that one serve process writes: a folder of segments of its own, whose name every id carries. Requests that
 * arrive while a write is under way share the next one.
 */
export interface PredictionLog {
  /** Keeps what a model's records mean; durable when this resolves. To be called before records of it are appended. */
  keepContract(contract: PredictionContract): Promise<Digest>
  append(drafts: readonly PredictionDraft[]): LoggedPredictions
  /** Why the log cannot be written at present; null when it can. */
  failure(): unknown
  close(): Promise<void>
}

/** How a prediction log is opened. */
export interface PredictionLogOptions {
  /** Where the logs of all serve processes of the project stand. */
  readonly folder: string
  readonly clock: Clock
  /** A segment of this size is followed by a new one; 8 MiB by default, which bounds what finding one record reads. */
  readonly rollBytes?: number
  /** How long to wait before a log that failed is opened again; a second by default. */
  readonly reopenAfterMs?: number
}

/** Opens a new log for this process. A disk that fails later never rejects an append: it answers `durable: false`. */
export async function openPredictionLog(options: PredictionLogOptions): Promise<PredictionLog> {
  await makeFolder(options.folder)
  const log = new SegmentedPredictionLog(options)
  await log.open()
  return log
}

class SegmentedPredictionLog implements PredictionLog {
  readonly #options: PredictionLogOptions
  #name = ''
  #writer: SegmentWriter | null = null
  #failure: unknown = null
  #failedAtMs = 0
  #reopening: Promise<void> | null = null
  /** Offsets of ids that no log has: they must differ too. */
  #unlogged = 0
  #unloggedName = randomLogName()
  #lastLoggedAt: Instant = 0

  constructor(options: PredictionLogOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    const { folder, rollBytes = 8 * 1024 * 1024 } = this.#options
    const name = await claimName(folder)
    this.#writer = await openSegmentWriter({
      folder: join(folder, name),
      kind: predictionKind,
      rollBytes,
      mark: () => this.#lastLoggedAt,
    })
    this.#name = name
    this.#failure = null
  }

  keepContract(contract: PredictionContract): Promise<Digest> {
    return writeContract(this.#options.folder, contract)
  }

  append(drafts: readonly PredictionDraft[]): LoggedPredictions {
    this.#lastLoggedAt = Math.max(this.#lastLoggedAt, this.#options.clock.now())
    const writer = this.#writer
    if (writer === null) {
      this.#reopen()
      return { ids: drafts.map(() => this.#unloggedId()), durable: Promise.resolve(false) }
    }
    const loggedAt = this.#lastLoggedAt
    const ids: string[] = []
    const payloads: Uint8Array[] = []
    for (const { slots, facts, values } of drafts) {
      const offset = writer.nextOffset + ids.length
      const id = predictionId({ time: loggedAt, log: this.#name, offset })
      ids.push(id)
      payloads.push(encodePrediction(slots, { ...facts, predictionId: id, loggedAt }, values))
    }
    const durable = writer.append(payloads).then(
      () => true,
      (error: unknown) => {
        this.#fail(writer, error)
        return false
      },
    )
    return { ids, durable }
  }

  failure(): unknown {
    return this.#failure
  }

  async close(): Promise<void> {
    await this.#reopening
    const writer = this.#writer
    this.#writer = null
    if (writer === null) return
    const empty = writer.nextOffset === 0
    await writer.close()
    // A process that predicted nothing leaves nothing behind.
    if (empty) await rmdir(join(this.#options.folder, this.#name)).catch(() => undefined)
  }

  /** After a failed write nobody knows what is on disk, so the process goes on in a new folder. */
  #fail(writer: SegmentWriter, error: unknown): void {
    this.#failure = error
    this.#failedAtMs = performance.now()
    if (this.#writer !== writer) return
    this.#writer = null
    void writer.close().catch(() => undefined)
  }

  #reopen(): void {
    const { reopenAfterMs = 1000 } = this.#options
    if (this.#reopening !== null || performance.now() - this.#failedAtMs < reopenAfterMs) return
    this.#reopening = this.open()
      .catch((error: unknown) => {
        this.#failure = error
        this.#failedAtMs = performance.now()
      })
      .finally(() => {
        this.#reopening = null
      })
  }

  #unloggedId(): string {
    return predictionId({ time: this.#lastLoggedAt, log: this.#unloggedName, offset: this.#unlogged++ })
  }
}

/** Takes a name that no log of the folder has. */
async function claimName(folder: string): Promise<string> {
  for (;;) {
    const name = randomLogName()
    try {
      await mkdir(join(folder, name))
      return name
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
}
