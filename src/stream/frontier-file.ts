import { type FileHandle, open, readFile } from 'node:fs/promises'
import { noonmarkError } from '../errors.ts'
import { encodeFrame, readFrame } from '../segment/index.ts'
import type { FrontierKeeper } from './record-store.ts'
import { beginningMs } from './stream-log.ts'

/**
 * Keeps the greatest published frontier of a folder of logs over restarts, without an fsync for every publication.
 *
 * Two facts are kept. `published` is written before each publication, without fsync: it survives the end of the process, `kill -9`
 * included, because the pages belong to the operating system. `reserved` is a bound ahead of it that is fsynced before anything beyond
 * the one before is published: it survives the machine. After a restart in the same boot of the machine (or a clean close) stamps begin at
 * `published`, exactly; after a crash of the machine at `reserved`, which no published frontier exceeds.
 *
 * `boot` is what changes with each start of the machine; where it is null, every start after a crash begins at `reserved`.
 * The file has two slots of 512 bytes, each a frame, written in turn, so that a torn write leaves the other.
 */
export async function openFrontierFile(path: string, boot: string | null): Promise<FrontierKeeper> {
  const found = await readSlots(path)
  const exact = found !== null && (found.clean || (boot !== null && found.boot === boot))
  const floorMs =
    found === null ? beginningMs : exact ? found.publishedMs : Math.max(found.publishedMs, found.reservedMs)
  const handle = await open(path, found === null ? 'w+' : 'r+')
  const file = new FrontierFile(handle, {
    sequence: (found?.sequence ?? 0) + 1,
    publishedMs: floorMs,
    reservedMs: floorMs,
    clean: false,
    boot: boot ?? '',
  })
  await file.begin()
  return file
}

interface Slot {
  readonly sequence: number
  readonly publishedMs: number
  readonly reservedMs: number
  /** The log was closed after its last publication. */
  readonly clean: boolean
  readonly boot: string
}

const slotBytes = 512
const leastReserveMs = 5_000

class FrontierFile implements FrontierKeeper {
  readonly #handle: FileHandle
  #slot: Slot
  #stepMs = 0
  #turn: Promise<void> = Promise.resolve()

  constructor(handle: FileHandle, slot: Slot) {
    this.#handle = handle
    this.#slot = slot
  }

  get floorMs(): number {
    return this.#slot.publishedMs
  }

  async begin(): Promise<void> {
    await this.#write({})
    await this.#write({})
    await this.#handle.sync()
  }

  cover(frontierMs: number): Promise<void> {
    return this.#inTurn(async () => {
      if (frontierMs <= this.#slot.publishedMs) return
      // A replay clock takes large steps; reserving many of them at once keeps the fsyncs few.
      if (this.#slot.publishedMs > beginningMs) this.#stepMs = frontierMs - this.#slot.publishedMs
      if (frontierMs <= this.#slot.reservedMs) return this.#write({ publishedMs: frontierMs })
      const reservedMs = frontierMs + Math.max(leastReserveMs, Math.min(20 * this.#stepMs, 86_400_000))
      const before = this.#slot.reservedMs
      await this.#write({ publishedMs: frontierMs, reservedMs })
      await this.#handle.datasync().catch((error: unknown) => {
        this.#slot = { ...this.#slot, reservedMs: before }
        throw error
      })
    })
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#write({ clean: true })
      await this.#handle.sync()
      await this.#handle.close()
    })
  }

  async #write(change: Partial<Slot>): Promise<void> {
    const slot = { ...this.#slot, ...change, sequence: this.#slot.sequence + 1 }
    const bytes = Buffer.alloc(slotBytes)
    encodeFrame(Buffer.from(JSON.stringify(slot))).copy(bytes)
    await this.#handle.write(bytes, 0, slotBytes, (slot.sequence % 2) * slotBytes)
    this.#slot = slot
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }
}

async function readSlots(path: string): Promise<Slot | null> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0))
  const slots = [0, slotBytes].flatMap((start) => {
    const frame = readFrame(bytes.subarray(start, start + slotBytes), 0)
    if (typeof frame === 'string') return []
    const slot: Slot = JSON.parse(Buffer.from(frame.payload).toString('utf8')) // written by us, checked by its frame
    return [slot]
  })
  const newest = slots.sort((a, b) => b.sequence - a.sequence)[0]
  if (newest === undefined && bytes.some((byte) => byte !== 0) && bytes.length === 2 * slotBytes) {
    throw noonmarkError('segment_damaged', {
      message: `The file ${path}, which keeps the frontier, cannot be read.`,
      hint: 'If the clock of this machine is right, remove the file: stamps then begin at the clock.',
      path,
    })
  }
  return newest ?? null
}
