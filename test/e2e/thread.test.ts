// Goal: the whole thread holds, from files to a served, watched and replaced model. Method: a small project, worked on by nothing
// but the command line and HTTP, step after step; each step stands on the ones before it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allReady, noonmark, noonmarkJson, type RunningServer, startServer, until } from './command-line.ts'
import { generateOrders, historyTo, iso, projectFiles, type Row, removeProject, writeProject } from './small-project.ts'

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000]

interface RowAnswer {
  readonly as_of: string
  readonly results: {
    readonly 'late-order': {
      readonly prediction_id: string
      readonly output: { readonly probability: number }
      readonly model_version: string | null
      readonly answered_by: string
      readonly logged: boolean
    }
  }
}

interface EventsAnswer {
  readonly accepted: number
  readonly duplicates: number
  readonly position: string
}

interface LookupAnswer {
  readonly rows: readonly {
    readonly as_of: string
    readonly features: Record<string, { readonly value: unknown; readonly status: string }>
  }[]
}

let folder: string
let server: RunningServer
let now = historyTo
/** The replay clock of commands and of servers that start stands where the server's stands. */
const atNow = (): string[] => ['--clock', iso(now)]
const json = <T>(args: readonly string[]): Promise<T> => noonmarkJson<T>(folder, [...args, ...atNow()])

const live = generateOrders({ count: 60, fromMs: historyTo + minuteMs, toMs: historyTo + 12 * hourMs, prefix: 'live' })
const predictionOf = new Map<string, RowAnswer>()

async function advance(toMs: number): Promise<void> {
  now = toMs
  expect(await server.put('/v1/clock', { now: iso(toMs) })).toMatchObject({ status: 200, json: { now: iso(toMs) } })
}

async function predict(row: Row): Promise<RowAnswer> {
  const { order_id, shop, kilograms } = row
  const { status, json } = await server.post<RowAnswer>('/v1/moments/order/predictions', { order_id, shop, kilograms })
  expect(status, JSON.stringify(json)).toBe(200)
  return json
}

async function send(events: readonly Row[]): Promise<EventsAnswer> {
  const { status, json } = await server.post<EventsAnswer>('/v1/sources/deliveries/events', { events })
  expect(status, JSON.stringify(json)).toBe(200)
  return json
}

const features = ['deliveries_total', 'deliveries_1d', 'mean_delay_2d', 'late_share_7d', 'last_delay']

async function lookup(shop: string): Promise<LookupAnswer> {
  const { status, json } = await server.post<LookupAnswer>('/v1/features/lookup', {
    features: features.map((name) => `shop_deliveries:${name}`),
    entities: [{ shop }],
  })
  expect(status, JSON.stringify(json)).toBe(200)
  return json
}

beforeAll(() => {
  folder = writeProject(projectFiles())
})

afterAll(async () => {
  await server?.stop()
  removeProject(folder)
})

describe('the thread', () => {
  it('plans what is not there yet, and changes nothing by planning', async () => {
    expect(await json(['plan'])).toMatchObject({ summary: { create: 7, update: 0, delete: 0 } })
    expect((await noonmark(folder, ['plan', '--check', ...atNow()])).code).toBe(3)
  })

  it('applies the folder, and then there is no difference', async () => {
    expect(await json(['apply', '--yes'])).toMatchObject({ changed: true, revision: 1 })
    expect((await noonmark(folder, ['plan', '--check', ...atNow()])).code).toBe(0)
  })

  it('fills the features from history, once', async () => {
    expect(await json(['materialize'])).toEqual({ filled: { deliveries: 5 } })
    expect(await json(['materialize'])).toEqual({ filled: {} })
  })

  it('trains a version with its checks and its lineage down to the files', async () => {
    expect(await json(['train', 'late'])).toMatchObject({ status: 'succeeded', version: 'late:1' })
    const version = await json<{ digest: string; checks: { passed: boolean }[] }>(['versions', 'show', 'late:1'])
    expect(version).toMatchObject({
      passed: true,
      training_set: {
        rows: { spine: 500 },
        tables: [
          { source: 'orders', files: [{ path: 'data/orders.csv', rows: 600 }] },
          { source: 'deliveries', files: [{ path: 'data/deliveries.csv' }] },
        ],
      },
    })
    expect(version.checks.map(({ passed }) => passed)).toEqual([true, true])
    expect(readFileSync(join(folder, 'noonmark.lock'), 'utf8')).toContain(version.digest)
  })

  it('deploys by editing a file in Git, and by nothing else', async () => {
    expect(await json(['deploy', 'late:1', '--to', 'late-order'])).toMatchObject({ changed: true })
    expect(readFileSync(join(folder, 'deployments.ts'), 'utf8')).toContain("champion: 'late:1'")
    expect(await json(['apply', '--yes'])).toMatchObject({ revision: 2, held: [] })
  })

  it('answers at the moment by the champion while events come in, some late and some twice', async () => {
    server = await startServer(folder, atNow())
    const deliveries = [...live.deliveries].sort((a, b) => (String(a.delivered_at) < String(b.delivered_at) ? -1 : 1))
    let [sent, accepted, duplicates] = [0, 0, 0]
    const take = async (untilMs: number): Promise<void> => {
      const due: Row[] = []
      while (sent < deliveries.length && String(deliveries[sent]!.delivered_at) < iso(untilMs))
        due.push(deliveries[sent++]!)
      if (due.length === 0) return
      const held = due.length > 2 ? due.splice(1, 1) : []
      for (const events of [due, due.slice(-1), held]) {
        if (events.length === 0) continue
        const answer = await send(events)
        accepted += answer.accepted
        duplicates += answer.duplicates
      }
    }
    for (const order of live.orders) {
      await advance(Date.parse(String(order.ordered_at)))
      await take(now)
      predictionOf.set(String(order.order_id), await predict(order))
    }
    await advance(historyTo + 20 * hourMs)
    await take(now)
    expect(accepted).toBe(live.deliveries.length)
    expect(duplicates).toBeGreaterThan(10)
    for (const { results } of predictionOf.values())
      expect(results['late-order']).toMatchObject({ model_version: 'late:1', answered_by: 'champion', logged: true })
  })

  it('refuses a step back of the clock and a moment ahead of it', async () => {
    expect(await server.put('/v1/clock', { now: iso(historyTo) })).toMatchObject({
      status: 409,
      json: { error: { code: 'clock_backwards' } },
    })
    const ahead = { order_id: 'x', shop: 'aal', kilograms: 1, at: iso(now + 1) }
    expect(await server.post('/v1/moments/order/predictions', ahead)).toMatchObject({
      status: 400,
      json: { error: { code: 'instant_ahead', path: 'at' } },
    })
  })

  it('says online what the tables say at the same instant', async () => {
    await advance(now + minuteMs)
    const [row] = (await lookup('cph')).rows
    const offline = await json<{ features: Record<string, { value: number; status: string }> }>([
      'features',
      'lookup',
      'shop_deliveries',
      '--key',
      'shop=cph',
      '--at',
      row!.as_of,
    ])
    for (const name of features) {
      const served = row!.features[`shop_deliveries:${name}`]!
      expect(served.status, name).toBe(offline.features[name]!.status)
      expect(Number(served.value), name).toBeCloseTo(offline.features[name]!.value, 9)
    }
    expect(row!.features['shop_deliveries:deliveries_total']!.value).toBeGreaterThan(50)
  })

  it('measures 100 % parity and the performance on what came true', async () => {
    await advance(historyTo + 2 * dayMs)
    const report = await json<{ parity: object; moments: { performance: object }[] }>(['monitors', 'run'])
    expect(report.parity).toEqual({ compared: 300, equal: 300, differing: 0, not_comparable: 0 })
    expect(JSON.stringify(report.moments[0]!.performance)).toContain('late:1')
    const shown = await json<{ report: object }>(['monitors', 'show'])
    expect(shown).toMatchObject({ reason: 'asked', parity: report.parity, covers: { moments: [{ moment: 'order' }] } })
    expect(shown.report).toEqual(report)
    expect(report.moments[0]).toMatchObject({
      drift: [{ deployment: 'late-order', version: 'late:1', score: { column: 'probability' } }],
    })
    expect(await server.get('/v1/monitors/latest')).toMatchObject({ status: 200, json: shown })
  })

  it('shows predictions with what came true', async () => {
    const { json: page } = await server.get('/v1/predictions?limit=20')
    const { predictions } = page as { predictions: { outcome: { status: string; label: unknown } | null }[] }
    expect(predictions.length).toBe(20)
    for (const { outcome } of predictions) {
      if (outcome?.status === 'observed') expect(outcome.label).toBeTypeOf('boolean')
      else expect(outcome?.status).toBe('absent')
    }
  })

  it('goes on at its address and at its time when its processes are killed', async () => {
    for (const role of ['writer', 'serve'] as const) process.kill(server.file().roles[role]!, 'SIGKILL')
    await allReady(server)
    const { order_id, shop, kilograms } = live.orders[0]!
    const answer = await server.post('/v1/moments/order/predictions', { order_id, shop, kilograms, at: iso(now) })
    expect(answer).toMatchObject({ status: 200, json: { as_of: iso(now) } })
  })

  it('keeps everything over a restart of the server', async () => {
    const before = await lookup('cph')
    expect(await server.stop()).toBe(0)
    server = await startServer(folder, atNow())
    expect(await lookup('cph')).toEqual(before)
    const [order, answer] = [...predictionOf][7]!
    const id = answer.results['late-order'].prediction_id
    expect(await server.get(`/v1/predictions/${id}`)).toMatchObject({
      status: 200,
      json: { prediction_id: id, output: answer.results['late-order'].output, key: { order_id: order } },
    })
    const listed = await server.get<{ predictions: object[] }>('/v1/predictions?deployment=late-order')
    expect(listed.json.predictions).toHaveLength(live.orders.length + 1)
    expect(await send(live.deliveries.slice(0, 5))).toMatchObject({ accepted: 0, duplicates: 5 })
  })

  it('takes up another version while it runs, rolls back at once, and holds there', async () => {
    const answering = async (): Promise<string | null> =>
      (await predict(live.orders[0]!)).results['late-order'].model_version
    const second = await json<{ version: string }>(['train', 'late', '--trainer', 'logistic-regression'])
    expect(second.version).toBe('late:2')
    await json(['deploy', 'late:2', '--to', 'late-order'])
    await json(['apply', '--yes'])
    await until('late:2', async () => (await answering()) === 'late:2')

    expect(await json(['rollback', 'late-order'])).toMatchObject({ hold: { version: 'late:1', pin: 'late:2' } })
    await until('late:1', async () => (await answering()) === 'late:1')
    expect(await json(['apply', '--yes'])).toMatchObject({ held: ['late-order'] })
    expect(await server.stop()).toBe(0)
    server = await startServer(folder, atNow())
    expect(await answering()).toBe('late:1')

    await json(['rollback', 'late-order', '--release'])
    await until('late:2 again', async () => (await answering()) === 'late:2')
  })
})
