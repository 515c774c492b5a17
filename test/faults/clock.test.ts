// Goal: a machine's clock that is set back costs no answer and no order: stamps and frontiers never go back, ids stay unique, events
// and predictions are taken, and nothing that waits for time waits until the clock has caught up. A replay clock refuses to go back.
// Method: the product's processes with a clock that is off by what a file says, stepped back by seconds and by hours while they run
// and before they start again.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlatform } from '../../src/platform.ts'
import { noonmark, noonmarkJson, type RunningServer, startServer, until } from '../e2e/command-line.ts'
import { deployProject } from '../e2e/deployed-project.ts'
import { generateHistory, historyTo, iso, projectFiles, removeProject } from '../e2e/small-project.ts'
import { clock, eventOf, type Refused, ready } from './lived-project.ts'

const hourMs = 3_600_000
const nowMs = Math.floor(Date.now() / 60_000) * 60_000
const scratch = mkdtempSync(join(tmpdir(), 'noonmark-skew-'))
const skewFile = join(scratch, 'skew')
let folder: string
let replayed: string

const setBack = async (byMs: number): Promise<void> => {
  writeFileSync(skewFile, String(-byMs))
  await sleep(50)
}

beforeAll(async () => {
  replayed = await deployProject(projectFiles(), { args: clock })
  writeFileSync(skewFile, '0')
  process.env.SKEWED_CLOCK_FILE = skewFile
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import ${fileURLToPath(new URL('skewed-clock.js', import.meta.url))}`
  folder = await deployProject(projectFiles(nowMs))
}, 60_000)

afterAll(() => {
  for (const one of [folder, replayed]) if (one !== undefined) removeProject(one)
  rmSync(scratch, { recursive: true, force: true })
})

interface Prediction {
  readonly as_of: string
  readonly results: Readonly<Record<string, { prediction_id: string; answered_by: string; logged: boolean }>>
}

const feature = 'shop_deliveries:deliveries_total'

describe('a machine whose clock is set back', () => {
  const ids: string[] = []
  const events: string[] = []

  /** An event and a prediction that are taken as ever; returns as of when the prediction was made. */
  async function exchange(server: RunningServer): Promise<number> {
    const id = `event-${events.length}`
    const sent = await server.post('/v1/sources/deliveries/events', { events: [eventOf(id, 'cph', nowMs)] })
    expect(sent).toMatchObject({ status: 200, json: { accepted: 1, duplicates: 0 } })
    events.push(id)
    const row = { order_id: `order-${ids.length}`, shop: 'cph', kilograms: 3 }
    const { status, json } = await server.post<Prediction>('/v1/moments/order/predictions', row)
    expect(status).toBe(200)
    expect(json.results['late-order']).toMatchObject({ answered_by: 'champion', logged: true })
    ids.push(json.results['late-order']!.prediction_id)
    return Date.parse(json.as_of)
  }

  const lookup = async (server: RunningServer) => {
    const { json } = await server.post<{
      rows: { as_of: string; features: Record<string, { value: number; status: string }> }[]
    }>('/v1/features/lookup', { features: [feature], entities: [{ shop: 'cph' }] })
    const [row] = json.rows
    return { asOfMs: Date.parse(row!.as_of), ...row!.features[feature]! }
  }

  it('goes on in order, while it runs and when it starts again', async () => {
    let server = await startServer(folder)
    try {
      await ready(server)
      const seen = [await exchange(server)]
      for (const byMs of [5_000, 3 * hourMs]) {
        await setBack(byMs)
        for (let i = 0; i < 3; i++) seen.push(await exchange(server), (await lookup(server)).asOfMs)
      }
      expect(seen, 'frontiers never go back').toEqual(seen.toSorted((a, b) => a - b))

      await server.stop()
      server = await startServer(folder)
      await ready(server)
      for (let i = 0; i < 3; i++) await exchange(server)
      // The state is as new as before, and exact from there on.
      await setBack(0)
      const past = generateHistory(nowMs).deliveries.filter(({ shop }) => shop === 'cph').length
      await until('all events', async () => (await lookup(server)).value === past + events.length)
    } finally {
      await server.stop()
    }
    expect(new Set(ids).size).toBe(ids.length)
  }, 60_000)

  it('has stamped rows in order, none before it was declared to be', async () => {
    const platform = await openPlatform({ rootDir: folder })
    try {
      const rows = await platform
        .logReader()
        .read({ project: 'parcels', source: 'deliveries' }, { from: 0, limit: 100 })
      expect(rows.map(({ id }) => id)).toEqual(events)
      const received = rows.map(({ receivedMs }) => receivedMs)
      expect(received).toEqual(received.toSorted((a, b) => a - b))
      for (const { receivedMs, availableMs } of rows) expect(availableMs).toBeGreaterThanOrEqual(receivedMs)
    } finally {
      await platform.close()
    }
  })

  it('finds the report that was measured last, and neither a report nor a run waits for the clock', async () => {
    const measured: string[] = []
    for (const byMs of [0, 3 * hourMs]) {
      await setBack(byMs)
      await noonmarkJson(folder, ['monitors', 'run'])
      const { id } = await noonmarkJson<{ id: string }>(folder, ['monitors', 'show'])
      measured.push(id)
    }
    expect(new Set(measured).size).toBe(2)
    const { code, error } = await noonmark(folder, ['train', 'late', '--set', 'trees=5'])
    expect(code, error).toBe(0)
  }, 60_000)
})

it('a replay clock refuses an earlier instant, and nothing is changed', async () => {
  const server = await startServer(replayed, clock)
  try {
    await ready(server)
    const at = iso(historyTo + hourMs)
    expect(await server.put('/v1/clock', { now: at })).toMatchObject({ status: 200, json: { now: at } })
    const back = await server.put<Refused>('/v1/clock', { now: iso(historyTo) })
    expect(back).toMatchObject({ status: 409, json: { error: { code: 'clock_backwards' } } })
    expect(back.json.error.message).toContain(`stands at ${at}`)
    expect(back.json.error.message).toContain(iso(historyTo))
    // A call that is repeated is no step back.
    expect(await server.put('/v1/clock', { now: at })).toMatchObject({ status: 200, json: { now: at } })
    expect(await server.get('/v1/status')).toMatchObject({ json: { clock: { now: at } } })
  } finally {
    await server.stop()
  }
})
