// Goal: parity finds a fault of the online state, and says where. Method: a whole platform answers at a moment; between answers
// a row is dropped from the state, or a tile is shifted by one hop, behind its back; the report, made from tables alone, must
// name that feature and no other, and find nothing before.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  constant,
  count,
  deployment,
  entity,
  featureView,
  float,
  logisticRegression,
  model,
  moment,
  outcome,
  source,
  string,
  sum,
  timestamp,
} from '../../src/define/index.ts'
import { type OnlineStore, rangeOf, readTiles, stateKeys, tilesValue } from '../../src/online/index.ts'
import { createTestPlatform, memoryStores, type TestPlatform } from '../../src/testing/index.ts'

const minuteMs = 60_000
const start = Date.UTC(2026, 0, 5)
const iso = (instant: number) => new Date(instant).toISOString()

const shop = entity('shop', { key: { shop: string() } })
const sales = source('sales', {
  columns: { sale_id: string(), shop: string(), amount: float(), sold_at: timestamp() },
  id: 'sale_id',
  eventTime: 'sold_at',
})
const visits = source('visits', {
  columns: { visit_id: string(), place: string(), visited_at: timestamp() },
  eventTime: 'visited_at',
})
const shopSales = featureView('shop_sales', {
  entity: shop,
  source: sales,
  features: (row) => ({ sales_1h: count().over('1h'), amount_12h: sum(row.amount).over('12h') }),
})
const visit = moment('visit', { source: visits, key: { visit_id: string() }, entities: { place: shop } })
const buys = model('buys', {
  moment: visit,
  inputs: [shopSales.for('place')],
  label: outcome(sales, {
    value: (row) => row.amount.gt(5),
    within: '1h',
    aggregate: 'first',
    on: { sale_id: 'visit_id' },
  }),
  trainer: logisticRegression(),
  baseline: ({ place_sales_1h }) => Math.min(1, place_sales_1h / 10),
})
const buying = deployment('buying', buys, { timeout: '5s', fallback: ['baseline', constant({ probability: 0.5 })] })

describe('parity', () => {
  let platform: TestPlatform
  let online: OnlineStore
  let visitsSoFar = 0
  let at = start

  beforeAll(async () => {
    platform = await createTestPlatform({
      definitions: { shop, sales, visits, shopSales, visit, buys, buying },
      clock: start,
      openStores: async (layout, clock) => {
        const stores = await memoryStores(layout, clock)
        online = await stores.openOnline()
        return stores
      },
    })
    await platform.apply()
  })
  afterAll(() => platform.close())

  /** Sells in both shops once a minute, so that rows are folded into tiles. */
  async function sell(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute++) {
      at += minuteMs
      await platform.advance(at)
      const rows = ['north', 'south'].map((name) => ({
        sale_id: `${name} ${at}`,
        shop: name,
        amount: minute % 7,
        sold_at: iso(at),
      }))
      await platform.ingest('sales', rows)
    }
    at += minuteMs
    await platform.advance(at)
  }

  /** Asks in both shops and says which features differ. */
  async function differing(): Promise<{ names: string[]; shops: string[]; compared: number }> {
    for (const place of ['north', 'south']) await platform.predict('visit', { visit_id: `v${visitsSoFar++}`, place })
    // The tables are known to be whole up to the last event that they hold.
    at += minuteMs
    await platform.advance(at)
    await platform.ingest('sales', [{ sale_id: `west ${at}`, shop: 'west', amount: 1, sold_at: iso(at) }])
    at += minuteMs
    await platform.advance(at)
    const { moments } = await platform.monitors()
    const features = moments.flatMap(({ parity }) => parity.features).filter((feature) => feature.differing > 0)
    return {
      names: features.map(({ role, feature }) => `${role} ${feature}`),
      shops: [
        ...new Set(
          features.flatMap(({ examples }) => examples.map(({ entity: served }) => Object.values(served).join())),
        ),
      ],
      compared: moments.reduce((total, { parity }) => total + parity.compared, 0),
    }
  }

  const featureKey = (name: string) => {
    const view = platform.manifest().featureViews.shop_sales!
    return stateKeys('test').feature(view.features.find((feature) => feature.name === name)!.digest)
  }

  it('finds nothing while the state is whole', async () => {
    await sell(40)
    expect(await differing()).toEqual({ names: [], shops: [], compared: 4 })
  })

  it('names the feature whose tile was shifted by a hop', async () => {
    const { ranges } = await online.read({ gets: [], ranges: [rangeOf(featureKey('sales_1h'))] })
    const north = ranges[0]!.find(({ key }) => Buffer.from(key).includes('north'))!
    const records = readTiles(north.value).slice()
    const oldest = records.findIndex((value) => value >= start)
    expect(oldest).toBeGreaterThanOrEqual(0)
    const hourMs = 60 * minuteMs
    records[oldest] = records[oldest]! - hourMs
    await online.write({ puts: [{ key: north.key, value: tilesValue(records) }], deletes: [] })
    expect(await differing()).toMatchObject({ names: ['place shop_sales:sales_1h'], shops: ['north'] })
    records[oldest] = records[oldest]! + hourMs
    await online.write({ puts: [{ key: north.key, value: tilesValue(records) }], deletes: [] })
  })

  it('names every feature that a dropped row belonged to', async () => {
    const before = await differing()
    const keys = async () => {
      const everything = { from: new Uint8Array([0]), to: new Uint8Array([255]) }
      const { ranges } = await online.read({ gets: [], ranges: [everything] })
      return new Map(ranges[0]!.map((entry) => [Buffer.from(entry.key).toString('hex'), entry.key]))
    }
    const standing = await keys()
    at += minuteMs
    await platform.advance(at)
    await platform.ingest('sales', [{ sale_id: 'dropped', shop: 'south', amount: 3, sold_at: iso(at) }])
    const raw = [...(await keys())].filter(([name, key]) => !standing.has(name) && Buffer.from(key).includes('south'))
    expect(raw).toHaveLength(1)
    await online.write({ puts: [], deletes: [raw[0]![1]] })
    at += minuteMs
    await platform.advance(at)
    const after = await differing()
    expect(before.names).toEqual(['place shop_sales:sales_1h'])
    expect(after.names.sort()).toEqual(['place shop_sales:amount_12h', 'place shop_sales:sales_1h'])
    expect(after.shops.sort()).toEqual(['north', 'south'])
  })
})
