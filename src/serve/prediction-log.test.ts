// Goal: what was acknowledged is found again, by id and by period. Method: real segments in temporary folders.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ReplayClock, replayClock } from '../clock.ts'
import type { PredictionContract } from './prediction-contract.ts'
import { predictionPlace } from './prediction-id.ts'
import { openPredictionLog, type PredictionDraft, type PredictionLog } from './prediction-log.ts'
import { firstAcknowledged, openPredictionReader } from './prediction-reader.ts'
import type { PredictionRecord, RecordSlots } from './prediction-record.ts'

const startMs = Date.UTC(2026, 0, 31, 12)
const contract: PredictionContract = {
  format: 1,
  project: 'world',
  moment: 'quote',
  model: 'late',
  key: [{ name: 'quote_id', type: 'string' }],
  entities: [{ role: 'origin', entity: 'airport', key: [{ name: 'airport', type: 'string' }] }],
  request: [{ name: 'seat', type: 'int64' }],
  features: [{ role: 'origin', view: 'v', feature: 'f', source: 's', type: 'timestamp', digest: 'aa' }],
  derived: [{ name: 'd', type: 'bool', code: 'bb' }],
}

let folder: string
let clock: ReplayClock
const logs: PredictionLog[] = []
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'predictions-')), 'log')
  clock = replayClock(startMs)
})
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close()
  await rm(join(folder, '..'), { recursive: true, force: true })
})

const openLog = async (rollBytes = 4000): Promise<{ log: PredictionLog; slots: RecordSlots }> => {
  const log = await openPredictionLog({ folder, clock, rollBytes, reopenAfterMs: 0 })
  logs.push(log)
  const slots: RecordSlots = {
    contract: await log.keepContract(contract),
    key: [{ slot: 0, type: 'string' }],
    entities: [[{ slot: 1, type: 'string' }]],
    request: [{ slot: 2, type: 'int64' }],
    features: [{ slot: 3, type: 'timestamp', index: 0 }],
    derived: [{ slot: 4, type: 'bool' }],
  }
  return { log, slots }
}
const draft = (slots: RecordSlots, key: string, change: Partial<PredictionDraft['facts']> = {}): PredictionDraft => ({
  slots,
  values: { values: [key, 'SFO', -(2n ** 63n), startMs - 1, true], statuses: ['present'] },
  facts: {
    deployment: 'late-quote',
    item: null,
    at: clock.now(),
    asOf: { s: clock.now() },
    tables: { s: 't1' },
    output: { probability: 0.1 + 0.2 },
    version: 'late:1',
    arm: 'champion',
    action: null,
    propensity: null,
    parent: null,
    group: null,
    answeredBy: 'champion',
    reason: null,
    detail: null,
    latency: { waitMs: 0, lookupMs: 0.1234567, deriveMs: 1, modelMs: 2 },
    manifest: 'cc',
    ...change,
  },
})
const all = async (query = {}): Promise<PredictionRecord[]> => {
  const found: PredictionRecord[] = []
  for await (const record of openPredictionReader(folder).read(query)) found.push(record)
  return found
}

describe('the prediction log', () => {
  it('gives back every value exactly, with its type and meaning', async () => {
    const { log, slots } = await openLog()
    const { ids, durable } = log.append([draft(slots, 'q1')])
    expect(await durable).toBe(true)
    expect(await openPredictionReader(folder).get(ids[0]!)).toEqual({
      format: 1,
      contract: slots.contract,
      predictionId: ids[0],
      project: 'world',
      deployment: 'late-quote',
      moment: 'quote',
      model: 'late',
      key: [{ name: 'quote_id', type: 'string', value: 'q1' }],
      item: null,
      at: startMs,
      asOf: { s: startMs },
      tables: { s: 't1' },
      entities: [{ role: 'origin', entity: 'airport', key: [{ name: 'airport', type: 'string', value: 'SFO' }] }],
      request: [{ name: 'seat', type: 'int64', value: -(2n ** 63n) }],
      features: [{ ...contract.features[0], value: startMs - 1, status: 'present' }],
      derived: [{ ...contract.derived[0], value: true }],
      output: { probability: 0.1 + 0.2 },
      version: 'late:1',
      arm: 'champion',
      action: null,
      propensity: null,
      parent: null,
      group: null,
      answeredBy: 'champion',
      reason: null,
      detail: null,
      latency: { waitMs: 0, lookupMs: 0.123, deriveMs: 1, modelMs: 2 },
      manifest: 'cc',
      loggedAt: startMs,
    })
  })

  it('finds each of many records by its id, over several processes and segments', async () => {
    const ids: string[] = []
    const processes = [await openLog(), await openLog(), await openLog()]
    for (let i = 0; i < 60; i++) {
      const { log, slots } = processes[i % 3]!
      clock.advance(startMs + i * 1000)
      const appended = log.append([draft(slots, `q${i}`), draft(slots, `r${i}`)])
      expect(await appended.durable).toBe(true)
      ids.push(...appended.ids)
    }
    expect(new Set(ids).size).toBe(120)
    const reader = openPredictionReader(folder)
    for (const id of ids) expect((await reader.get(id))?.predictionId).toBe(id)
    expect((await all()).map(({ predictionId }) => predictionId).sort()).toEqual([...ids].sort())
    const segments = await readdir(join(folder, predictionPlace(ids[0]!)!.log))
    expect(segments.length).toBeGreaterThan(3)
  })

  it('reads a period by the time of the moment, a deployment by name, and goes on after an id', async () => {
    const { log, slots } = await openLog()
    for (let i = 0; i < 40; i++) {
      clock.advance(startMs + i * 1000)
      // Half of the moments lie before their logging, as a caller may say.
      const at = startMs + i * 1000 - (i % 2) * 5000
      await log.append([draft(slots, `q${i}`, { at, deployment: i % 3 === 0 ? 'other' : 'late-quote' })]).durable
    }
    const everything = await all()
    const [from, to] = [startMs + 10_000, startMs + 30_000]
    const period = await all({ from, to })
    expect(period).toEqual(everything.filter(({ at }) => at >= from && at < to))
    expect(period.length).toBeGreaterThan(10)
    expect(await all({ deployment: 'other' })).toEqual(everything.filter(({ deployment }) => deployment === 'other'))
    expect(await all({ after: everything[16]!.predictionId })).toEqual(everything.slice(17))
  })

  it('shares one write among appends that arrive together, and keeps their order', async () => {
    const { log, slots } = await openLog(1_000_000)
    const appended = Array.from({ length: 500 }, (_, i) => log.append([draft(slots, `q${i}`)]))
    expect(await Promise.all(appended.map(({ durable }) => durable))).not.toContain(false)
    expect((await all()).map(({ predictionId }) => predictionId)).toEqual(appended.flatMap(({ ids }) => ids))
  })

  it('answers that it could not keep a prediction, and goes on in a new folder when the disk is back', async () => {
    const { log, slots } = await openLog()
    const first = log.append([draft(slots, 'q1')])
    expect(await first.durable).toBe(true)
    const own = join(folder, predictionPlace(first.ids[0]!)!.log)
    // The next segment cannot be made: a file stands wherever it could go.
    const inTheWay = Array.from({ length: 12 }, (_, i) => join(own, `${String(i + 1).padStart(16, '0')}.segment`))
    for (const path of inTheWay) await writeFile(path, 'in the way')
    const kept: boolean[] = []
    for (let i = 0; i < 12; i++) {
      kept.push(await log.append([draft(slots, `r${i}`)]).durable)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(kept[0]).toBe(true)
    expect(kept).toContain(false)
    expect(kept.at(-1)).toBe(true)
    expect(log.failure()).toBeNull()
    for (const path of inTheWay) await rm(path)
    expect(await all()).toHaveLength(1 + kept.filter(Boolean).length)
  })

  it('has every acknowledged prediction after its process was killed at any instant', async () => {
    const script = fileURLToPath(new URL('../../test/serving/predicting-process.ts', import.meta.url))
    for (const lifeMs of [30, 110, 210]) {
      const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
      let acknowledged = ''
      let dying = false
      child.stdout.on('data', (data) => {
        acknowledged += String(data)
        // The first group of 16 says that it runs; it dies some time after a later one, however slow the machine is.
        if (!dying && acknowledged.split('\n').length > 17) {
          dying = true
          setTimeout(() => child.kill('SIGKILL'), lifeMs)
        }
      })
      await once(child, 'close')
      // The last line may be half a line: it was on its way when the process died.
      const ids = acknowledged.split('\n').slice(0, -1)
      expect(ids.length).toBeGreaterThan(16)
      const found = new Set((await all()).map(({ predictionId }) => predictionId))
      expect(ids.filter((id) => !found.has(id))).toEqual([])
      const reader = openPredictionReader(folder)
      for (const id of ids.slice(-20)) expect((await reader.get(id))?.predictionId).toBe(id)
    }
  })

  it('refuses a contract that was changed on disk', async () => {
    const { log, slots } = await openLog()
    const { ids, durable } = log.append([draft(slots, 'q1')])
    await durable
    await writeFile(
      join(folder, 'contracts', `${slots.contract}.json`),
      JSON.stringify({ ...contract, model: 'other' }),
    )
    await expect(openPredictionReader(folder).get(ids[0]!)).rejects.toMatchObject({ code: 'segment_damaged' })
  })

  it('has nothing for ids of others and for text that is no id', async () => {
    const { log, slots } = await openLog()
    const { ids, durable } = log.append([draft(slots, 'q1')])
    await durable
    const reader = openPredictionReader(folder)
    expect(await reader.get('nothing')).toBeNull()
    expect(await reader.get(`${ids[0]!.slice(0, 10)}ABCDEFG${ids[0]!.slice(17)}`)).toBeNull()
    expect(await reader.get(`${ids[0]!.slice(0, 24)}ZZ`)).toBeNull()
    expect(await reader.get(`00000000${ids[0]!.slice(8)}`)).toBeNull()
    expect(await openPredictionReader(join(folder, 'missing')).get(ids[0]!)).toBeNull()
  })

  it('leaves no folder behind when nothing was predicted', async () => {
    const { log } = await openLog()
    await log.close()
    expect((await readdir(folder)).filter((name) => name !== 'contracts')).toEqual([])
  })
})

describe('the first acknowledged answer', () => {
  it('of each moment counts, and of shadows that of each version', async () => {
    const { log, slots } = await openLog()
    const append = (...drafts: PredictionDraft[]) => log.append(drafts).durable
    await append(draft(slots, 'q1'), draft(slots, 'q2'))
    clock.advance(startMs + 1)
    await append(draft(slots, 'q1', { version: 'late:2' }))
    const shadow = { arm: 'shadow', answeredBy: 'shadow' } as const
    await append(
      draft(slots, 'q1', { ...shadow, version: 'late:3' }),
      draft(slots, 'q1', { ...shadow, version: 'late:4' }),
    )
    await append(draft(slots, 'q1', { ...shadow, version: 'late:3' }))
    await append(draft(slots, 'q1', { deployment: 'other' }))
    const counted = firstAcknowledged((await all()).reverse())
    const seen = counted.map(({ key, deployment, arm, version }) => [key[0]!.value, deployment, arm, version].join(' '))
    expect(seen.sort()).toEqual([
      'q1 late-quote champion late:1',
      'q1 late-quote shadow late:3',
      'q1 late-quote shadow late:4',
      'q1 other champion late:1',
      'q2 late-quote champion late:1',
    ])
  })
})
