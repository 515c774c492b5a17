// Goal: nothing that was acknowledged is lost, and nothing counts twice, whenever the processes die. Method: clients send events
// and ask for predictions while writer and serve are killed at random instants; then the stores are held against the answers.
import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFileLogReader } from '../../src/stream/drivers/file.ts'
import { type Answer, allReady, noonmarkJson, type RunningServer, startServer, until } from './command-line.ts'
import { deployProject } from './deployed-project.ts'
import { generateHistory, iso, projectFiles, removeProject, shops } from './small-project.ts'

const hourMs = 3_600_000
const clients = 8
/** Which process dies next. The worker is nobody's need here: that it dies must go unnoticed. */
const victims = [
  'writer',
  'serve',
  'writer',
  'serve',
  'worker',
  'serve',
  'writer',
  'serve',
  'writer',
  'writer',
] as const
/** Between two kills at most; a role takes a second or two to answer again, so that some die while they start. */
const longestPauseMs = 2_500
const leastEvents = 24

interface PredictionAnswer {
  readonly results: Readonly<
    Record<string, { readonly prediction_id: string; readonly answered_by: string; readonly logged: boolean }>
  >
}

interface EventsAnswer {
  readonly accepted: number
  readonly duplicates: number
}

// The real clock: what production stands on.
const historyTo = Math.floor(Date.now() / hourMs) * hourMs - hourMs
let folder: string
let server: RunningServer

beforeAll(async () => {
  folder = await deployProject(projectFiles(historyTo))
  server = await startServer(folder)
})

afterAll(async () => {
  await server?.stop()
  removeProject(folder)
})

/** The shop of each acknowledged event by id. */
const acknowledged = new Map<string, string>()
/** Ids of predictions that were answered with `logged: true`. */
const logged: string[] = []
const eventStatuses = new Map<number | 'none', number>()
const predictionStatuses = new Map<number | 'none', number>()

function tally(counts: Map<number | 'none', number>, status: number | 'none'): void {
  counts.set(status, (counts.get(status) ?? 0) + 1)
}

/** Null where the process died before it answered. */
async function tried<T>(call: Promise<Answer<T>>, counts: Map<number | 'none', number>): Promise<Answer<T> | null> {
  const answer = await call.catch(() => null)
  tally(counts, answer?.status ?? 'none')
  return answer
}

const pick = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)]!

const eventOf = (id: string, shop: string) => ({
  order_id: id,
  shop,
  delay_minutes: Math.round(Math.random() * 40 - 20),
  delivered_at: iso(Date.now()),
})

/** Sends an event under its id until it is acknowledged. */
async function send(id: string, event = eventOf(id, pick(shops))): Promise<void> {
  const body = { events: [event] }
  for (;;) {
    const answer = await tried(server.post<EventsAnswer>('/v1/sources/deliveries/events', body), eventStatuses)
    if (answer?.status === 200) {
      expect(answer.json.accepted + answer.json.duplicates).toBe(1)
      acknowledged.set(id, event.shop)
      return
    }
    await sleep(30)
  }
}

/** Sends one event after the other, and asks for a prediction between. */
async function client(name: number, ended: () => boolean): Promise<void> {
  for (let i = 0; !ended(); i++) {
    await send(`event-${name}-${i}`)
    const row = { order_id: `order-${name}-${i}`, shop: pick(shops), kilograms: i % 20 }
    const answer = await tried(server.post<PredictionAnswer>('/v1/moments/order/predictions', row), predictionStatuses)
    if (answer?.status === 200)
      for (const result of Object.values(answer.json.results)) if (result.logged) logged.push(result.prediction_id)
    await sleep(20)
  }
}

/** What the features of a shop must count: history and what was acknowledged. */
function expectedCounts(): Record<string, number> {
  const shopOf = [...generateHistory(historyTo).deliveries.map(({ shop }) => shop), ...acknowledged.values()]
  return Object.fromEntries(shops.map((shop) => [shop, shopOf.filter((one) => one === shop).length]))
}

async function onlineCounts(): Promise<Record<string, number>> {
  const { status, json } = await server.post<{ rows: { features: Record<string, { value: number }> }[] }>(
    '/v1/features/lookup',
    { features: ['shop_deliveries:deliveries_total'], entities: shops.map((shop) => ({ shop })) },
  )
  expect(status, JSON.stringify(json)).toBe(200)
  const counts = json.rows.map(({ features }) => features['shop_deliveries:deliveries_total']!.value)
  return Object.fromEntries(shops.map((shop, i) => [shop, counts[i]!]))
}

/** What is acknowledged is counted when the frontier has passed it: within a moment. */
async function expectCounted(): Promise<void> {
  const expected = JSON.stringify(expectedCounts())
  await until(
    'every acknowledged event to count',
    async () => JSON.stringify(await onlineCounts()) === expected,
    5_000,
  ).catch(async () => expect(await onlineCounts()).toEqual(expectedCounts()))
  await sleep(100)
  expect(await onlineCounts()).toEqual(expectedCounts())
}

async function expectFound(): Promise<void> {
  const missing: string[] = []
  const waiting = [...logged]
  const look = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const { status, json } = await server.get<{ prediction_id: string }>(`/v1/predictions/${id}`)
      if (status !== 200 || json.prediction_id !== id) missing.push(id)
    }
  }
  await Promise.all(Array.from({ length: clients }, look))
  expect(missing).toEqual([])
}

async function listedIds(): Promise<string[]> {
  const ids: string[] = []
  for (let next: string | null = ''; next !== null; ) {
    const page: Answer<{ predictions: { prediction_id: string }[]; next: string | null }> = await server.get(
      `/v1/predictions?limit=1000${next === '' ? '' : `&after=${next}`}`,
    )
    ids.push(...page.json.predictions.map(({ prediction_id }) => prediction_id))
    next = page.json.next
  }
  return ids
}

async function loggedEventIds(): Promise<string[]> {
  const reader = openFileLogReader({ folder: join(folder, '.noonmark/stream') })
  const name = { project: 'parcels', source: 'deliveries' }
  const { firstOffset, nextOffset } = await reader.extent(name)
  const rows = await reader.read(name, { from: firstOffset, limit: nextOffset - firstOffset })
  await reader.close()
  return rows.map(({ id }) => String(id))
}

const ready = () => allReady(server)

const killed = new Set<number>()

/** The process that plays a role now, once: a killed one may not be buried yet. */
async function livingProcess(role: 'writer' | 'worker' | 'serve'): Promise<number> {
  let found = 0
  await until(role, () => {
    found = server.file().roles[role] ?? 0
    return found !== 0 && !killed.has(found)
  })
  killed.add(found)
  return found
}

describe('kill -9 of writer and serve under load', () => {
  it('leaves the clients with answers', async () => {
    let ended = false
    const sending = Array.from({ length: clients }, (_, name) => client(name, () => ended))
    const failed = Promise.all(sending)
    for (const [i, role] of victims.entries()) {
      const before = acknowledged.size
      await sleep(Math.random() * longestPauseMs)
      // Every other one dies under load for certain; the rest may die while they start.
      if (i % 2 === 0) await until('events to be taken', () => acknowledged.size >= before + leastEvents)
      process.kill(await livingProcess(role), 'SIGKILL')
    }
    await ready()
    ended = true
    await failed
    // An event after all predictions: a table proves what it holds up to its last row.
    await send('last-event')
    expect(acknowledged.size).toBeGreaterThan(100)
    expect(logged.length).toBeGreaterThan(100)
    expect(server.output().match(/ended \(SIGKILL\)/g)).toHaveLength(victims.length)
    // A process that died gives no answer; one that lives answers every prediction, and refuses events only for the writer.
    expect([...predictionStatuses.keys()].filter((status) => status !== 'none')).toEqual([200])
    for (const status of eventStatuses.keys()) expect([200, 503, 'none']).toContain(status)
  }, 180_000)

  it('keeps every acknowledged event in the log, exactly once', async () => {
    expect((await loggedEventIds()).sort()).toEqual([...acknowledged.keys()].sort())
  })

  it('counts every acknowledged event in the online features, exactly once', expectCounted)

  it('finds every logged prediction by its id', expectFound)

  it('lists every logged prediction exactly once', async () => {
    const ids = await listedIds()
    expect(new Set(ids).size).toBe(ids.length)
    const listed = new Set(ids)
    expect(logged.filter((id) => !listed.has(id))).toEqual([])
  })

  it('served features that are equal to what the tables say', async () => {
    const report = await noonmarkJson<{
      parity: { differing: number; equal: number }
      moments: { parity: { features: { reasons: object }[] } }[]
    }>(folder, ['monitors', 'run'])
    expect(report.parity.differing).toBe(0)
    expect(report.parity.equal).toBeGreaterThan(100)
    // A serve process that starts while the writer is down goes on at the frontiers that were kept: every answer has its features.
    for (const { reasons } of report.moments[0]!.parity.features) expect(reasons).toEqual({})
  })

  it('keeps all of it over a restart of the server', async () => {
    expect(await server.stop()).toBe(0)
    server = await startServer(folder)
    await ready()
    await expectCounted()
    await expectFound()
  })
})

describe('a writer that is down', () => {
  it('refuses events with 503 while predictions go on', async () => {
    process.kill(await livingProcess('writer'), 'SIGKILL')
    let refused: Answer<{ error?: { code: string } }> | undefined
    await until('an event to be refused', async () => {
      const id = `down-${acknowledged.size}`
      const answer = await server.post<{ error?: { code: string } }>('/v1/sources/deliveries/events', {
        events: [eventOf(id, 'aal')],
      })
      if (answer.status === 200) acknowledged.set(id, 'aal')
      else refused = answer
      return refused !== undefined
    })
    expect(refused).toMatchObject({ status: 503, json: { error: { code: 'writer_unavailable' } } })
    const row = { order_id: 'while-down', shop: 'aal', kilograms: 3 }
    const answer = await server.post<PredictionAnswer>('/v1/moments/order/predictions', row)
    expect(answer.status).toBe(200)
    expect(answer.json.results['late-order']).toMatchObject({ logged: true })
    await ready()
    await expectCounted()
  })
})

describe('a writer that is stopped', () => {
  it('costs events a 503 and predictions nothing, also of a serve process that starts meanwhile', async () => {
    const event = eventOf('stopped-1', 'aal')
    const writer = await livingProcess('writer')
    process.kill(writer, 'SIGSTOP')
    try {
      const body = { events: [event] }
      const refused = await server.post<{ error?: { code: string } }>('/v1/sources/deliveries/events', body)
      expect(refused).toMatchObject({ status: 503, json: { error: { code: 'writer_unavailable' } } })
      expect(await server.get('/health/ready')).toMatchObject({
        status: 200,
        json: { status: 'degraded', checks: { writer: { ok: false }, frontiers: { ok: true } } },
      })
      process.kill(await livingProcess('serve'), 'SIGKILL')
      await until('another serve process', async () => (await server.get('/health/ready').catch(() => null)) !== null)
      expect(await server.get('/health/ready')).toMatchObject({
        status: 200,
        json: { checks: { frontiers: { ok: true } } },
      })
      const row = { order_id: 'while-stopped', shop: 'aal', kilograms: 3 }
      const answer = await server.post<PredictionAnswer>('/v1/moments/order/predictions', row)
      expect(answer).toMatchObject({ json: { results: { 'late-order': { answered_by: 'champion', logged: true } } } })
      const { prediction_id } = answer.json.results['late-order']!
      const { json } = await server.get<{ features: { status: string }[] }>(`/v1/predictions/${prediction_id}`)
      const said = json.features.map(({ status }) => status)
      expect(said.length).toBeGreaterThan(3)
      expect(said).not.toContain('unavailable')
    } finally {
      process.kill(writer, 'SIGCONT')
    }
    await ready()
    // Taken after all, or not at all: whoever was refused sends it again, and it counts once.
    await send('stopped-1', event)
    await expectCounted()
  })
})

describe('a supervisor that is killed', () => {
  it('takes its processes with it, and the next server finds everything', async () => {
    const { roles } = server.file()
    await server.kill()
    const lives = (pid: number | undefined): boolean => {
      try {
        return pid !== undefined && process.kill(pid, 0)
      } catch {
        return false
      }
    }
    await until('the processes to end', () => !Object.values(roles).some(lives))
    server = await startServer(folder)
    await ready()
    await expectCounted()
    await expectFound()
  }, 180_000)
})

describe('a version that cannot be read', () => {
  it('is read as soon as it can be, and a fallback answers meanwhile', async () => {
    const { artifact } = await noonmarkJson<{ artifact: string }>(folder, ['versions', 'show', 'late:1'])
    const blobs = join(folder, '.noonmark/blobs')
    const file = readdirSync(blobs, { recursive: true }).find((path) => String(path).endsWith(artifact))
    const [path, aside] = [join(blobs, String(file)), join(folder, 'aside')]
    const answeredBy = async (): Promise<string> => {
      const row = { order_id: 'unreadable', shop: 'aal', kilograms: 3 }
      const { json } = await server.post<PredictionAnswer>('/v1/moments/order/predictions', row)
      return json.results['late-order']!.answered_by
    }
    expect(await answeredBy()).toBe('champion')
    renameSync(path, aside)
    expect(await server.stop()).toBe(0)
    server = await startServer(folder)
    expect(await answeredBy()).toBe('fallback:baseline')
    renameSync(aside, path)
    await until('the version to be read', async () => (await answeredBy()) === 'champion')
  })
})
