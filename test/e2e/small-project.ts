/** A small project as a user writes it: deliveries of shops, and how likely it is that an order arrives late. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const [hourMs, dayMs] = [3_600_000, 86_400_000]

/** Where history ends, and a replay clock starts; it has 30 days. */
export const historyTo = Date.parse('2026-01-31T00:00:00Z')
export const shops = ['aal', 'bre', 'cph', 'dub', 'eze', 'fra']

/** A row of a file or an event, by column. */
export type Row = Readonly<Record<string, string | number | null>>

export const iso = (instant: number): string => new Date(instant).toISOString()

/** Random numbers in [0, 1) that are the same for the same seed (mulberry32 by Tommy Ettinger, public domain). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Orders and what became of them. A shop with long delays goes on having them, so there is something to learn. */
export function generateOrders(options: {
  readonly count: number
  readonly fromMs: number
  readonly toMs: number
  readonly prefix: string
}): { readonly orders: readonly Row[]; readonly deliveries: readonly Row[] } {
  const { count, fromMs, toMs, prefix } = options
  const next = random(count)
  const orders: Row[] = []
  const deliveries: Row[] = []
  for (let i = 0; i < count; i++) {
    const orderedMs = Math.floor(fromMs + ((toMs - fromMs) * i) / count)
    const place = Math.floor(next() * shops.length)
    const kilograms = Math.round(next() * 200) / 10
    const delay = Math.round((place * 6 + kilograms - 18 + 12 * (next() - 0.5)) * 10) / 10
    const order = { order_id: `${prefix}-${i}`, shop: shops[place]! }
    orders.push({ ...order, kilograms, ordered_at: iso(orderedMs) })
    const deliveredMs = orderedMs + Math.floor((1 + 5 * next()) * hourMs)
    deliveries.push({ ...order, delay_minutes: delay, delivered_at: iso(deliveredMs) })
  }
  return { orders, deliveries }
}

/** The text of a CSV file with a header line; null is an empty field. */
export function csv(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {})
  return `${[columns, ...rows.map((row) => columns.map((name) => row[name] ?? ''))].map((line) => line.join(',')).join('\n')}\n`
}

/** The orders and deliveries of history. What has not arrived when it ends is not known yet. */
export function generateHistory(toMs: number): {
  readonly orders: readonly Row[]
  readonly deliveries: readonly Row[]
} {
  const { orders, deliveries } = generateOrders({ count: 600, fromMs: toMs - 30 * dayMs, toMs, prefix: 'past' })
  return { orders, deliveries: deliveries.filter((row) => String(row.delivered_at) < iso(toMs)) }
}

/** The project's files by path, with a history that ends at an instant. */
export function projectFiles(toMs = historyTo): Record<string, string> {
  const { orders, deliveries } = generateHistory(toMs)
  return {
    'data/orders.csv': csv(orders),
    'data/deliveries.csv': csv(deliveries),
    'noonmark.config.ts': `import { defineConfig } from 'noonmark'

export default defineConfig({ project: 'parcels' })
`,
    'features/shop.ts': `import { count, entity, featureView, float, latest, mean, share, source, string, timestamp } from 'noonmark'

export const shop = entity('shop', { key: { shop: string() }, description: 'A shop that sends parcels' })

export const deliveries = source('deliveries', {
  history: 'data/deliveries.csv',
  columns: { order_id: string(), shop: string(), delay_minutes: float(), delivered_at: timestamp() },
  id: 'order_id',
  eventTime: 'delivered_at',
})

export const shopDeliveries = featureView('shop_deliveries', {
  entity: shop,
  source: deliveries,
  features: (row) => ({
    deliveries_total: count(),
    deliveries_1d: count().over('1d'),
    mean_delay_2d: mean(row.delay_minutes).over('2d'),
    late_share_7d: share(row.delay_minutes.gte(0)).over('7d'),
    last_delay: latest(row.delay_minutes, { maxAge: '3d' }),
  }),
})
`,
    'moments/order.ts': `import { derive, float, int, moment, source, string, timestamp } from 'noonmark'
import { shop } from '../features/shop.ts'

export const orders = source('orders', {
  history: 'data/orders.csv',
  columns: { order_id: string(), shop: string(), kilograms: float(), ordered_at: timestamp() },
  id: 'order_id',
  eventTime: 'ordered_at',
})

export const order = moment('order', {
  description: 'Somebody orders a parcel',
  source: orders,
  key: { order_id: string() },
  entities: { shop },
  request: { kilograms: float() },
})

export const weightClass = derive('weight_class', int(), { kilograms: order.request.kilograms }, ({ kilograms }) =>
  Math.floor((kilograms ?? 0) / 5),
)
`,
    'models/late.ts': `import { beatsBaseline, gradientBoosting, model, noLeakage, outcome } from 'noonmark'
import { deliveries, shopDeliveries } from '../features/shop.ts'
import { order, weightClass } from '../moments/order.ts'

export const late = model('late', {
  moment: order,
  owner: 'team-parcels',
  inputs: [shopDeliveries.for('shop'), order.request.kilograms, weightClass],
  label: outcome(deliveries, { value: (row) => row.delay_minutes.gte(0), within: '1d' }),
  trainer: gradientBoosting({ trees: 30, leaves: 7 }),
  baseline: ({ shop_late_share_7d }) => (shop_late_share_7d ?? 0.5) > 0.8 ? 0.7 : 0.4,
  checks: [noLeakage({ sampleRows: 20 }), beatsBaseline('auc', { by: 0.02 })],
  split: { from: '${iso(toMs - 27 * dayMs)}', validateFrom: '${iso(toMs - 9 * dayMs)}', to: '${iso(toMs - 2 * dayMs)}' },
})
`,
    'deployments.ts': `import { constant, deployment } from 'noonmark'
import { late } from './models/late.ts'

export const lateOrder = deployment('late-order', late, {
  timeout: '2s',
  fallback: ['baseline', constant({ probability: 0.25 })],
})
`,
  }
}

/** Writes files into a folder, or into a new one below the system's folder for temporary files. */
export function writeProject(
  files: Readonly<Record<string, string>>,
  folder = mkdtempSync(join(tmpdir(), 'noonmark-e2e-')),
): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

/** Deletes a project and everything in it. */
export function removeProject(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
