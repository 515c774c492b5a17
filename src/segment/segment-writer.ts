import { type FileHandle, open, unlink } from 'node:fs/promises'
import { noonmarkError } from '../errors.ts'
import { type EndMark, type EndMarkWriter, openEndMark, readEndMark } from './end-mark.ts'
import { frameHeaderBytes, framePayloadLimitBytes, writeFrame } from './frame.ts'
import {
  encodeHeader,
  listSegments,
  makeFolder,
  type SegmentName,
  segmentHeaderBytes,
  segmentPath,
  syncFolder,
} from './segment-file.ts'
import { type RecoveredSegment, recoverSegment } from './segment-recovery.ts'
import { recordsLost } from './segment-salvage.ts'

/** How a folder of segments is written. */
export interface SegmentWriterOptions {
  readonly folder: string
  /** What the records are, at most 8 ASCII characters; kept in every segment, and a folder of another kind is refused. */
  readonly kind: string
  /** A segment that has reached this size is followed by a new one; 64 MiB by default. */
  readonly rollBytes?: number
  /** A number to keep in the header of each new segment, such as the instant at which it begins; 0 by default. */
  readonly mark?: () => number
}

/**
 * Appends records to a folder of segments. Whoever opens one must be the folder's only writer (`lockFolder`).
 * Records are numbered by their offset: 0, 1, 2 ... over all segments, for ever.
 */
export interface SegmentWriter {
  /** What the last crash left behind and opening cut off; null where the last segment ended cleanly. */
  readonly recovery: SegmentRecovery | null
  /** The offset of the first record still kept. */
  readonly firstOffset: number
  /** The offset that the next appended record will get; what is still on its way to disk counts. */
  readonly nextOffset: number
  /** Every record below this offset is on disk. */
  readonly durableOffset: number
  /**
   * Appends records as one batch, all or nothing, and resolves with the offset of the first once all are on disk. Appends that arrive
   * while an fsync is under way share the next one. After a failed write every later append is refused: open the folder again.
   */
  append(payloads: readonly Uint8Array[]): Promise<number>
  /** Resolves when everything appended before this call is on disk. */
  flush(): Promise<void>
  /** Begins a new segment with the next append, unless the present one is empty. */
  roll(): Promise<void>
  /** Calls back after each fsync with the new durable offset; returns what ends it. */
  subscribe(listener: (durableOffset: number) => void): () => void
  /** The segments kept, oldest first. */
  segments(): readonly SegmentName[]
  /** Removes the segments whose records all lie before the offset, oldest first, never the newest; returns how many. */
  retain(beforeOffset: number): Promise<number>
  /** Writes out what was appended and closes the file. */
  close(): Promise<void>
}

/** What opening a folder cut off after a crash; none of it had been acknowledged. */
export interface SegmentRecovery {
  readonly path: string
  readonly truncatedBytes: number
}

interface Batch {
  readonly payloads: readonly Uint8Array[]
  readonly firstOffset: number
  readonly resolve: (firstOffset: number) => void
  readonly reject: (error: unknown) => void
}

const groupLimitBytes = 16 * 1024 * 1024

/** Opens a folder of segments for writing and mends a tail that a crash tore. The first append creates the folder. */
export async function openSegmentWriter(options: SegmentWriterOptions): Promise<SegmentWriter> {
  const { folder, kind, rollBytes = 64 * 1024 * 1024, mark = () => 0 } = options
  const segments = await listSegments(folder)
  const newest = segments.at(-1)
  const end = await readEndMark(folder)
  refuseMissing(folder, segments, end)
  const recovered = newest === undefined ? null : await recoverSegment(newest, kind, end?.nextOffset ?? 0)
  if (recovered?.unborn) {
    // The crash came before its header was on disk, so it never held a record.
    segments.pop()
    await unlink(recovered.path)
  }
  return new FolderWriter({ folder, kind, rollBytes, mark, segments, recovered })
}

/** Records that were acknowledged, and whose segments are gone. */
function refuseMissing(folder: string, segments: readonly SegmentName[], end: EndMark | null): void {
  if (end === null || end.nextOffset === end.firstOffset) return
  const first = segments[0]?.firstOffset ?? end.nextOffset
  if (first <= end.firstOffset) return
  throw recordsLost({ path: folder, fromOffset: end.firstOffset, toOffset: first }, 'a segment is gone', 0)
}

class FolderWriter implements SegmentWriter {
  readonly recovery: SegmentRecovery | null
  readonly #options: { folder: string; kind: string; rollBytes: number; mark: () => number }
  readonly #segments: SegmentName[]
  readonly #listeners = new Set<(durableOffset: number) => void>()
  #handle: FileHandle | null = null
  #end: EndMarkWriter | null = null
  #sizeBytes = 0
  #group = 0
  #rollNext = false
  readonly #openedOffset: number
  #nextOffset: number
  #durableOffset: number
  #queue: Batch[] = []
  #flushing: Promise<void> | null = null
  #failure: unknown = null
  #closed = false

  constructor(start: {
    folder: string
    kind: string
    rollBytes: number
    mark: () => number
    segments: SegmentName[]
    recovered: RecoveredSegment | null
  }) {
    const { recovered, segments } = start
    this.#options = start
    this.#segments = segments
    this.#openedOffset = recovered?.nextOffset ?? 0
    this.#nextOffset = this.#openedOffset
    this.#durableOffset = this.#nextOffset
    this.recovery =
      recovered !== null && recovered.truncatedBytes > 0
        ? { path: recovered.path, truncatedBytes: recovered.truncatedBytes }
        : null
    if (recovered !== null && !recovered.unborn) {
      this.#handle = recovered.handle
      this.#sizeBytes = recovered.sizeBytes
      this.#group = recovered.group
      this.#rollNext = !recovered.continuable
    }
  }

  get firstOffset(): number {
    return this.#segments[0]?.firstOffset ?? this.#openedOffset
  }

  get nextOffset(): number {
    return this.#nextOffset
  }

  get durableOffset(): number {
    return this.#durableOffset
  }

  append(payloads: readonly Uint8Array[]): Promise<number> {
    if (this.#closed) return Promise.reject(noonmarkError('log_unavailable', { message: 'The log is closed.' }))
    if (this.#failure !== null) return Promise.reject(this.#failure)
    for (const payload of payloads) {
      if (payload.length <= framePayloadLimitBytes) continue
      const message = `A record of ${payload.length} bytes is larger than a log takes (${framePayloadLimitBytes}).`
      return Promise.reject(noonmarkError('row_invalid', { message }))
    }
    if (payloads.length === 0) return this.flush().then(() => this.#nextOffset)
    const firstOffset = this.#nextOffset
    this.#nextOffset += payloads.length
    return new Promise((resolve, reject) => {
      this.#queue.push({ payloads, firstOffset, resolve, reject })
      this.#flushing ??= this.#drain()
    })
  }

  async flush(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing
    if (this.#failure !== null) throw this.#failure
  }

  async roll(): Promise<void> {
    await this.flush()
    if (this.#nextOffset > (this.#segments.at(-1)?.firstOffset ?? 0)) this.#rollNext = true
  }

  subscribe(listener: (durableOffset: number) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  segments(): readonly SegmentName[] {
    return [...this.#segments]
  }

  async retain(beforeOffset: number): Promise<number> {
    let removed = 0
    for (;;) {
      const [oldest, following] = this.#segments
      if (oldest === undefined || following === undefined || following.firstOffset > beforeOffset) break
      this.#segments.shift()
      // Said before it is done: a segment that the mark speaks of must not be missed.
      this.#noteEnd()
      await unlink(oldest.path)
      removed += 1
    }
    if (removed > 0) await syncFolder(this.#options.folder)
    return removed
  }

  async close(): Promise<void> {
    this.#closed = true
    while (this.#flushing !== null) await this.#flushing
    const handle = this.#handle
    this.#handle = null
    this.#end?.close()
    this.#end = null
    await handle?.close()
  }

  #noteEnd(): void {
    const mark = { firstOffset: this.firstOffset, nextOffset: this.#durableOffset }
    if (this.#end === null) this.#end = openEndMark(this.#options.folder, mark)
    else this.#end.write(mark)
  }

  async #drain(): Promise<void> {
    // Callers of the same turn of the event loop share the first fsync too.
    await Promise.resolve()
    while (this.#queue.length > 0 && this.#failure === null) {
      const group = this.#takeGroup()
      try {
        await this.#writeGroup(group)
        const last = group.at(-1)
        if (last !== undefined) this.#durableOffset = last.firstOffset + last.payloads.length
        this.#noteEnd()
      } catch (error) {
        await this.#fail(error, group)
        break
      }
      for (const batch of group) batch.resolve(batch.firstOffset)
      for (const listener of this.#listeners) {
        try {
          listener(this.#durableOffset)
        } catch (error) {
          // A listener's fault is its own; it must not stop the log.
          queueMicrotask(() => {
            throw error
          })
        }
      }
    }
    this.#flushing = null
  }

  #takeGroup(): Batch[] {
    let sizeBytes = 0
    let count = 0
    while (count < this.#queue.length && sizeBytes < groupLimitBytes) {
      sizeBytes += batchBytes(this.#queue[count])
      count += 1
    }
    return this.#queue.splice(0, count)
  }

  async #writeGroup(group: readonly Batch[]): Promise<void> {
    const handle = await this.#segmentFor(group[0]?.firstOffset ?? this.#durableOffset)
    const bytes = encodeGroup(group, this.#group + 1)
    let written = 0
    while (written < bytes.length) {
      written += (await handle.write(bytes, written, bytes.length - written, this.#sizeBytes + written)).bytesWritten
    }
    await handle.datasync()
    this.#group += 1
    this.#sizeBytes += bytes.length
  }

  async #segmentFor(firstOffset: number): Promise<FileHandle> {
    const full = this.#sizeBytes >= this.#options.rollBytes && this.#sizeBytes > segmentHeaderBytes
    if (this.#handle !== null && !full && !this.#rollNext) return this.#handle
    await this.#handle?.close()
    this.#handle = null
    await makeFolder(this.#options.folder)
    const path = segmentPath(this.#options.folder, firstOffset)
    const handle = await open(path, 'wx+')
    this.#handle = handle
    await handle.write(encodeHeader({ kind: this.#options.kind, firstOffset, mark: this.#options.mark() }), 0)
    await handle.sync()
    await syncFolder(this.#options.folder)
    this.#segments.push({ path, firstOffset })
    this.#sizeBytes = segmentHeaderBytes
    this.#group = 0
    this.#rollNext = false
    return handle
  }

  /**
   * After a failed write or fsync nobody can say what is on disk, so this writer takes no more. What was not acknowledged is cut off
   * again as far as the disk allows; opening the folder again finds out the rest.
   */
  async #fail(cause: unknown, group: readonly Batch[]): Promise<void> {
    const reason = cause instanceof Error ? cause.message : String(cause)
    this.#failure = noonmarkError('log_unavailable', {
      message: `The log in ${this.#options.folder} could not be written: ${reason}.`,
      cause,
    })
    await this.#handle?.truncate(this.#sizeBytes).catch(() => undefined)
    for (const batch of [...group, ...this.#queue.splice(0)]) batch.reject(this.#failure)
  }
}

function batchBytes(batch: Batch | undefined): number {
  let sizeBytes = 0
  for (const payload of batch?.payloads ?? []) sizeBytes += frameHeaderBytes + payload.length
  return sizeBytes
}

function encodeGroup(batches: readonly Batch[], group: number): Buffer {
  const bytes = Buffer.allocUnsafe(batches.reduce((total, batch) => total + batchBytes(batch), 0))
  let end = 0
  batches.forEach(({ payloads }, batchIndex) => {
    payloads.forEach((payload, index) => {
      const endsBatch = index === payloads.length - 1
      end = writeFrame(bytes, end, payload, {
        group,
        endsBatch,
        endsGroup: endsBatch && batchIndex === batches.length - 1,
      })
    })
  })
  return bytes
}
