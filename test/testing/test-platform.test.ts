// Goal: a project can be tested as its users test it. Method: the small project of the end-to-end tests, its history given as
// rows, from raw events to a watched model in this one process; then definitions as plain values.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  beatsBaseline,
  constant,
  count,
  deployment,
  derive,
  entity,
  featureView,
  float,
  int,
  latest,
  logisticRegression,
  mean,
  model,
  moment,
  outcome,
  source,
  string,
  timestamp,
} from '../../src/define/index.ts'
import { createTestPlatform, type TestPlatform } from '../../src/testing/index.ts'
import { generateOrders, historyTo, iso, projectFiles, removeProject, writeProject } from '../e2e/small-project.ts'

const hourMs = 3_600_000

/** A folder for temporary files of this process's own, so that what is left behind is seen. */
const temporary = mkdtempSync(join(tmpdir(), 'test-platform-'))
process.env.TMPDIR = temporary
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

describe('a test platform on a project', () => {
  let rootDir: string
  let platform: TestPlatform
  const { 'data/orders.csv': _orders, 'data/deliveries.csv': _deliveries, ...files } = projectFiles()
  const past = generateOrders({ count: 600, fromMs: historyTo - 720 * hourMs, toMs: historyTo, prefix: 'past' })
  beforeAll(async () => {
    rootDir = writeProject(files)
    const deliveries = past.deliveries.filter((row) => String(row.delivered_at) < iso(historyTo))
    platform = await createTestPlatform({
      rootDir,
      clock: historyTo,
      history: { orders: past.orders, deliveries },
    })
  })
  afterAll(async () => {
    await platform.close()
    expect(existsSync(`${rootDir}/.noonmark`)).toBe(false)
    expect(existsSync(`${rootDir}/noonmark.lock`)).toBe(false)
    removeProject(rootDir)
    expect(readdirSync(temporary)).toEqual([])
  })

  it('applies the project, once', async () => {
    expect((await platform.apply()).changed).toBe(true)
    expect((await platform.apply()).changed).toBe(false)
    expect(Object.keys(platform.manifest().models)).toEqual(['late'])
  })

  it('answers for history, and for an event once it is known', async () => {
    const feature = 'shop_deliveries:deliveries_total'
    const total = async () => (await platform.lookup([feature], [{ shop: 'aal' }]))[0]!.features[feature]
    const known = past.deliveries.filter(
      ({ shop, delivered_at }) => shop === 'aal' && String(delivered_at) < iso(historyTo),
    )
    expect(await total()).toEqual({ value: known.length, status: 'present' })
    const event = { order_id: 'new', shop: 'aal', delay_minutes: 7, delivered_at: new Date(historyTo) }
    expect(await platform.ingest('deliveries', [event])).toMatchObject({ accepted: 1, duplicates: 0 })
    expect(await platform.ingest('deliveries', [event])).toMatchObject({ accepted: 0, duplicates: 1 })
    expect(await total()).toEqual({ value: known.length, status: 'present' })
    await platform.advance(historyTo + 1)
    expect(await total()).toEqual({ value: known.length + 1, status: 'present' })
    const [yesterday, now] = await platform.explore(feature, { shop: 'aal' }, [historyTo - 24 * hourMs, historyTo + 1])
    expect(now!.deliveries_total).toEqual({ value: known.length + 1, status: 'present' })
    expect(Number(yesterday!.deliveries_total!.value)).toBeLessThan(known.length)
  })

  it('answers by its fallback before a version is deployed, and by the version after', async () => {
    const row = { order_id: 'first', shop: 'fra', kilograms: 18 }
    expect(await platform.predict('order', row)).toMatchObject({
      results: { 'late-order': { answered_by: 'fallback:baseline', model_version: null } },
    })
    const run = await platform.train('late', { seed: 7 })
    expect(run).toMatchObject({ status: 'succeeded', version: 'late:1', seed: 7 })
    await platform.deploy({ 'late-order': 'late:1' })
    expect(await platform.predict('order', { ...row, order_id: 'second' })).toMatchObject({
      results: { 'late-order': { answered_by: 'champion', model_version: 'late:1', logged: true } },
    })
    await expect(platform.deploy({ 'late-order': 'late:9' })).rejects.toMatchObject({ code: 'version_unknown' })
    await expect(platform.deploy({ early: 'late:1' })).rejects.toMatchObject({ code: 'not_found' })
  })

  it('measures parity and performance once outcomes are known', async () => {
    const day = generateOrders({ count: 40, fromMs: historyTo + hourMs, toMs: historyTo + 24 * hourMs, prefix: 'live' })
    const due = [...day.deliveries].sort((a, b) => String(a.delivered_at).localeCompare(String(b.delivered_at)))
    const asked: { readonly id: string; readonly order: string; readonly at: number }[] = []
    for (const { order_id, shop, kilograms, ordered_at } of day.orders) {
      const arrived = due.splice(
        0,
        due.findIndex((row) => String(row.delivered_at) >= String(ordered_at)),
      )
      for (const delivery of arrived) {
        await platform.advance(String(delivery.delivered_at))
        await platform.ingest('deliveries', [delivery])
      }
      await platform.advance(String(ordered_at))
      const answer = await platform.predict('order', { order_id, shop, kilograms })
      if (!('results' in answer)) throw new Error('one row gets one answer')
      const { results } = answer
      asked.push({
        id: results['late-order']!.prediction_id,
        order: String(order_id),
        at: Date.parse(String(ordered_at)),
      })
    }
    // Not mature yet, whatever has arrived.
    for (const { id } of asked) expect(await platform.outcome(id)).toEqual({ label: null, status: 'open', at: null })
    await platform.advance(historyTo + 96 * hourMs)
    await platform.ingest('deliveries', due)
    await platform.advance(historyTo + 97 * hourMs)
    const { parity, moments } = await platform.monitors()
    expect(parity.compared).toBeGreaterThanOrEqual(40 * 5)
    expect(parity.equal).toBe(parity.compared)
    expect(moments.map(({ moment }) => moment)).toEqual(['order'])
    const statuses = new Set<string>()
    for (const { id, order, at } of asked) {
      const came = day.deliveries.find(({ order_id, delivered_at }) => {
        const deliveredAt = Date.parse(String(delivered_at))
        return order_id === order && deliveredAt > at && deliveredAt <= at + 24 * hourMs
      })
      const found = await platform.outcome(id)
      statuses.add(found!.status)
      if (came === undefined) expect(found).toEqual({ label: null, status: 'absent', at: null })
      else {
        expect(found).toMatchObject({ label: Number(came.delay_minutes) >= 0, status: 'observed' })
        expect(found!.at).toBeGreaterThanOrEqual(Date.parse(String(came.delivered_at)))
      }
    }
    expect(statuses).toContain('observed')
  })

  it('says what is wrong as a server would, and changes nothing', async () => {
    await expect(
      platform.ingest('deliveries', [{ order_id: 'x', shop: 3, delivered_at: iso(historyTo) }]),
    ).rejects.toMatchObject({
      code: 'row_invalid',
      path: 'events[0].shop',
    })
    await expect(platform.lookup(['shop_deliveries:speed'], [{ shop: 'aal' }])).rejects.toMatchObject({
      code: 'not_found',
    })
    await expect(platform.advance(historyTo)).rejects.toMatchObject({ code: 'clock_backwards' })
  })
})

describe('a test platform on definitions as values', () => {
  const shop = entity('shop', { key: { shop: string() } })
  const visits = source('visits', {
    columns: { shop: string(), amount: float(), visited_at: timestamp() },
    eventTime: 'visited_at',
    history: 'visits.csv',
  })
  const shopVisits = featureView('shop_visits', {
    entity: shop,
    source: visits,
    features: (row) => ({
      visits_1d: count().over('1d'),
      mean_2h: mean(row.amount).over('2h'),
      last_amount: latest(row.amount, { maxAge: '1h' }),
    }),
  })
  const clock = '2026-01-02T00:00:00Z'

  it('is the quickest test of a feature: rows in, values out', async () => {
    const platform = await createTestPlatform({
      definitions: { shopVisits },
      clock,
      history: { visits: [{ shop: 'north', amount: 4, visited_at: '2026-01-01T23:30:00Z' }] },
    })
    try {
      await platform.apply()
      await platform.ingest('visits', [
        { shop: 'north', amount: 8, visited_at: '2026-01-02T00:00:00Z' },
        { shop: 'north', visited_at: '2026-01-02T00:01:00Z' },
      ])
      await platform.advance('2026-01-02T01:30:00Z')
      const names = ['visits_1d', 'mean_2h', 'last_amount'].map((name) => `shop_visits:${name}`)
      const [north, south] = await platform.lookup(names, [{ shop: 'north' }, { shop: 'south' }])
      expect(Object.values(north!.features)).toEqual([
        { value: 3, status: 'present' },
        { value: 6, status: 'present' },
        { value: null, status: 'expired' },
      ])
      expect(Object.values(south!.features).map(({ status }) => status)).toEqual(['present', 'not_found', 'not_found'])
    } finally {
      await platform.close()
    }
  })

  const quotes = source('quotes', {
    columns: { quote_id: string(), shop: string(), distance: float(), quoted_at: timestamp() },
    eventTime: 'quoted_at',
    id: 'quote_id',
  })
  const quote = moment('quote', {
    source: quotes,
    key: { quote_id: string() },
    entities: { shop },
    request: { distance: float() },
  })
  const sales = source('sales', {
    columns: { quote_id: string(), sold: float(), sold_at: timestamp() },
    eventTime: 'sold_at',
    id: 'quote_id',
  })
  const modelWith = (far: number, name: string) =>
    model(name, {
      moment: quote,
      inputs: [
        shopVisits.for('shop'),
        derive('miles', int(), { distance: quote.request.distance }, ({ distance }) => Math.round(distance)),
      ],
      label: outcome(sales, { value: (row) => row.sold.gt(0), within: '1d' }),
      trainer: logisticRegression(),
      baseline:
        far === 0 ? ({ miles }) => ((miles ?? 0) > 100 ? 0.4 : 0.1) : ({ miles }) => ((miles ?? 0) > far ? 0.4 : 0.1),
      checks: [beatsBaseline('auc', { by: 0.01 })],
    })

  it('runs derives and baselines that stand alone', async () => {
    const sold = modelWith(0, 'sold')
    const soldQuote = deployment('sold-quote', sold, {
      timeout: '2s',
      fallback: ['baseline', constant({ probability: 0.2 })],
    })
    const platform = await createTestPlatform({ definitions: [{ shopVisits }, { soldQuote }], clock })
    try {
      await platform.apply()
      expect(await platform.predict('quote', { quote_id: 'a', shop: 'north', distance: 140.2 })).toMatchObject({
        results: { 'sold-quote': { output: { probability: 0.4 }, answered_by: 'fallback:baseline' } },
      })
    } finally {
      await platform.close()
    }
  })

  it('refuses a function that uses what stands around it, and names both', async () => {
    const platform = await createTestPlatform({ definitions: { sold: modelWith(50, 'sold') }, clock })
    await expect(platform.apply()).rejects.toMatchObject({
      code: 'code_closure',
      path: 'definitions > model sold > baseline',
      message: expect.stringContaining('uses far of'),
    })
    await platform.close()
  })

  it('names the column of a row of history that does not fit, and the source that is not there', async () => {
    const wrong = (history: Parameters<typeof createTestPlatform>[0]['history'] & object) =>
      createTestPlatform({ definitions: { shopVisits }, clock, history })
    const mistyped = await wrong({ visits: [{ shop: 'north', amount: 'much', visited_at: clock }] })
    await expect(mistyped.apply()).rejects.toMatchObject({ code: 'row_invalid', path: 'history.visits[0].amount' })
    const unknown = await wrong({ visitors: [] })
    await expect(unknown.apply()).rejects.toMatchObject({ code: 'not_found', path: 'history.visitors' })
    await Promise.all([mistyped.close(), unknown.close()])
  })
})
