// Goal: lookups equal the oracle at their as_of, and state depends on the log alone. Method: random rows in random batches.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  base,
  declaredAvailable,
  keysOf,
  naiveRow,
  randomFeatures,
  randomRow,
  randomSource,
  sameValue,
  scaleOf,
} from '../../test/parity/random-source.ts'
import { type NaiveRow, naiveFeature } from '../aggregate/index.ts'
import { type Instant, type Row, statuses } from '../values/index.ts'
import { memoryOnlineStore } from './drivers/memory.ts'
import { type EntityGroup, entityGroups } from './entity-group.ts'
import { applyRows, exactForMs, type ReceivedRow } from './fold.ts'
import { prepareLookup } from './lookup.ts'
import type { OnlineStore } from './online-store.ts'
import { encodeSourceState } from './source-state.ts'
import { stateKeys } from './state-key.ts'

const minute = 60_000
const options = { id: false, available: 'column' } as const
const { spec } = randomSource(options)
const features = randomFeatures(options)
const keys = stateKeys('test')
const groups = entityGroups(features, keys)
const digests = new Set(features.map(({ feature }) => feature.digest))

interface Received {
  readonly row: Row
  readonly receivedMs: Instant
}

const availableOf = ({ row, receivedMs }: Received): Instant | null => {
  const declared = declaredAvailable(spec, row)
  return declared === null ? null : Math.max(declared, receivedMs)
}

/** Rows that arrive one after the other, some minutes apart; their events lie up to a day before or an hour after. */
const arrivals = (maxLength: number): fc.Arbitrary<Received[]> =>
  fc
    .array(
      fc.tuple(
        fc.constantFrom(0, 1, 999, minute, 4 * minute, 7 * minute, 61 * minute),
        fc.oneof(fc.integer({ min: -2 * minute, max: 2 * minute }), fc.integer({ min: -86_400_000, max: 3_600_000 })),
        randomRow(fc.constant(0)),
      ),
      { maxLength },
    )
    .map((steps) => {
      let receivedMs = base
      return steps.map(([step, event, row]) => {
        receivedMs += step
        const known = row.known_at === null ? null : receivedMs + event + Number(row.known_at)
        return { receivedMs, row: { ...row, happened_at: receivedMs + event, known_at: known } }
      })
    })

const received = (arrived: Received, offset: number): ReceivedRow | null => {
  const availableMs = availableOf(arrived)
  const { body, eventMs, id } = naiveRow(spec, arrived.row)
  return availableMs === null ? null : { offset, receivedMs: arrived.receivedMs, eventMs, availableMs, id, body }
}

async function filledStore(): Promise<OnlineStore> {
  const store = memoryOnlineStore()
  const value = encodeSourceState({
    cutoverMs: null,
    historyIdsFromMs: null,
    groups: groups.map(({ id }) => id),
    features: [...digests],
  })
  await store.write({ puts: [{ key: keys.source(spec.name), value }], deletes: [] })
  return store
}

async function apply(store: OnlineStore, group: EntityGroup, rows: readonly ReceivedRow[]): Promise<void> {
  await store.write(await applyRows(store, group, rows, { features: digests }))
}

const everything = async (store: OnlineStore) => {
  const { ranges } = await store.read({ gets: [], ranges: [{ from: Uint8Array.of(0), to: Uint8Array.of(255) }] })
  return ranges[0]!.map(({ key, value }) => [Buffer.from(key).toString('hex'), Buffer.from(value).toString('hex')])
}

describe('the online state', () => {
  it('answers what the oracle answers at as_of, or says that it is inexact', async () => {
    const lookup = prepareLookup(
      'test',
      features.map((feature) => ({ ...feature, role: feature.view.name })),
    )
    const instants = fc.array(fc.tuple(fc.nat(1_000), fc.integer({ min: -20 * minute, max: 2 * minute })), {
      minLength: 4,
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(arrivals(40), instants, fc.integer({ min: 1, max: 9 }), async (all, asked, batch) => {
        const store = await filledStore()
        const rows = all.flatMap((arrived, i) => received(arrived, i) ?? [])
        let applied = 0
        for (const [place, offset] of asked.sort(([a], [b]) => a - b)) {
          const target = Math.floor((rows.length * place) / 1_000)
          for (; applied < target; applied = Math.min(target, applied + batch)) {
            for (const group of groups)
              await apply(store, group, rows.slice(applied, Math.min(target, applied + batch)))
          }
          const lastReceived = rows[applied - 1]?.receivedMs ?? base
          const frontier = Math.min(rows[applied]?.receivedMs ?? Infinity, lastReceived + 3 * minute)
          const at = lastReceived + offset
          const oracle: NaiveRow[] = all
            .slice(0, rows[applied]?.offset ?? all.length)
            .map((arrived) => naiveRow(spec, arrived.row, availableOf(arrived)))
          for (const k of keysOf(features[0]!).keys()) {
            const keysByRole = Object.fromEntries(features.map((feature) => [feature.view.name, keysOf(feature)[k]!]))
            const answer = await lookup.lookup(store, { keys: keysByRole, at, frontiers: { landings: frontier } })
            const asOf = Math.min(at, frontier)
            expect(answer.asOf).toEqual({ landings: asOf })
            expect(answer.failure).toBe(null)
            for (const [i, feature] of features.entries()) {
              const status = statuses[answer.statuses[i]!]
              if (status === 'inexact') {
                expect(asOf).toBeLessThan(frontier - exactForMs)
                expect(asOf).toBeLessThan(answer.exactFrom.landings!)
                continue
              }
              const key = keysByRole[feature.view.name]!
              const expected = naiveFeature(oracle, feature, key, asOf)
              const name = `${feature.view.name}:${feature.feature.name} of ${key} at ${asOf - base}`
              expect(status, name).toBe(expected.status)
              const found = answer.values[i]!
              const scale = scaleOf(oracle, feature, asOf)
              expect(sameValue(found, expected.value, feature, scale), `${name}: ${found}, not ${expected.value}`).toBe(
                true,
              )
            }
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it('ends the same bit for bit, however the log is cut into batches', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals(60), fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), async (all, cuts) => {
        const rows = all.flatMap((arrived, i) => received(arrived, i) ?? [])
        const [one, other] = [await filledStore(), await filledStore()]
        for (const group of groups) {
          for (const row of rows) await apply(one, group, [row])
          for (let at = 0, i = 0; at < rows.length; i++) {
            const end = at + cuts[i % cuts.length]!
            await apply(other, group, rows.slice(at, end))
            at = end
          }
        }
        expect(await everything(other)).toEqual(await everything(one))
      }),
      { numRuns: 60 },
    )
  })

  it('ends the same for an entity with many rows, which is folded in shorter steps', async () => {
    const busy = fc.array(fc.tuple(fc.constantFrom(0, 999, 20_000), randomRow(fc.constant(0))), {
      minLength: 100,
      maxLength: 250,
    })
    await fc.assert(
      fc.asyncProperty(busy, fc.integer({ min: 2, max: 90 }), async (steps, batch) => {
        let receivedMs = base
        const rows = steps.flatMap(([step, row], i) => {
          receivedMs += step
          const known = row.known_at === null ? null : receivedMs
          return (
            received({ receivedMs, row: { ...row, origin: 'SFO', happened_at: receivedMs, known_at: known } }, i) ?? []
          )
        })
        const [one, other] = [await filledStore(), await filledStore()]
        for (const row of rows) await apply(one, groups[0]!, [row])
        for (let at = 0; at < rows.length; at += batch) await apply(other, groups[0]!, rows.slice(at, at + batch))
        expect(await everything(other)).toEqual(await everything(one))
      }),
      { numRuns: 15 },
    )
  })

  it('keeps at most 4,096 known rows of an entity raw, and says that what lies before is inexact', async () => {
    const store = await filledStore()
    const group = groups[0]!
    const row = { row_id: '', origin: 'SFO', destination: 'JFK', gate: 1, i: 1, l: 1n, f: 1, b: true, s: 'a', t: base }
    const rows = Array.from({ length: 5_000 }, (_, i) => {
      const instant = base + i
      return received({ receivedMs: instant, row: { ...row, happened_at: instant, known_at: instant } }, i)!
    })
    await apply(store, group, rows.slice(0, 4_500))
    for (let at = 4_500; at < 5_000; at += 100) await apply(store, group, rows.slice(at, at + 100))
    const count = features.find(({ feature }) => feature.name === 'n')!
    const lookup = prepareLookup('test', [{ ...count, role: 'origin' }])
    const answer = async (at: Instant) => {
      const {
        values,
        statuses: codes,
        exactFrom,
      } = await lookup.lookup(store, {
        keys: { origin: ['SFO'] },
        at,
        frontiers: { landings: base + 5_000 },
      })
      expect(exactFrom).toEqual({ landings: base + 903 })
      return [values[0], statuses[codes[0]!]]
    }
    expect(await answer(base + 5_000)).toEqual([5_000, 'present'])
    // When the last row came, 4,999 were known before it: the first 903 are folded.
    expect(await answer(base + 903)).toEqual([903, 'present'])
    expect(await answer(base + 902)).toEqual([null, 'inexact'])
    expect(await answer(base)).toEqual([0, 'present'])
  })

  it('says unavailable for what is not filled, for a source without a frontier and for a damaged value', async () => {
    const store = await filledStore()
    const row = { row_id: '', origin: 'SFO', destination: 'JFK', gate: 1, i: 1, l: 1n, f: 1, b: true, s: 'a', t: base }
    await apply(store, groups[0]!, [
      received({ receivedMs: base, row: { ...row, happened_at: base, known_at: base } }, 0)!,
    ])
    const count = features.find(({ feature }) => feature.name === 'n')!
    const other = { ...count, feature: { ...count.feature, digest: 'ab'.repeat(32) } }
    const lookup = prepareLookup('test', [
      { ...count, role: 'origin' },
      { ...other, role: 'origin' },
    ])
    const request = { keys: { origin: ['SFO'] }, at: base + 1, frontiers: { landings: base + 1 } }
    const said = async () => {
      const { statuses: codes, failure } = await lookup.lookup(store, request)
      return [...[...codes].map((code) => statuses[code]), ...(failure === null ? [] : ['failed'])]
    }
    expect(await said()).toEqual(['present', 'unavailable'])
    const unknown = await lookup.lookup(store, { ...request, frontiers: {} })
    expect([...unknown.statuses].map((code) => statuses[code])).toEqual(['unavailable', 'unavailable'])
    const { ranges } = await store.read({ gets: [], ranges: [{ from: groups[0]!.rowPrefix, to: Uint8Array.of(255) }] })
    const { key, value } = ranges[0]![0]!
    await store.write({ puts: [{ key, value: value.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) }], deletes: [] })
    expect(await said()).toEqual(['unavailable', 'unavailable', 'failed'])
  })
})
