import { describe, expect, it } from 'vitest'
import {
  count,
  deployment,
  derive,
  entity,
  featureView,
  float,
  gradientBoosting,
  int,
  mean,
  model,
  moment,
  outcome,
  source,
  string,
  timestamp,
} from '../define/index.ts'
import { isNoonmarkError } from '../errors.ts'
import { type CatalogKind, catalogOf, searchCatalog } from './catalog.ts'
import { collectDefinitions } from './definitions.ts'
import { lineageOf } from './lineage.ts'
import { manifestOf } from './manifest.ts'

const shop = entity('shop', { key: { shop: string() }, description: 'A place that sells' })
const orders = source('orders', {
  columns: { order_id: string(), shop: string(), price: float(), email: string(), ordered_at: timestamp() },
  eventTime: 'ordered_at',
})
const returns = source('returns', {
  columns: { order_id: string(), shop: string(), cost: float(), faulty: int(), returned_at: timestamp() },
  eventTime: 'returned_at',
  owner: 'team-returns',
})
const shopReturns = featureView('shop_returns', {
  entity: shop,
  source: returns,
  owner: 'team-returns',
  features: (row) => ({
    returns_7d: count().over('7d'),
    mean_cost_7d: mean(row.cost).where(row.faulty.eq(1)).over('7d'),
  }),
})
const order = moment('order', {
  source: orders,
  key: { order_id: string() },
  entities: { seller: shop },
  request: { amount: float() },
  columns: { seller: 'shop', amount: 'price' },
})
const cost = derive(
  'cost',
  float(),
  { seen: shopReturns.feature('mean_cost_7d').for('seller'), amount: order.request.amount },
  ({ seen, amount }) => (seen ?? 0) * amount,
)
const label = outcome(returns, { value: (row) => row.faulty.eq(1), within: '7d', on: { order_id: 'order_id' } })
const risk = model('risk', { moment: order, inputs: [cost], label, trainer: gradientBoosting() })
const counting = model('counting', {
  moment: order,
  inputs: [shopReturns.pick('returns_7d').for('seller')],
  label,
  trainer: gradientBoosting(),
})
const riskyOrder = deployment('risky-order', risk, { champion: 'risk:3' })

const manifest = manifestOf(
  { project: 'shops' },
  collectDefinitions({ 'all.ts': { shop, orders, returns, shopReturns, order, risk, counting, riskyOrder } }),
  () => 'f'.repeat(64),
)

const madeOf = (kind: CatalogKind, name: string): string[] =>
  lineageOf(manifest, kind, name).made_of.map((one) => `${one.kind} ${one.name}`)
const usedBy = (kind: CatalogKind, name: string): string[] =>
  lineageOf(manifest, kind, name).used_by.map((one) => `${one.kind} ${one.name}`)

describe('lineage', () => {
  it('knows the columns of a feature, its condition and its key included', () => {
    expect(madeOf('feature', 'shop_returns:mean_cost_7d')).toEqual([
      'column returns.cost',
      'column returns.faulty',
      'column returns.shop',
      'column returns.returned_at',
      'entity shop',
      'source returns',
    ])
    expect(madeOf('feature', 'shop_returns:returns_7d')).not.toContain('column returns.cost')
  })

  it('follows what only a derive reads, and fields to the columns that they are called otherwise in', () => {
    expect(madeOf('model', 'risk')).toEqual(
      expect.arrayContaining(['feature shop_returns:mean_cost_7d', 'column orders.price', 'column returns.faulty']),
    )
    expect(madeOf('model', 'risk')).not.toContain('feature shop_returns:returns_7d')
  })

  it('says who uses a column, directly and by way of others, and who does not', () => {
    expect(lineageOf(manifest, 'column', 'returns.cost').used_by).toEqual([
      { kind: 'feature', name: 'shop_returns:mean_cost_7d', direct: true },
      { kind: 'feature-view', name: 'shop_returns', direct: false },
      { kind: 'model', name: 'risk', direct: false },
      { kind: 'deployment', name: 'risky-order', direct: false },
      { kind: 'version', name: 'risk:3', direct: false },
    ])
    expect(usedBy('column', 'orders.email')).toEqual([])
    expect(usedBy('model', 'counting')).toEqual([])
  })

  it('is the same edge from both ends', () => {
    for (const { kind, name } of catalogOf(manifest)) {
      for (const one of lineageOf(manifest, kind, name).made_of) {
        if (one.kind === 'version') continue
        expect(usedBy(one.kind, one.name), `${one.kind} ${one.name}`).toContain(`${kind} ${name}`)
      }
    }
  })

  it('names what there is when asked for what there is not', () => {
    try {
      lineageOf(manifest, 'feature', 'mean_cost_7d')
      expect.unreachable()
    } catch (error) {
      expect(isNoonmarkError(error) && [error.code, error.hint]).toEqual([
        'not_found',
        'Defined are shop_returns:mean_cost_7d and others.',
      ])
    }
  })
})

describe('the catalog', () => {
  const names = (query: string, kind: CatalogKind | null = null): string[] =>
    searchCatalog(manifest, { query, kind }).map((entry) => `${entry.kind} ${entry.name}`)

  it('has every definition, column and feature once, with its file', () => {
    const all = catalogOf(manifest)
    expect(new Set(all.map(({ kind, name }) => `${kind} ${name}`)).size).toBe(all.length)
    expect(all).toHaveLength(1 + 2 + 10 + 1 + 2 + 1 + 2 + 1)
    expect(all.every(({ file }) => file === 'all.ts')).toBe(true)
  })

  it('finds by all words, in names before descriptions, meanings and owners', () => {
    expect(names('cost')).toEqual(['column returns.cost', 'feature shop_returns:mean_cost_7d'])
    expect(names('SELLS')).toEqual(['entity shop'])
    expect(names('team-returns', 'feature')).toHaveLength(2)
    expect(names('mean team-returns')).toEqual(['feature shop_returns:mean_cost_7d'])
    expect(names('risk').slice(0, 2)).toEqual(['model risk', 'deployment risky-order'])
    expect(names('nothing of that')).toEqual([])
    expect(names('', 'model')).toEqual(['model counting', 'model risk'])
  })

  it('says the key that a feature is looked up by', () => {
    const [feature] = searchCatalog(manifest, { query: 'mean_cost', kind: 'feature' })
    expect(feature).toMatchObject({ entity: 'shop', key: ['shop'], source: 'returns', type: 'float' })
  })
})
