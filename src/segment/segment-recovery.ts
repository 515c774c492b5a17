import { type FileHandle, open } from 'node:fs/promises'
import { readHeader, type SegmentName, segmentDamaged, segmentHeaderBytes } from './segment-file.ts'
import { recordsLost, resumeBehind } from './segment-salvage.ts'
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
 * may be answered as duplicates from now on, so they must not vanish later. Damage before the tail is an error, and so is a tail
 * that lacks a record below the `acknowledged` offset: what was acknowledged is never cut off.
 */
export async function recoverSegment(
  segment: SegmentName,
  kind: string,
  acknowledged: number,
): Promise<RecoveredSegment> {
  const { path, firstOffset } = segment
  const handle = await open(path, 'r+')
  try {
    const { size } = await handle.stat()
    const header = await readHeader(handle, path, kind)
    if (header === null && size > segmentHeaderBytes) throw segmentDamaged(path, 'it has records but no header', 0)
    if (header === null) {
      if (firstOffset < acknowledged)
        throw await lost(handle, path, { endByte: size, nextOffset: firstOffset, acknowledged })
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
      if (nextOffset < acknowledged) {
        throw await lost(handle, path, { endByte: scan.brokenByte, nextOffset, acknowledged })
      }
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
    if (nextOffset < acknowledged) throw await lost(handle, path, { endByte, nextOffset, acknowledged })
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

/** The error for records that were acknowledged and cannot be read. */
async function lost(
  handle: FileHandle,
  path: string,
  place: { readonly endByte: number; readonly nextOffset: number; readonly acknowledged: number },
) {
  const { endByte, nextOffset, acknowledged } = place
  const { size } = await handle.stat()
  const resumption = endByte < size ? await resumeBehind(handle, endByte, acknowledged) : null
  const toOffset = Math.max(nextOffset + 1, resumption?.offset ?? acknowledged)
  const reason = endByte < size ? 'bytes that are not a record' : `it ends before record ${acknowledged}`
  return recordsLost({ path, fromOffset: nextOffset, toOffset }, reason, endByte)
}
