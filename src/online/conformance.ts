import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { compareBytes } from '../values/index.ts'
import type { Key, OnlineBatch, OnlineEntry, OnlineRange, OnlineStore } from './online-store.ts'

/**
 * The laws of an online store, as tests. `open` opens the store that lies in a folder; a driver that keeps nothing there
 * says so by what it supports, and a store without shared readers is opened by one handle at a time.
 */
export function onlineStoreConformance(
  name: string,
  open: (folder: string, options: { readonly readOnly: boolean }) => OnlineStore | Promise<OnlineStore>,
): void {
  describe(`online store: ${name}`, () => {
    const folders: string[] = []
    const opened: OnlineStore[] = []
    const folder = () => {
      const made = mkdtempSync(join(tmpdir(), 'online-'))
      folders.push(made)
      return made
    }
    const openAt = async (path: string, readOnly = false) => {
      const store = await open(path, { readOnly })
      opened.push(store)
      return store
    }
    const close = async (store: OnlineStore) => {
      opened.splice(opened.indexOf(store), 1)
      await store.close()
    }
    afterEach(async () => {
      for (const store of opened.splice(0).reverse()) await store.close()
      for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true })
    })

    it('answers as a sorted list of keys would, after any batches', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(batches, { maxLength: 6 }),
          fc.array(ranges, { maxLength: 4 }),
          async (all, asked) => {
            const store = await openAt(folder())
            let model: OnlineEntry[] = []
            for (const batch of all) {
              await store.write(batch)
              model = applied(model, batch)
            }
            const gets = [...all.flatMap(({ puts }) => puts.map(({ key }) => key)), Uint8Array.of(9, 9)]
            const { values, ranges: found } = await store.read({ gets, ranges: asked })
            expect(values.map(plain)).toEqual(
              gets.map((key) => plain(model.find((e) => same(e.key, key))?.value ?? null)),
            )
            expect(found.map((entries) => entries.map(plainEntry))).toEqual(
              asked.map((range) => within(model, range).map(plainEntry)),
            )
            await close(store)
          },
        ),
        { numRuns: 40 },
      )
    })

    it('keeps many entries of one batch, in the order of their bytes', async () => {
      const store = await openAt(folder())
      const entries = Array.from({ length: 3_000 }, (_, i) => ({
        key: numbered((i * 7_919) % 3_000),
        value: numbered(i),
      }))
      await store.write({ puts: entries, deletes: [] })
      await store.write({ puts: [{ key: numbered(5), value: numbered(1) }], deletes: [numbered(7)] })
      const { ranges: found } = await store.read({ gets: [], ranges: [{ from: numbered(0), to: numbered(3_000) }] })
      const keys = found[0]!.map(({ key }) => key)
      expect(keys).toHaveLength(2_999)
      expect(keys.every((key, i) => i === 0 || compareBytes(keys[i - 1]!, key) < 0)).toBe(true)
    })

    it('takes keys of 1,200 bytes and values of a megabyte', async () => {
      const store = await openAt(folder())
      const key = new Uint8Array(1_200).fill(7)
      const value = Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251)
      await store.write({ puts: [{ key, value }], deletes: [] })
      const { values } = await store.read({ gets: [key], ranges: [] })
      expect(compareBytes(values[0]!, value)).toBe(0)
    })

    it('keeps bytes of its own: what is done to those given or answered changes nothing', async () => {
      const store = await openAt(folder())
      const [key, value] = [Uint8Array.of(1, 2), Uint8Array.of(3, 4)]
      await store.write({ puts: [{ key, value }], deletes: [] })
      key[0] = 9
      value[0] = 9
      const first = await store.read({ gets: [Uint8Array.of(1, 2)], ranges: [] })
      expect(plain(first.values[0]!)).toEqual([3, 4])
      await store.write({ puts: [{ key: Uint8Array.of(1, 2), value: Uint8Array.of(5) }], deletes: [] })
      expect(plain(first.values[0]!)).toEqual([3, 4])
    })

    it('shows a write whole or not at all, and as soon as it has resolved', async () => {
      const store = await openAt(folder())
      const keys = [1, 2, 3].map(numbered)
      const read = () => store.read({ gets: keys, ranges: [{ from: numbered(0), to: numbered(9) }] })
      for (let round = 0; round < 50; round++) {
        const value = numbered(round)
        const writing = store.write({ puts: keys.map((key) => ({ key, value })), deletes: [] })
        const during = await read()
        expect(new Set(during.values.map((found) => String(found))).size).toBe(1)
        await writing
        const { values, ranges: found } = await read()
        expect(values.map(plain)).toEqual(keys.map(() => plain(value)))
        expect(found[0]!.map((entry) => plain(entry.value))).toEqual(keys.map(() => plain(value)))
      }
    })

    it('keeps what was written over a restart, if it says that it is durable', async () => {
      const path = folder()
      const store = await openAt(path)
      const durable = store.supports.durable
      await store.write({ puts: [{ key: numbered(1), value: numbered(2) }], deletes: [] })
      await close(store)
      const again = await openAt(path)
      const { values } = await again.read({ gets: [numbered(1)], ranges: [] })
      expect(values.map(plain)).toEqual([durable ? plain(numbered(2)) : null])
    })

    it('shows a write to other readers as soon as it has resolved, if it says that it shares', async () => {
      const path = folder()
      const store = await openAt(path)
      if (!store.supports.sharedReaders) return
      await store.write({ puts: [{ key: numbered(1), value: numbered(0) }], deletes: [] })
      const reader = await openAt(path, true)
      for (let round = 0; round < 50; round++) {
        await reader.read({ gets: [numbered(1)], ranges: [] })
        await store.write({ puts: [{ key: numbered(1), value: numbered(round) }], deletes: [] })
        const { values } = await reader.read({ gets: [numbered(1)], ranges: [] })
        expect(values.map(plain)).toEqual([plain(numbered(round))])
      }
    })

    it('grows while others read, if it says that it shares', async () => {
      const path = folder()
      const store = await openAt(path)
      if (!store.supports.sharedReaders) return
      await store.write({ puts: [{ key: numbered(0), value: numbered(0) }], deletes: [] })
      const reader = await openAt(path, true)
      for (let round = 0; round < 12; round++) {
        const puts = Array.from({ length: 8 }, (_, i) => {
          return { key: numbered(round * 8 + i), value: new Uint8Array(1_000_000).fill(round) }
        })
        await store.write({ puts, deletes: [] })
        const { values } = await reader.read({ gets: puts.map(({ key }) => key), ranges: [] })
        expect(values.map((value) => value?.length)).toEqual(puts.map(() => 1_000_000))
      }
    })
  })
}

const bytes = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 })
const entries = fc.record({ key: bytes, value: fc.uint8Array({ maxLength: 5 }) })
const ranges: fc.Arbitrary<OnlineRange> = fc
  .tuple(bytes, bytes, fc.option(fc.nat(4)))
  .map(([from, to, limit]) => ({ from, to, ...(limit === null ? {} : { limit }) }))
const batches: fc.Arbitrary<OnlineBatch> = fc.record(
  {
    puts: fc.array(entries, { maxLength: 8 }),
    deletes: fc.array(bytes, { maxLength: 3 }),
    deleteRanges: fc.array(ranges, { maxLength: 1 }),
  },
  { requiredKeys: ['puts', 'deletes'] },
)

const same = (a: Key, b: Key) => compareBytes(a, b) === 0
const plain = (value: Uint8Array | null) => (value === null ? null : [...value])
const plainEntry = ({ key, value }: OnlineEntry) => [plain(key), plain(value)]
const numbered = (n: number) => Uint8Array.of(1, n >>> 16, (n >>> 8) & 0xff, n & 0xff)

function within(model: readonly OnlineEntry[], { from, to, limit }: OnlineRange): OnlineEntry[] {
  const inside = model.filter(({ key }) => compareBytes(from, key) <= 0 && compareBytes(key, to) < 0)
  return limit === undefined ? inside : inside.slice(0, limit)
}

/** Ranges are deleted first (their limits do not matter), then keys, then puts follow, the last of a key counting. */
function applied(model: readonly OnlineEntry[], { puts, deletes, deleteRanges = [] }: OnlineBatch): OnlineEntry[] {
  const ranged = deleteRanges.flatMap(({ from, to }) => within(model, { from, to }))
  const gone = [...ranged.map(({ key }) => key), ...deletes, ...puts.map(({ key }) => key)]
  const kept = model.filter(({ key }) => !gone.some((other) => same(other, key)))
  const last = puts.filter((put, i) => !puts.slice(i + 1).some((later) => same(later.key, put.key)))
  return [...kept, ...last].sort((a, b) => compareBytes(a.key, b.key))
}
