// Goal: the latest predictions are found from the end of the logs, and counted again after a start. Method: real segments in temporary
// folders, small enough to roll; the answer is the reverse of all that is read from the front.
import { mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ReplayClock, replayClock } from '../clock.ts'
import { listSegments } from '../segment/index.ts'
import type { PredictionContract } from './prediction-contract.ts'
import { predictionPlace } from './prediction-id.ts'
import { openPredictionLog, type PredictionLog } from './prediction-log.ts'
import { listLogs, openPredictionReader } from './prediction-reader.ts'
import { createTraffic } from './traffic.ts'
import { replayTraffic } from './traffic-replay.ts'

const startMs = Date.UTC(2026, 0, 31, 12)
const contract: PredictionContract = {
  format: 1,
  project: 'world',
  moment: 'quote',
  model: 'late',
  key: [{ name: 'quote_id', type: 'string' }],
  entities: [],
  request: [],
  features: [],
  derived: [],
}
let folder: string
let clock: ReplayClock

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'newest-')), 'log')
  clock = replayClock(startMs)
})
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }))

/** Logs predictions of two deployments, a minute apart, in a log of their own; their ids in order. */
async function fill(count: number, writtenAt: number): Promise<string[]> {
  const log = await openPredictionLog({ folder, clock, rollBytes: 4000 })
  const slots = {
    contract: await log.keepContract(contract),
    key: [{ slot: 0, type: 'string' as const }],
    entities: [],
    request: [],
    features: [],
    derived: [],
  }
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    clock.advance(clock.now() + 60_000)
    const logged = append(log, slots, i)
    ids.push(...logged.ids)
    expect(await logged.durable).toBe(true)
  }
  await log.close()
  const place = join(folder, predictionPlace(ids[0]!)!.log)
  const newest = (await listSegments(place)).at(-1)!
  await utimes(newest.path, writtenAt, writtenAt)
  return ids
}

function append(log: PredictionLog, slots: Parameters<PredictionLog['append']>[0][number]['slots'], i: number) {
  return log.append([
    {
      slots,
      values: { values: [`q${i}`], statuses: [] },
      facts: {
        deployment: i % 3 === 0 ? 'third' : 'other',
        item: null,
        at: clock.now(),
        asOf: {},
        tables: {},
        output: { probability: 0.25 },
        version: 'late:1',
        arm: 'champion',
        action: null,
        propensity: null,
        parent: null,
        group: null,
        answeredBy: 'champion',
        reason: null,
        detail: null,
        latency: { waitMs: 0, lookupMs: 1, deriveMs: 0, modelMs: 1 },
        manifest: 'm',
      },
    },
  ])
}

describe('the latest predictions', () => {
  it('come from the end of the log that was written last, and go on where a page ended', async () => {
    const first = await fill(40, 1_000)
    const second = await fill(25, 2_000)
    const reader = openPredictionReader(folder)
    const wanted = [...second.toReversed(), ...first.toReversed()]
    const found: string[] = []
    let after: string | undefined
    do {
      const page = await reader.newest({ limit: 7, ...(after === undefined ? {} : { after }) })
      found.push(...page.records.map(({ predictionId }) => predictionId))
      after = page.next ?? undefined
    } while (after !== undefined)
    expect(found).toEqual(wanted)
  })

  it('are filtered by deployment and time', async () => {
    await fill(30, 1_000)
    const reader = openPredictionReader(folder)
    const { records } = await reader.newest({ limit: 100, deployment: 'third', to: startMs + 10 * 60_000 })
    expect(records.map(({ at }) => (at - startMs) / 60_000)).toEqual([7, 4, 1])
  })

  it('of an empty folder are none', async () => {
    expect(await openPredictionReader(folder).newest({ limit: 3 })).toEqual({ records: [], next: null })
  })
})

describe('after a start', () => {
  it('traffic is what it was, up to the records that may be read', async () => {
    await fill(40, 1_000)
    await fill(25, 2_000)
    const count = async (mostRecords: number): Promise<[number, boolean, boolean]> => {
      const traffic = createTraffic()
      const logs = await listLogs(folder)
      const { signal } = new AbortController()
      await replayTraffic({ folder, logs, traffic, now: clock.now(), signal, mostRecords })
      const over = (window: '1h' | '24h') => traffic.over(['third', 'other'], window, clock.now())
      return [over('24h').count, over('24h').complete, over('1h').complete]
    }
    expect(await count(1_000)).toEqual([65, true, true])
    expect(await count(62)).toEqual([62, false, true])
    expect(await count(30)).toEqual([30, false, false])
    expect(await count(25)).toEqual([25, false, false])
  })
})
