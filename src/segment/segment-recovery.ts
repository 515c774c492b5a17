import { type FileHandle, open } from 'node:fs/promises'
import { readHeader, type SegmentName, segmentDamaged, segmentHeaderBytes } from './segment-file.ts'
import { type FrameGroup, judgeTail, scanBatches } from './segment-scan.ts'

/** The newest segment of a folder, made ready to be written on. */
export interface RecoveredSegment {
  readonly path: string
  readonly handle: FileHandle
  readonly nextOffset: number
  readonly sizeBytes: number
  readonly group: number
  /** Whether more groups may follow in this file. After a torn group they may not: group numbers would no longer prove anything. */
  readonly continuable: boolean
  /** The file has no whole header: the crash came while it was being created. */
  readonly unborn: boolean
  readonly truncatedBytes: number
}

/**
 * Opens the newest segment, cuts off a tail that a crash tore, and makes the rest durable: whole records that the crash left unsynced
 * may be answered as duplicates from now on, so they must not vanish later. Damage before the tail is an error.
 */
export async function recoverSegment(segment: SegmentName, kind: string): Promise<RecoveredSegment> {
  const { path, firstOffset } = segment
  const handle = await open(path, 'r+')
  try {
    const { size } = await handle.stat()
    const header = await readHeader(handle, path, kind)
    if (header === null && size > segmentHeaderBytes) throw segmentDamaged(path, 'it has records but no header', 0)
    if (header === null) {
      await handle.close()
      const start = { path, handle, nextOffset: firstOffset, sizeBytes: 0, group: 0 }
      return { ...start, continuable: false, unborn: true, truncatedBytes: 0 }
    }
    if (header.firstOffset !== firstOffset) throw segmentDamaged(path, 'its name and its header disagree', 20)
    let endByte = segmentHeaderBytes
    let nextOffset = firstOffset
    let last: FrameGroup | null = null
    for (;;) {
      const scan = await scanBatches(handle, endByte, Number.POSITIVE_INFINITY, 8 * 1024 * 1024)
      endByte = scan.endByte
      nextOffset += scan.payloads.length
      last = scan.lastFrame ?? last
      if (scan.stop === 'limit') continue
      if (scan.stop === 'end') break
      const tail = await judgeTail(handle, scan.brokenByte, last)
      if (tail === 'damaged') {
        throw segmentDamaged(
          path,
          'records that had been written follow bytes that are not a record',
          scan.brokenByte,
          nextOffset,
        )
      }
      break
    }
    const truncatedBytes = size - endByte
    if (truncatedBytes > 0) await handle.truncate(endByte)
    await handle.sync()
    const empty = nextOffset === firstOffset
    return {
      path,
      handle,
      nextOffset,
      sizeBytes: endByte,
      group: empty ? 0 : (last?.group ?? 0),
      continuable: empty || (truncatedBytes === 0 && last?.endsGroup === true),
      unborn: false,
      truncatedBytes,
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}
