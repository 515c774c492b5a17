import { type FileHandle, open } from 'node:fs/promises'
import { noonmarkError } from '../errors.ts'
import { type EndMark, readEndMark } from './end-mark.ts'
import {
  isMissing,
  listSegments,
  readHeader,
  type SegmentName,
  segmentDamaged,
  segmentHeaderBytes,
} from './segment-file.ts'
import { lostRecords, recordsLost, resumeBehind } from './segment-salvage.ts'
import { type Scan, scanBatches } from './segment-scan.ts'

/** Which folder of segments is read, and how far. */
export interface SegmentReaderOptions {
  readonly folder: string
  /** What the records are; a folder of another kind is refused. */
  readonly kind: string
  /**
   * The writer's durable offset, where the reader lives in its process. Without it the reader sees every whole batch in the file, and
   * syncs the newest segment before it shows one, so that what was read never vanishes in a crash.
   */
  readonly durableOffset?: () => number
}

/** The records kept: from `firstOffset` up to, but not including, `nextOffset`. */
export interface OffsetRange {
  readonly firstOffset: number
  readonly nextOffset: number
}

/** Reads a folder of segments, in this process or another than its writer's. Its calls are served one after the other. */
export interface SegmentReader {
  /**
   * The records from an offset on, at most `limit` and about 4 MiB at once; empty at the end of the log. The bytes are views of
   * the buffer read. Raises `log_position_gone` for records no longer kept and `segment_damaged` for what cannot be read: those
   * before it are read first, and those behind it where `lostRecords` says that they begin.
   */
  read(from: number, limit: number): Promise<Uint8Array[]>
  /** The offsets of the records that can be read now. */
  range(): Promise<OffsetRange>
  close(): Promise<void>
}

interface Cursor {
  readonly offset: number
  readonly byte: number
}

const readBytesAtOnce = 4 * 1024 * 1024
const cursorSpacingBytes = 256 * 1024

/** Opens a folder of segments for reading; the folder may not exist yet. */
export function openSegmentReader(options: SegmentReaderOptions): SegmentReader {
  return new FolderReader(options)
}

class FolderReader implements SegmentReader {
  readonly #options: SegmentReaderOptions
  #segments: readonly SegmentName[] = []
  /** Read before the segments are: they hold at least what it says. */
  #mark: EndMark | null = null
  #current: { segment: SegmentName; handle: FileHandle } | null = null
  /** Per segment, known places where a batch begins, in order. */
  readonly #cursors = new Map<number, Cursor[]>()
  /** Per segment, where it can be read again behind damage. */
  readonly #resumptions = new Map<number, Cursor>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: SegmentReaderOptions) {
    this.#options = options
  }

  read(from: number, limit: number): Promise<Uint8Array[]> {
    return this.#inTurn(async () => {
      const allowed = Math.min(limit, (this.#options.durableOffset?.() ?? Number.POSITIVE_INFINITY) - from)
      if (allowed <= 0) return []
      const found: Uint8Array[] = []
      await this.#walk(from, allowed, (payload) => found.push(payload))
      return found
    })
  }

  range(): Promise<OffsetRange> {
    return this.#inTurn(async () => {
      await this.#refresh()
      const firstOffset = this.#segments[0]?.firstOffset ?? 0
      const durable = this.#options.durableOffset?.()
      if (durable !== undefined) return { firstOffset, nextOffset: durable }
      const newest = this.#segments.at(-1)
      if (newest === undefined) {
        this.#refuseGone(firstOffset)
        return { firstOffset, nextOffset: firstOffset }
      }
      let nextOffset = this.#cursors.get(newest.firstOffset)?.at(-1)?.offset ?? newest.firstOffset
      for (;;) {
        const before = nextOffset
        try {
          await this.#walk(nextOffset, Number.POSITIVE_INFINITY, () => {
            nextOffset += 1
          })
        } catch (error) {
          // What cannot be read has offsets nonetheless.
          const lost = lostRecords(error)
          if (lost === null) throw error
          nextOffset = lost.toOffset
        }
        if (nextOffset === before) return { firstOffset, nextOffset }
      }
    })
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      const handle = this.#current?.handle
      this.#current = null
      await handle?.close()
    })
  }

  /** Visits up to `limit` records from an offset on, until some megabytes are read or the log ends. */
  async #walk(from: number, limit: number, visit: (payload: Uint8Array) => void): Promise<void> {
    let refreshed = false
    for (;;) {
      const at = this.#segments.findLastIndex((segment) => segment.firstOffset <= from)
      const segment = this.#segments[at]
      const handle = segment === undefined ? null : await this.#handleOf(segment)
      if (segment === undefined || handle === null) {
        if (refreshed) return this.#refuseGone(from)
        await this.#refresh()
        refreshed = true
        continue
      }
      const following = this.#segments[at + 1]
      const start = this.#cursorBefore(segment, from)
      const skip = from - start.offset
      // Asked before the scan: what is acknowledged while it goes on may lie behind it.
      const whole = following?.firstOffset ?? this.#acknowledged()
      const scan = await scanBatches(handle, start.byte, skip + limit, readBytesAtOnce)
      if (this.#options.durableOffset === undefined && following === undefined && scan.payloads.length > 0) {
        await handle.datasync()
      }
      const endOffset = start.offset + scan.payloads.length
      this.#remember(segment, { offset: endOffset, byte: scan.endByte })
      for (const payload of scan.payloads.slice(skip, skip + limit)) visit(payload)
      if (endOffset > from) return
      if (scan.stop === 'limit') continue
      // The end of the newest segment known: a successor may have appeared meanwhile, with what seems to be missing here.
      if (following === undefined && !refreshed) {
        await this.#refresh()
        refreshed = true
        if (endOffset >= whole && this.#segments.at(-1)?.firstOffset === segment.firstOffset) return
        continue
      }
      if (following === undefined && from >= whole) return
      // A segment with a successor was durable to its last byte before the successor began.
      if (endOffset < whole || (following !== undefined && (scan.stop === 'partial' || endOffset !== whole))) {
        await this.#refuseDamaged({ segment, handle, scan, endOffset, whole, from })
      }
    }
  }

  /** Every record below it was acknowledged. */
  #acknowledged(): number {
    return this.#options.durableOffset?.() ?? this.#mark?.nextOffset ?? 0
  }

  /** Raises the error for the records that cannot be read, unless the one asked for lies behind them and can be. */
  async #refuseDamaged(place: {
    readonly segment: SegmentName
    readonly handle: FileHandle
    readonly scan: Scan
    readonly endOffset: number
    readonly whole: number
    readonly from: number
  }): Promise<void> {
    const { segment, handle, scan, endOffset, whole, from } = place
    const { path } = segment
    if (endOffset >= whole)
      throw segmentDamaged(path, `it does not end before record ${whole}`, scan.endByte, endOffset)
    const resumption = scan.stop === 'end' ? null : await resumeBehind(handle, scan.brokenByte, whole)
    const toOffset = resumption?.offset ?? whole
    if (resumption !== null && toOffset > endOffset) this.#resumptions.set(segment.firstOffset, resumption)
    if (resumption !== null && from >= toOffset && toOffset > endOffset) return
    const reason = scan.stop === 'end' ? `it ends before record ${whole}` : 'bytes that are not a record'
    throw recordsLost(
      { path, fromOffset: endOffset, toOffset: Math.max(toOffset, endOffset + 1) },
      reason,
      scan.brokenByte,
    )
  }

  #refuseGone(from: number): void {
    const first = this.#segments[0]
    const { folder } = this.#options
    const acknowledged = this.#acknowledged()
    if (first === undefined && from < acknowledged) {
      throw recordsLost({ path: folder, fromOffset: from, toOffset: acknowledged }, 'its segments are gone', 0)
    }
    if (first === undefined || from >= first.firstOffset) return
    if (this.#mark !== null && from >= this.#mark.firstOffset) {
      throw recordsLost({ path: folder, fromOffset: from, toOffset: first.firstOffset }, 'a segment is gone', 0)
    }
    throw noonmarkError('log_position_gone', {
      message: `The log in ${this.#options.folder} no longer has record ${from}; it begins at ${first.firstOffset}.`,
    })
  }

  async #refresh(): Promise<void> {
    this.#mark = await readEndMark(this.#options.folder)
    this.#segments = await listSegments(this.#options.folder)
    const first = this.#segments[0]?.firstOffset ?? 0
    for (const known of this.#cursors.keys())
      if (known < first) {
        this.#cursors.delete(known)
        this.#resumptions.delete(known)
      }
  }

  async #handleOf(segment: SegmentName): Promise<FileHandle | null> {
    if (this.#current?.segment.firstOffset === segment.firstOffset) return this.#current.handle
    await this.#current?.handle.close()
    this.#current = null
    const handle = await open(segment.path, 'r').catch((error: unknown) => {
      if (isMissing(error)) return null
      throw error
    })
    if (handle === null) {
      this.#segments = this.#segments.filter((known) => known !== segment)
      return null
    }
    try {
      const header = await readHeader(handle, segment.path, this.#options.kind, 'null')
      if (header !== null && header.firstOffset !== segment.firstOffset) {
        throw segmentDamaged(segment.path, 'its name and its header disagree', 20)
      }
    } catch (error) {
      await handle.close()
      throw error
    }
    this.#current = { segment, handle }
    return handle
  }

  #cursorBefore(segment: SegmentName, offset: number): Cursor {
    const cursors = this.#cursors.get(segment.firstOffset)
    const known = cursors?.findLast((cursor) => cursor.offset <= offset)
    const resumption = this.#resumptions.get(segment.firstOffset)
    if (resumption !== undefined && resumption.offset <= offset && resumption.offset > (known?.offset ?? -1))
      return resumption
    return known ?? { offset: segment.firstOffset, byte: segmentHeaderBytes }
  }

  #remember(segment: SegmentName, cursor: Cursor): void {
    const cursors = this.#cursors.get(segment.firstOffset) ?? []
    this.#cursors.set(segment.firstOffset, cursors)
    const [spaced, last] = [cursors.at(-2), cursors.at(-1)]
    if (last !== undefined && cursor.offset <= last.offset) return
    // The last place moves along with sequential reading; the ones before it stay, well spaced.
    if (last !== undefined && last.byte - (spaced?.byte ?? segmentHeaderBytes) < cursorSpacingBytes) cursors.pop()
    cursors.push(cursor)
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }
}
