import { appendFile, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readEndMark } from './end-mark.ts'
import { writeFrame } from './frame.ts'
import { openSegmentReader } from './segment-reader.ts'
import { lostRecords } from './segment-salvage.ts'
import { openSegmentWriter, type SegmentWriter } from './segment-writer.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segment-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const kind = 'test'
const bytes = (text: string) => new TextEncoder().encode(text)
const openWriter = (rollBytes = 1024 * 1024) => openSegmentWriter({ folder, kind, rollBytes })

/** Every record that a reader of another process sees. */
async function readAll(limit = 1000): Promise<string[]> {
  const reader = openSegmentReader({ folder, kind })
  const found: string[] = []
  for (let from = (await reader.range()).firstOffset; ; ) {
    const payloads = await reader.read(from, limit)
    if (payloads.length === 0) break
    found.push(...payloads.map((payload) => new TextDecoder().decode(payload)))
    from += payloads.length
  }
  await reader.close()
  return found
}

async function write(...batches: string[][]): Promise<SegmentWriter> {
  const writer = await openWriter()
  for (const batch of batches) await writer.append(batch.map(bytes))
  return writer
}

async function newestPath(): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.segment')).sort()
  return join(folder, names.at(-1) ?? '')
}

describe('a folder of segments', () => {
  it('gives back every record in order, over appends, rolls and restarts', async () => {
    const payload = fc.string({ maxLength: 40 })
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.array(payload, { minLength: 1, maxLength: 5 }) },
      { weight: 1, arbitrary: fc.constant('restart' as const) },
      { weight: 1, arbitrary: fc.constant('roll' as const) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), async (steps, limit) => {
        await rm(folder, { recursive: true, force: true })
        const naive: string[] = []
        let writer = await openWriter(200)
        for (const step of steps) {
          if (step === 'roll') await writer.roll()
          else if (step === 'restart') {
            await writer.close()
            writer = await openWriter(200)
          } else {
            expect(await writer.append(step.map(bytes))).toBe(naive.length)
            naive.push(...step)
          }
        }
        expect(writer.durableOffset).toBe(naive.length)
        expect(await readAll(limit)).toEqual(naive)
        const reader = openSegmentReader({ folder, kind, durableOffset: () => writer.durableOffset })
        for (let from = 0; from <= naive.length; from += 3) {
          const read = await reader.read(from, limit)
          expect(read.map((payload) => new TextDecoder().decode(payload))).toEqual(
            naive.slice(from, from + read.length),
          )
          expect(read.length).toBeGreaterThanOrEqual(Math.min(1, naive.length - from))
        }
        await reader.close()
        await writer.close()
      }),
      { numRuns: 40 },
    )
  })

  it('numbers concurrent appends without gaps and keeps each batch together', async () => {
    const writer = await openWriter(4096)
    const batches = Array.from({ length: 200 }, (_, index) => [`${index}a`, `${index}b`])
    const offsets = await Promise.all(batches.map((batch) => writer.append(batch.map(bytes))))
    const records = await readAll()
    offsets.forEach((offset, index) => {
      expect(records.slice(offset, offset + 2)).toEqual(batches[index])
    })
    expect(records).toHaveLength(400)
    await writer.close()
  })

  it('tells its listeners how far it is durable, and only then resolves', async () => {
    const writer = await openWriter()
    const seen: number[] = []
    const end = writer.subscribe((durableOffset) => seen.push(durableOffset))
    await writer.append([bytes('a'), bytes('b')])
    end()
    await writer.append([bytes('c')])
    expect(seen).toEqual([2])
    await writer.close()
  })

  it('drops whole segments only, never the newest, and says that dropped records are gone', async () => {
    const writer = await openWriter(1)
    for (const text of ['a', 'b', 'c', 'd']) await writer.append([bytes(text)])
    expect(await writer.retain(2)).toBe(2)
    expect(writer.firstOffset).toBe(2)
    expect(await readAll()).toEqual(['c', 'd'])
    const reader = openSegmentReader({ folder, kind })
    await expect(reader.read(1, 1)).rejects.toMatchObject({ code: 'log_position_gone' })
    await reader.close()
    expect(await writer.retain(100)).toBe(1)
    await writer.close()
    const again = await openWriter(1)
    expect(again.nextOffset).toBe(4)
    await again.close()
  })

  it('refuses a folder whose records are of another kind', async () => {
    await (await write(['a'])).close()
    await expect(openSegmentWriter({ folder, kind: 'other' })).rejects.toMatchObject({ code: 'segment_damaged' })
    const reader = openSegmentReader({ folder, kind: 'other' })
    await expect(reader.read(0, 1)).rejects.toMatchObject({ code: 'segment_damaged' })
    await reader.close()
  })

  it('takes no more after a failed write, and a folder opened again has what was acknowledged', async () => {
    const writer = await write(['a'])
    await writer.roll()
    await writeFile(join(folder, '0000000000000001.segment'), 'in the way')
    const refused = [writer.append([bytes('b')]), writer.append([bytes('c')])]
    for (const append of refused) await expect(append).rejects.toMatchObject({ code: 'log_unavailable' })
    await expect(writer.append([bytes('d')])).rejects.toMatchObject({ code: 'log_unavailable' })
    await writer.close()
    await rm(join(folder, '0000000000000001.segment'))
    const again = await openWriter()
    expect(await again.append([bytes('e')])).toBe(1)
    await again.close()
    expect(await readAll()).toEqual(['a', 'e'])
  })
})

describe('a tail that a crash tore', () => {
  it('is cut off at whatever byte it ends, and the log goes on behind the last whole batch', async () => {
    const batches = [['one'], ['two', 'three'], ['four', 'five', 'six']]
    await (await write(...batches)).close()
    const whole = await readFile(await newestPath())
    const ends = [40, 40 + 19, 40 + 19 + 19 + 21, whole.length]
    for (let size = 0; size <= whole.length; size += 1) {
      await rm(await newestPath(), { force: true })
      for (const name of await readdir(folder)) await rm(join(folder, name))
      await writeFile(join(folder, '0000000000000000.segment'), whole.subarray(0, size))
      const kept = batches
        .slice(
          0,
          Math.max(
            0,
            ends.findLastIndex((end) => end <= size),
          ),
        )
        .flat()
      expect(await readAll()).toEqual(kept)
      const writer = await openWriter()
      const cut = size - (ends.findLast((end) => end <= size) ?? 0)
      expect(writer.recovery?.truncatedBytes ?? 0).toBe(size < 40 ? 0 : cut)
      expect(await writer.append([bytes('after')])).toBe(kept.length)
      await writer.close()
      expect(await readAll()).toEqual([...kept, 'after'])
    }
  })

  it('is cut off too where a power failure left zeros or only the later pages of the last group', async () => {
    await (await write(['a'], ['b'])).close()
    const path = await newestPath()
    const laterPage = Buffer.alloc(21)
    writeFrame(laterPage, 0, bytes('lost!'), { group: 3, endsBatch: true, endsGroup: true })
    for (const tail of [Buffer.alloc(100), Buffer.concat([Buffer.alloc(64), laterPage])]) {
      const { size } = await stat(path)
      await appendFile(path, tail)
      const writer = await openWriter()
      expect(writer.recovery).toEqual({ path, truncatedBytes: tail.length })
      expect((await stat(path)).size).toBe(size)
      await writer.close()
    }
    expect(await readAll()).toEqual(['a', 'b'])
  })

  it('never goes on in a segment whose last group was torn', async () => {
    const writer = await openWriter()
    await Promise.all([writer.append([bytes('a')]), writer.append([bytes('b')])])
    await writer.close()
    const { size } = await stat(await newestPath())
    await truncate(await newestPath(), size - 1)
    // A crash tears what nobody had heard of.
    await rm(join(folder, 'end.state'))
    const again = await openWriter()
    await again.append([bytes('c')])
    expect(again.segments().map((segment) => segment.firstOffset)).toEqual([0, 1])
    await again.close()
    expect(await readAll()).toEqual(['a', 'c'])
  })
})

describe('damage to what was durable', () => {
  async function spoil(path: string, byte: number): Promise<void> {
    const handle = await open(path, 'r+')
    const before = Buffer.alloc(1)
    await handle.read(before, 0, 1, byte)
    await handle.write(Buffer.from([(before[0] ?? 0) ^ 0x40]), 0, 1, byte)
    await handle.close()
  }

  it('is an error that names segment, byte and record, at whatever byte before the last group', async () => {
    await (await write(['a'], ['b'], ['c'])).close()
    const path = await newestPath()
    for (let byte = 0; byte < 40 + 2 * 17; byte += 1) {
      await spoil(path, byte)
      await expect(openWriter(), `byte ${byte}`).rejects.toMatchObject({ message: expect.stringContaining(path) })
      await spoil(path, byte)
    }
    await spoil(path, 60)
    await expect(openWriter()).rejects.toMatchObject({
      code: 'segment_damaged',
      message: expect.stringMatching(/at byte 57, record 1/),
    })
  })

  it('is an error for readers of a segment that has a successor, never a shorter log', async () => {
    const writer = await write(['a'], ['b'])
    await writer.roll()
    await writer.append([bytes('c')])
    await writer.close()
    const path = join(folder, '0000000000000000.segment')
    await spoil(path, 57)
    await expect(readAll()).rejects.toMatchObject({ code: 'segment_damaged' })
    await spoil(path, 57)
    await truncate(path, 57)
    await expect(readAll()).rejects.toMatchObject({ code: 'segment_damaged' })
    await rm(path)
    expect(await readAll()).toEqual(['c'])
  })
})

describe('what was acknowledged', () => {
  const all = ['a', 'bb', 'ccc', 'dddd']

  /** What a reader makes of a folder: the records by offset, and those that it names as lost. */
  async function salvage(): Promise<{ read: Map<number, string>; lost: Set<number> }> {
    const reader = openSegmentReader({ folder, kind })
    const read = new Map<number, string>()
    const lost = new Set<number>()
    const begin = (await readEndMark(folder))?.firstOffset ?? 0
    for (let offset = begin; offset < all.length; ) {
      try {
        const payloads = await reader.read(offset, 10)
        if (payloads.length === 0) break
        for (const payload of payloads) read.set(offset++, new TextDecoder().decode(payload))
      } catch (error) {
        const range = lostRecords(error)
        if (range === null) throw error
        expect(error).toMatchObject({ code: 'segment_damaged', message: expect.stringContaining('lost: record') })
        for (let gone = range.fromOffset; gone < range.toOffset; gone++) lost.add(gone)
        offset = range.toOffset
      }
    }
    // In whatever order they are asked for.
    await reader.range().catch(() => undefined)
    for (const [offset, text] of [...read].reverse())
      expect((await reader.read(offset, 1)).map((payload) => new TextDecoder().decode(payload))).toEqual([text])
    for (const offset of lost) await expect(reader.read(offset, 1)).rejects.toMatchObject({ code: 'segment_damaged' })
    await reader.close()
    return { read, lost }
  }

  it('is read or named as lost, whatever byte is flipped or wherever the file ends; what is read is what was written', async () => {
    await (await write(...all.map((text) => [text]))).close()
    const path = await newestPath()
    const whole = await readFile(path)
    for (let byte = 0; byte < 2 * whole.length; byte += 1) {
      const harmed = Buffer.from(whole)
      if (byte < whole.length) harmed[byte]! ^= 1 << (byte % 8)
      await writeFile(path, byte < whole.length ? harmed : whole.subarray(0, byte - whole.length))
      const { read, lost } = await salvage()
      for (const [offset, text] of all.entries()) {
        expect(read.has(offset) !== lost.has(offset), `byte ${byte}, record ${offset}`).toBe(true)
        if (read.has(offset)) expect(read.get(offset)).toBe(text)
      }
      // One flipped bit costs one record at most.
      if (byte < whole.length) expect(lost.size, `byte ${byte}`).toBeLessThanOrEqual(1)
      await expect(openWriter(), `byte ${byte}`).rejects.toMatchObject({ code: 'segment_damaged' })
      expect((await readFile(path)).length, 'nothing is cut off').toBe(
        byte < whole.length ? whole.length : byte - whole.length,
      )
    }
  })

  it('is named as lost where its segments are gone', async () => {
    const writer = await write(['a'], ['bb'])
    await writer.roll()
    await writer.append([bytes('ccc'), bytes('dddd')])
    await writer.close()
    const [first, second] = writer.segments()
    await rm(first!.path)
    await expect(openWriter()).rejects.toMatchObject({ message: expect.stringContaining('lost: records 0 to 1') })
    expect(await salvage()).toEqual({
      read: new Map([
        [2, 'ccc'],
        [3, 'dddd'],
      ]),
      lost: new Set([0, 1]),
    })
    await rm(second!.path)
    await expect(openWriter()).rejects.toMatchObject({ message: expect.stringContaining('lost: records 0 to 3') })
    expect(await salvage()).toEqual({ read: new Map(), lost: new Set([0, 1, 2, 3]) })
  })

  it('is not missed where it was dropped on purpose', async () => {
    const writer = await write(['a'], ['bb'])
    await writer.roll()
    await writer.append([bytes('ccc'), bytes('dddd')])
    expect(await writer.retain(2)).toBe(1)
    await writer.close()
    const again = await openWriter()
    expect([again.firstOffset, again.nextOffset]).toEqual([2, 4])
    await again.close()
    expect(await salvage()).toEqual({
      read: new Map([
        [2, 'ccc'],
        [3, 'dddd'],
      ]),
      lost: new Set(),
    })
  })
})
