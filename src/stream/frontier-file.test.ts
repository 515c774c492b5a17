import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFrontierFile } from './frontier-file.ts'
import { beginningMs } from './stream-log.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontier-'))
  path = join(folder, 'frontier.state')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function floorAfter(state: Buffer, boot: string | null): Promise<number> {
  const copy = join(folder, 'copy.state')
  await writeFile(copy, state)
  const keeper = await openFrontierFile(copy, boot)
  await keeper.close()
  return keeper.floorMs
}

/** The bound that the newest readable slot reserves. */
function reservedIn(state: Buffer): number {
  const found = [...state.toString('latin1').matchAll(/"sequence":(\d+),.*?"reservedMs":(-?\d+)/g)]
  const newest = found.sort((a, b) => Number(b[1]) - Number(a[1]))[0]
  return Number(newest?.[2])
}

describe('the frontier file', () => {
  it('begins where every date begins, and after a clean close exactly where it was', async () => {
    const keeper = await openFrontierFile(path, 'boot 1')
    expect(keeper.floorMs).toBe(beginningMs)
    for (const frontierMs of [1_000, 1_050, 70_000, 60_000]) await keeper.cover(frontierMs)
    await keeper.close()
    expect(await floorAfter(await readFile(path), 'boot 2')).toBe(70_000)
    expect(await floorAfter(await readFile(path), null)).toBe(70_000)
  })

  it('is never behind what was published: exact when the process is killed, at or beyond when the machine goes down', async () => {
    const steps = fc.array(fc.integer({ min: -5, max: 4_000 }), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(1, 50), async (steps, scale) => {
        await rm(path, { force: true })
        const keeper = await openFrontierFile(path, 'boot 1')
        let frontierMs = 1_000_000
        let synced = await readFile(path)
        for (const step of steps) {
          frontierMs = Math.max(frontierMs, frontierMs + step * scale)
          await keeper.cover(frontierMs)
          const state = await readFile(path)
          if (reservedIn(state) !== reservedIn(synced)) synced = state
          expect(await floorAfter(state, 'boot 1')).toBe(frontierMs)
          // A machine that went down has at least what was fsynced, and one slot may be torn by a later write.
          expect(await floorAfter(synced, 'boot 2')).toBeGreaterThanOrEqual(frontierMs)
          expect(await floorAfter(state, null)).toBeGreaterThanOrEqual(frontierMs)
          const olderSlot = newestSlot(synced) === 0 ? 512 : 0
          const torn = Buffer.from(synced).fill(7, olderSlot + 20, olderSlot + 60)
          expect(await floorAfter(torn, 'boot 2')).toBeGreaterThanOrEqual(frontierMs)
        }
        await keeper.close()
      }),
      { numRuns: 15 },
    )
  })

  it('is an error where no slot can be read, never a frontier at the beginning', async () => {
    await (await openFrontierFile(path, null)).close()
    await writeFile(path, Buffer.alloc(1024, 7))
    await expect(openFrontierFile(path, null)).rejects.toMatchObject({ message: expect.stringContaining(path) })
  })
})

function newestSlot(state: Buffer): number {
  const sequenceIn = (start: number) =>
    Number(/"sequence":(\d+)/.exec(state.toString('latin1', start, start + 512))?.[1] ?? 0)
  return sequenceIn(0) > sequenceIn(512) ? 0 : 512
}
