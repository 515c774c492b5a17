/** Parcels that are ordered at a depot and delivered late or not: a project in which there is something to learn. */
import {
  beatsBaseline,
  type CheckSpec,
  count,
  deployment,
  derive,
  entity,
  featureView,
  float,
  gradientBoosting,
  int,
  latest,
  mean,
  model,
  moment,
  noLeakage,
  outcome,
  source,
  string,
  type TrainerSpec,
  timestamp,
} from '../../src/define/index.ts'
import type { Row } from '../../src/values/index.ts'
import type { TestTable } from './training-world.ts'

const [hourMs, dayMs] = [3_600_000, 86_400_000]

/** Orders are made on these twenty days. */
export const firstDayMs = Date.UTC(2026, 0, 1)
export const lastDayMs = firstDayMs + 20 * dayMs
/** Every order has been delivered by then, and is mature. */
export const nowMs = lastDayMs + 3 * dayMs

/** What a test may want otherwise. */
export interface ParcelOptions {
  readonly checks?: readonly CheckSpec[]
  readonly trainer?: TrainerSpec
  readonly champion?: string
  /** Labels that say whether it was later than this; what never comes true leaves one class. */
  readonly lateHours?: number
  readonly withoutHour?: boolean
  /** Other files of these sources. */
  readonly ordersFile?: string
  readonly deliveriesFile?: string
}

/** The definitions of the project. */
export function parcelProject(options: ParcelOptions = {}): Readonly<Record<string, unknown>> {
  const { lateHours = 0, ordersFile = 'data/orders.parquet', deliveriesFile = 'data/deliveries.parquet' } = options
  const depot = entity('depot', { key: { depot: string() } })
  const deliveries = source('deliveries', {
    history: deliveriesFile,
    columns: { order_id: string(), depot: string(), hours_late: float(), delivered_at: timestamp() },
    id: 'order_id',
    eventTime: 'delivered_at',
  })
  const orders = source('orders', {
    history: ordersFile,
    columns: { order_id: string(), depot: string(), kilograms: float(), ordered_at: timestamp() },
    id: 'order_id',
    eventTime: 'ordered_at',
  })
  const depotDeliveries = featureView('depot_deliveries', {
    entity: depot,
    source: deliveries,
    features: (row) => ({
      deliveries_1d: count().over('1d'),
      mean_late_1d: mean(row.hours_late).over('1d'),
      last_late: latest(row.hours_late),
    }),
  })
  const order = moment('order', {
    source: orders,
    key: { order_id: string() },
    entities: { depot },
    request: { kilograms: float() },
  })
  const hour = derive('hour', int(), { at: order.at }, ({ at }) => at.getUTCHours())
  const late = model('late', {
    moment: order,
    owner: 'team-parcels',
    inputs: [
      depotDeliveries.for('depot'),
      order.entities.depot.depot,
      order.request.kilograms,
      ...(options.withoutHour === true ? [] : [hour]),
    ],
    label: outcome(deliveries, { value: (row) => row.hours_late.gte(lateHours), within: '1d' }),
    trainer: options.trainer ?? gradientBoosting({ trees: 15, leaves: 7, min_rows_leaf: 5 }),
    baseline: ({ depot_last_late }) => ((depot_last_late ?? 0) > 0 ? 0.55 : 0.45),
    checks: options.checks ?? [noLeakage({ sampleRows: 20 }), beatsBaseline('auc', { by: 0.01 })],
    split: { validateFrom: '2026-01-14' },
  })
  const lateOrder = deployment('late-order', late, {
    ...(options.champion === undefined ? {} : { champion: options.champion }),
    fallback: ['baseline'],
  })
  return { depot, deliveries, orders, depotDeliveries, order, late, lateOrder }
}

/** Orders and deliveries, the same for the same count. A heavy parcel is late, and so is one of a depot that is late these days. */
export function parcelTables(orderCount = 400): { readonly orders: TestTable; readonly deliveries: TestTable } {
  const random = randomNumbers(orderCount)
  const rows: { order: Row; delivery: Row }[] = Array.from({ length: orderCount }, (_, i) => {
    const orderedAt = Math.floor(firstDayMs + ((lastDayMs - firstDayMs) * (i + random())) / orderCount)
    const place = Math.floor(random() * 4)
    const kilograms = Math.round(random() * 200) / 10
    const trouble = Math.sin(orderedAt / (2.5 * dayMs) + place * 1.5)
    const hoursLate = Math.round((2 * trouble + (kilograms - 10) / 5 + 2 * (random() - 0.5)) * 100) / 100
    const order = { order_id: `order-${i}`, depot: `depot-${place}` }
    return {
      order: { ...order, kilograms: random() < 0.05 ? null : kilograms, ordered_at: orderedAt },
      delivery: { ...order, hours_late: hoursLate, delivered_at: orderedAt + Math.floor((6 + random() * 6) * hourMs) },
    }
  })
  const types = { order_id: 'string', depot: 'string' } as const
  return {
    orders: { types: { ...types, kilograms: 'float', ordered_at: 'timestamp' }, rows: rows.map(({ order }) => order) },
    deliveries: {
      types: { ...types, hours_late: 'float', delivered_at: 'timestamp' },
      rows: rows.map(({ delivery }) => delivery),
    },
  }
}

/** The files of the project. */
export function parcelFiles(orderCount?: number): Readonly<Record<string, TestTable>> {
  const tables = parcelTables(orderCount)
  return {
    'data/orders.parquet': tables.orders,
    'data/deliveries.parquet': tables.deliveries,
    'data/no-orders.parquet': { ...tables.orders, rows: [] },
    'data/no-deliveries.parquet': { ...tables.deliveries, rows: [] },
  }
}

/** Numbers in [0, 1), the same for the same seed (mulberry32 by Tommy Ettinger, public domain). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
