import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  deleteRecord,
  type MetadataStore,
  type MetadataStoreSupports,
  putRecord,
  type RecordPage,
} from './metadata-store.ts'
import { defineRecord, type IndexRange } from './record.ts'

/** What the suite needs of a driver. */
export interface MetadataStoreHarness {
  /** Opens the same store again after it was closed, or a second time beside it where writers may share it, or the first time. */
  open(clock: { now(): number }): Promise<MetadataStore>
  /** Removes what the store left behind. */
  dispose(): Promise<void>
}

interface Run {
  model: string
  status: string | null
  score?: number
  frozen?: boolean
  parameters?: Record<string, unknown>
}

const run = defineRecord<Run>({ kind: 'run', version: 1, indexes: ['model', 'status', 'score', 'frozen'] })
const version = defineRecord<{ model: string }>({ kind: 'version', version: 1, indexes: ['model'] })
const counter = defineRecord<{ count: number }>({ kind: 'counter', version: 1, indexes: [] })
const project = 'flights'
const key = (id: string) => ({ project, id })

/** The laws of a metadata store. Call it in a test file of your driver to certify it. */
export function metadataStoreConformance(
  driver: string,
  supports: MetadataStoreSupports,
  create: () => Promise<MetadataStoreHarness>,
): void {
  describe(`metadata store: ${driver}`, () => {
    let harness: MetadataStoreHarness
    let store: MetadataStore
    let nowMs: number
    const clock = { now: () => nowMs }
    const ids = async (query: Partial<Parameters<typeof store.list<Run>>[1]> = {}) =>
      (await store.list(run, { project, ...query })).records.map((record) => record.id)
    beforeEach(async () => {
      nowMs = 1_000
      harness = await create()
      store = await harness.open(clock)
    })
    afterEach(async () => {
      await store.close()
      await harness.dispose()
    })

    it('supports what it says', () => expect(store.supports).toEqual(supports))

    describe('write', () => {
      it('keeps a body as JSON does, with its revision and times', async () => {
        const body: Run = { model: 'délai', status: null, parameters: { trees: 200, nested: [1, null, 'x'] } }
        await store.write([putRecord(run, { ...key('1'), body })])
        nowMs = 2_000
        await store.write([putRecord(run, { ...key('1'), body: { ...body, status: 'done' } })])
        const times = { createdAtMs: 1_000, updatedAtMs: 2_000 }
        const record = { ...key('1'), kind: 'run', revision: 2, body: { ...body, status: 'done' }, ...times }
        expect(await store.get(run, key('1'))).toEqual(record)
        body.model = 'changed by its owner'
        expect((await store.get(run, key('1')))?.body.model).toBe('délai')
      })

      it('does all of a batch or nothing of it', async () => {
        await store.write([putRecord(run, { ...key('1'), body: { model: 'a', status: 'new' } })])
        const batch = store.write([
          putRecord(run, { ...key('2'), body: { model: 'a', status: 'new' } }),
          deleteRecord(run, key('1')),
          putRecord(run, { ...key('1'), body: { model: 'a', status: 'new' }, expectedRevision: 7 }),
        ])
        await expect(batch).rejects.toMatchObject({ code: 'record_conflict', path: 'run 1' })
        expect(await ids()).toEqual(['1'])
        expect(await ids({ where: { model: 'a' } })).toEqual(['1'])
      })

      it('refuses a change to a record that has another revision than expected', async () => {
        const body: Run = { model: 'a', status: 'new' }
        await store.write([putRecord(run, { ...key('1'), body, expectedRevision: 0 })])
        for (const change of [
          putRecord(run, { ...key('1'), body, expectedRevision: 0 }),
          putRecord(run, { ...key('1'), body, expectedRevision: 2 }),
          putRecord(run, { ...key('2'), body, expectedRevision: 1 }),
          deleteRecord(run, { ...key('1'), expectedRevision: 2 }),
          deleteRecord(run, { ...key('2'), expectedRevision: 1 }),
        ]) {
          await expect(store.write([change])).rejects.toMatchObject({ code: 'record_conflict' })
        }
        await store.write([putRecord(run, { ...key('1'), body, expectedRevision: 1 })])
        await store.write([deleteRecord(run, { ...key('1'), expectedRevision: 2 })])
        await store.write([deleteRecord(run, key('1'))])
        expect(await store.get(run, key('1'))).toBeNull()
      })

      it('keeps projects and kinds apart', async () => {
        await store.write([
          putRecord(run, { ...key('1'), body: { model: 'a', status: null } }),
          putRecord(run, { project: 'other', id: '1', body: { model: 'b', status: null } }),
          putRecord(version, { ...key('1'), body: { model: 'c' } }),
        ])
        await store.write([deleteRecord(run, { project: 'other', id: '1' })])
        expect((await store.get(run, key('1')))?.body.model).toBe('a')
        expect((await store.get(version, key('1')))?.body.model).toBe('c')
        expect((await store.list(run, { project: 'other' })).records).toEqual([])
      })
    })

    describe('list', () => {
      it('answers as filtering and sorting an array does, page by page', async () => {
        const anyText = fc.constantFrom('', 'a', 'b', 'é', 'z', '\u{1F6EB}', '\uFF5E')
        const body: fc.Arbitrary<Run> = fc.record(
          {
            model: anyText,
            status: fc.option(anyText),
            score: fc.constantFrom(-1e300, -2.5, -1, -0, 0, 0.1, 3, 1e20),
            frozen: fc.boolean(),
          },
          { requiredKeys: ['model', 'status'] },
        )
        const range: fc.Arbitrary<IndexRange> = fc.record(
          { atLeast: fc.constantFrom(-2.5, 0, 0.1), below: fc.constantFrom(-1, 0, 3) },
          { requiredKeys: [] },
        )
        const query = fc.record(
          {
            where: fc.record(
              {
                model: anyText,
                status: fc.option(anyText),
                score: fc.oneof(
                  fc.constantFrom(0, 3, null),
                  range.filter((bounds) => Object.keys(bounds).length > 0),
                ),
                frozen: fc.option(fc.boolean()),
              },
              { requiredKeys: [] },
            ),
            order: fc.record(
              {
                by: fc.constantFrom('id', 'createdAtMs', 'updatedAtMs', 'model', 'status', 'score', 'frozen'),
                descending: fc.boolean(),
              },
              { requiredKeys: ['by'] },
            ),
            limit: fc.integer({ min: 1, max: 4 }),
          },
          { requiredKeys: [] },
        )
        await fc.assert(
          fc.asyncProperty(
            fc.array(body, { maxLength: 12 }),
            fc.array(query, { minLength: 5, maxLength: 5 }),
            async (bodies, queries) => {
              const before = await ids()
              await store.write(before.map((id) => deleteRecord(run, key(id))))
              const idOf = (index: number) => `${(index * 7) % 13}`.padStart(2, '0')
              for (const [index, body] of bodies.entries()) {
                nowMs = 1_000 + Math.floor(index / 3)
                await store.write([putRecord(run, { ...key(idOf(index)), body })])
              }
              const records = (await store.list(run, { project })).records
              for (const query of queries) {
                const found: string[] = []
                for (let after: string | null = null; ; ) {
                  const page: RecordPage<Run> = await store.list(run, {
                    project,
                    ...query,
                    ...(after === null ? {} : { after }),
                  } as never) // drawn from valid parts
                  expect(page.records.length).toBeLessThanOrEqual(query.limit ?? 100)
                  found.push(...page.records.map((record) => record.id))
                  if (page.next === null) break
                  after = page.next
                }
                const naive = records
                  .filter((record) =>
                    Object.entries(query.where ?? {}).every(([field, condition]) =>
                      meets(fieldOf(record, field), condition),
                    ),
                  )
                  .sort((a, b) => {
                    const by = query.order?.by ?? 'id'
                    const order = compare(fieldOf(a, by), fieldOf(b, by)) || compare(a.id, b.id)
                    return query.order?.descending === true ? -order : order
                  })
                expect(found).toEqual(naive.map((record) => record.id))
              }
            },
          ),
          { numRuns: 25 },
        )
      })

      it('refuses fields that are not declared, and places that no page gave', async () => {
        await expect(store.list(run, { project, where: { parameters: 'x' } as never })).rejects.toThrow(/not indexed/)
        await expect(store.list(run, { project, order: { by: 'parameters' as never } })).rejects.toThrow(/not indexed/)
        await expect(store.list(run, { project, after: 'x' })).rejects.toMatchObject({ code: 'position_invalid' })
      })
    })

    describe('transaction', () => {
      it('sees its own writes, which others see once it ends', async () => {
        const [start, told] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
        const body: Run = { model: 'a', status: 'new' }
        await store.list(run, { project })
        const written = store.transaction(async (transaction) => {
          await transaction.put(run, { ...key('1'), body })
          expect((await transaction.list(run, { project, where: { status: 'new' } })).records).toHaveLength(1)
          start.resolve()
          await told.promise
          return 'its answer'
        })
        await start.promise
        expect(await store.get(run, key('1'))).toBeNull()
        told.resolve()
        expect(await written).toBe('its answer')
        expect(await store.get(run, key('1'))).toMatchObject({ revision: 1, body })
      })

      it('is undone where its work throws, numbers included', async () => {
        await store.transaction((transaction) => transaction.sequence({ project, name: 'run' }))
        const failed = store.transaction(async (transaction) => {
          await transaction.put(run, { ...key('1'), body: { model: 'a', status: null } })
          await transaction.sequence({ project, name: 'run' })
          throw new Error('not after all')
        })
        await expect(failed).rejects.toThrow('not after all')
        expect(await ids()).toEqual([])
        expect(await store.transaction((transaction) => transaction.sequence({ project, name: 'run' }))).toBe(2)
      })

      it('numbers each series from 1 without gaps, or above a number given', async () => {
        const numbers = await store.transaction(async (transaction) => [
          await transaction.sequence({ project, name: 'a' }),
          await transaction.sequence({ project, name: 'b' }),
          await transaction.sequence({ project: 'other', name: 'a' }),
          await transaction.sequence({ project, name: 'a' }),
          await transaction.sequence({ project, name: 'a', above: 10 }),
          await transaction.sequence({ project, name: 'a', above: 3 }),
        ])
        expect(numbers).toEqual([1, 1, 1, 2, 11, 12])
      })

      it('comes before or after every other, never between its reads and its writes', async () => {
        const stores = supports.sharedWriters ? [store, await harness.open(clock)] : [store, store]
        const increment = (through: MetadataStore) =>
          through.transaction(async (transaction) => {
            const count = (await transaction.get(counter, key('c')))?.body.count ?? 0
            await new Promise((resolve) => setImmediate(resolve))
            await transaction.put(counter, { ...key('c'), body: { count: count + 1 } })
            return transaction.sequence({ project, name: 'c' })
          })
        const numbers = await Promise.all(Array.from({ length: 40 }, (_, index) => increment(stores[index % 2]!)))
        expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
        expect((await store.get(counter, key('c')))?.body.count).toBe(40)
        if (supports.sharedWriters) await stores[1]?.close()
      })

      it('refuses the store itself inside its work, and itself after it', async () => {
        let kept: Parameters<Parameters<typeof store.transaction>[0]>[0] | undefined
        await store.transaction(async (transaction) => {
          kept = transaction
          await expect(store.write([])).rejects.toThrow(/transaction is under way/)
          await expect(store.get(run, key('1'))).rejects.toThrow(/transaction is under way/)
        })
        await expect(kept?.sequence({ project, name: 'a' })).rejects.toThrow(/has ended/)
        await expect(kept?.get(run, key('1'))).rejects.toThrow(/has ended/)
      })
    })

    if (supports.durable) {
      it('survives a restart', async () => {
        await store.write([putRecord(run, { ...key('1'), body: { model: 'a', status: 'new' } })])
        await store.transaction((transaction) => transaction.sequence({ project, name: 'a' }))
        await store.close()
        store = await harness.open(clock)
        expect(await ids({ where: { status: 'new' } })).toEqual(['1'])
        expect(await store.transaction((transaction) => transaction.sequence({ project, name: 'a' }))).toBe(2)
      })

      it('upgrades older bodies and finds them by indexes declared later', async () => {
        const old = defineRecord<{ name: string }>({ kind: 'thing', version: 1, indexes: [] })
        await store.write([putRecord(old, { ...key('1'), body: { name: 'a' } })])
        const added = defineRecord<{ name: string }>({ kind: 'thing', version: 1, indexes: ['name'] })
        expect((await store.list(added, { project, where: { name: 'a' } })).records).toHaveLength(1)
        const upgraded = defineRecord<{ title: string }>({
          kind: 'thing',
          version: 2,
          indexes: ['title'],
          upgrade: (body, fromVersion) => ({ title: `${(body as { name: string }).name} of ${fromVersion}` }), // version 1 had a name
        })
        const found = await store.list(upgraded, { project, where: { title: 'a of 1' } })
        expect(found.records).toMatchObject([{ revision: 1, body: { title: 'a of 1' } }])
        await store.close()
        store = await harness.open(clock)
        expect(await store.get(upgraded, key('1'))).toMatchObject({ body: { title: 'a of 1' } })
        const older = defineRecord<{ name: string }>({ kind: 'thing', version: 1, indexes: [] })
        await expect(store.get(older, key('1'))).rejects.toMatchObject({ code: 'store_newer' })
      })
    } else {
      it('is empty after a restart, as it says', async () => {
        await store.write([putRecord(run, { ...key('1'), body: { model: 'a', status: 'new' } })])
        await store.close()
        store = await harness.open(clock)
        expect(await ids()).toEqual([])
      })
    }
  })
}

function fieldOf(record: { readonly body: Run }, field: string): unknown {
  const own: unknown = Reflect.get(record, field)
  const value: unknown = own ?? Reflect.get(record.body, field)
  return Object.is(value, -0) ? 0 : (value ?? null)
}

function meets(value: unknown, condition: unknown): boolean {
  if (typeof condition !== 'object' || condition === null) return value === (Object.is(condition, -0) ? 0 : condition)
  const { atLeast, below }: IndexRange = condition
  return (
    typeof value === 'number' &&
    (atLeast === undefined || value >= Number(atLeast)) &&
    (below === undefined || value < Number(below))
  )
}

/** Null, then false, true, numbers, text by code point. */
function compare(a: unknown, b: unknown): number {
  const rank = (value: unknown) => ['object', 'boolean', 'number', 'string'].indexOf(typeof value)
  if (rank(a) !== rank(b)) return rank(a) - rank(b)
  if (typeof a === 'string' && typeof b === 'string') {
    const [left, right] = [Array.from(a, codePoint), Array.from(b, codePoint)]
    const differing = left.findIndex((point, at) => point !== right[at])
    return differing === -1 ? left.length - right.length : (left[differing] ?? 0) - (right[differing] ?? -1)
  }
  return Number(a) - Number(b)
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0
}
