import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeFrame, readFrame } from './frame.ts'
import { isMissing } from './segment-file.ts'

/**
 * Which records a folder of segments has acknowledged, beside the segments: `end.state`, one frame of two numbers. It is written
 * after each fsync of records and before anybody hears of them, without an fsync of its own: it survives `kill -9`, and after a
 * crash of the machine it says too little, never too much. So a record that it speaks of and that cannot be read was not torn
 * by a crash: it was acknowledged, and is lost.
 */
export interface EndMark {
  readonly firstOffset: number
  readonly nextOffset: number
}

/** Writes the mark of a folder. */
export interface EndMarkWriter {
  /** Replaces the mark; costs some microseconds. */
  write(mark: EndMark): void
  close(): void
}

const fileName = 'end.state'

/** Opens the mark of a folder, which must exist; it is durable that there is one. */
export function openEndMark(folder: string, mark: EndMark): EndMarkWriter {
  const descriptor = openSync(join(folder, fileName), 'a+')
  closeSync(descriptor)
  const handle = openSync(join(folder, fileName), 'r+')
  const write = ({ firstOffset, nextOffset }: EndMark): void => {
    const payload = Buffer.alloc(16)
    payload.writeBigUInt64LE(BigInt(firstOffset), 0)
    payload.writeBigUInt64LE(BigInt(nextOffset), 8)
    writeSync(handle, encodeFrame(payload), 0, undefined, 0)
  }
  write(mark)
  fsyncSync(handle)
  return { write, close: () => closeSync(handle) }
}

/** The mark of a folder; null where there is none that can be read: then segments speak for themselves. */
export async function readEndMark(folder: string): Promise<EndMark | null> {
  const bytes = await readFile(join(folder, fileName)).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  const frame = bytes === null ? 'short' : readFrame(bytes, 0)
  if (typeof frame === 'string' || frame.payload.length < 16) return null
  const payload = Buffer.from(frame.payload)
  return { firstOffset: Number(payload.readBigUInt64LE(0)), nextOffset: Number(payload.readBigUInt64LE(8)) }
}
