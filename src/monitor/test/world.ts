import fc from 'fast-check'
import { type FeatureValue, type NaiveRow, naiveFeature } from '../../aggregate/naive.ts'
import {
  type AggregateSpec,
  count,
  entity,
  type FeatureViewSpec,
  featureView,
  latest,
  type Manifest,
  max,
  mean,
  min,
  moment,
  type OutcomeSpec,
  outcome,
  share,
  source,
  sum,
} from '../../define/index.ts'
import { digestJson } from '../../digest.ts'
import type { PredictionRecord } from '../../serve/prediction-record.ts'
import { float, type Instant, int, int64, type Row, string, timestamp } from '../../values/index.ts'
import { timedRow, type WrittenRow } from './oracle-engine.ts'

/** The world of these tests: landings at airports, quotes of flights between them, and a model of delays. */
const airport = entity('airport', { key: { airport: string() } })

export const landings = source('landings', {
  columns: {
    flight_id: string(),
    airport: string(),
    delay: float(),
    seats: int(),
    weight: int64(),
    landed_at: timestamp(),
  },
  id: 'flight_id',
  eventTime: 'landed_at',
  availableAfter: '15m',
})

const punctuality = featureView('punctuality', {
  entity: airport,
  source: landings,
  features: (row) => ({
    landings_1d: count().over('1d'),
    late_1d: count().where(row.delay.gte(15)).over('1d'),
    delay_sum_6h: sum(row.delay).over('6h'),
    mean_delay_2h: mean(row.delay).over('2h'),
    mean_seats_2h: mean(row.seats).over('2h'),
    seats_6h: sum(row.seats).over('6h'),
    weight_1d: sum(row.weight).over('1d'),
    shortest_1d: min(row.delay).over('1d'),
    longest: max(row.seats),
    late_share_12h: share(row.delay.gte(15)).over('12h'),
    last_delay: latest(row.delay, { maxAge: '6h' }),
    last_flight: latest(row.flight_id),
    last_landing: max(row.landed_at).over('7d'),
  }),
})

const quotes = source('quotes', {
  columns: {
    flight_id: string(),
    origin: string(),
    destination: string(),
    distance: float(),
    quoted_at: timestamp(),
  },
  eventTime: 'quoted_at',
})

const quote = moment('quote', {
  source: quotes,
  key: { flight_id: string() },
  entities: { origin: airport, destination: airport },
  request: { distance: float() },
})

const late = outcome(landings, { value: (row) => row.delay.gte(15), within: '1d' })

const view: FeatureViewSpec = {
  name: 'punctuality',
  entity: 'airport',
  source: 'landings',
  key: punctuality.key,
  features: Object.entries(punctuality.features).map(([name, { aggregate }]) => ({
    name,
    aggregate,
    type: aggregate.type,
    digest: featureDigestOf(aggregate),
  })),
}

function featureDigestOf(aggregate: AggregateSpec): string {
  return digestJson(['landings', aggregate])
}

export const label: OutcomeSpec = {
  source: 'landings',
  value: late.value,
  type: 'bool',
  withinMs: late.withinMs,
  aggregate: null,
  on: [{ column: 'flight_id', field: 'flight_id' }],
  absent: null,
}

export const manifest: Manifest = {
  format: 1,
  semantics: 1,
  project: 'flights',
  entities: { airport: { name: 'airport', key: [{ name: 'airport', type: 'string' }] } },
  sources: { landings: landings.spec, quotes: quotes.spec },
  featureViews: { punctuality: view },
  moments: { quote: quote.spec },
  models: {
    delay: {
      name: 'delay',
      moment: 'quote',
      inputs: ['origin', 'destination'].flatMap((role) =>
        view.features.map(({ name, type, digest }) => ({
          input: 'feature' as const,
          column: `${role}_${name}`,
          type,
          role,
          view: 'punctuality',
          feature: name,
          digest,
        })),
      ),
      label,
      trainer: { kind: 'logistic-regression', parameters: {} } as unknown as Manifest['models'][string]['trainer'], // never read here
      baseline: null,
      checks: [],
      split: { from: null, validateFrom: null, validateShare: 0.2, to: null },
      retrain: null,
      tier: 'standard',
    },
  },
  deployments: {
    'quote-delay': {
      name: 'quote-delay',
      model: 'delay',
      champion: 'delay:1',
      shadow: ['delay:2'],
      timeoutMs: 50,
      fallback: [{ fallback: 'constant', output: { probability: 0.2 } }],
      log: 'best_effort',
    },
  },
  files: {},
}

/** Landings as the oracle reads them. */
export function timedLandings(rows: readonly WrittenRow[]): NaiveRow[] {
  return rows.map((row) => timedRow(landings.spec, row))
}

/** What is asked at a moment. */
export interface Asked {
  readonly flight: string
  readonly origin: string | null
  readonly destination: string | null
  readonly at: Instant
  readonly asOf?: Instant
}

/** How a served feature came about; the honest way is the oracle's. */
export type Serve = (name: string, role: string, key: readonly (string | null)[], asOf: Instant) => FeatureValue

/** Serves what the oracle says of rows; of another aggregate where one is given. */
export function honest(
  rows: readonly NaiveRow[],
  change: (aggregate: AggregateSpec) => AggregateSpec = (aggregate) => aggregate,
): Serve {
  return (name, _, key, asOf) => {
    const feature = view.features.find((one) => one.name === name)!
    const resolved = { feature: { ...feature, aggregate: change(feature.aggregate) }, view, source: landings.spec }
    return naiveFeature(rows, resolved, key, asOf)
  }
}

let ids = 0

/** The record of an answer. */
export function record(asked: Asked, serve: Serve, changes: Partial<PredictionRecord> = {}): PredictionRecord {
  const asOf = asked.asOf ?? asked.at
  const named = (name: string, value: string | null) => ({ name, type: 'string' as const, value })
  return {
    format: 1,
    contract: null,
    predictionId: `P${String(ids++).padStart(8, '0')}`,
    project: 'flights',
    deployment: 'quote-delay',
    moment: 'quote',
    model: 'delay',
    key: [named('flight_id', asked.flight)],
    item: null,
    at: asked.at,
    asOf: { landings: asOf },
    tables: {},
    entities: (['origin', 'destination'] as const).map((role) => ({
      role,
      entity: 'airport',
      key: [named('airport', asked[role])],
    })),
    request: [{ name: 'distance', type: 'float', value: 100 }],
    features: (['origin', 'destination'] as const).flatMap((role) =>
      view.features.map(({ name, type, digest }) => ({
        role,
        view: 'punctuality',
        feature: name,
        source: 'landings',
        type,
        digest,
        ...serve(name, role, [asked[role]], asOf),
      })),
    ),
    derived: [{ name: 'hour', type: 'int', code: 'c0de', value: new Date(asked.at).getUTCHours() }],
    output: { probability: 0.3 },
    version: 'delay:1',
    arm: 'champion',
    action: null,
    propensity: null,
    parent: null,
    group: null,
    answeredBy: 'champion',
    reason: null,
    detail: null,
    latency: { waitMs: 0, lookupMs: 1, deriveMs: 0.5, modelMs: 0.25 },
    manifest: 'm',
    loggedAt: asked.at + 5,
    ...changes,
  }
}

export const begin = Date.UTC(2026, 0, 1)
export const hour = 3_600_000

/** A landing at an airport. */
export function landing(
  flight: string,
  place: string,
  landedAt: Instant,
  delay: number | null,
  received: Instant | null = null,
): WrittenRow {
  const row: Row = {
    flight_id: flight,
    airport: place,
    delay,
    seats: 100,
    weight: 9_007_199_254_740_993n,
    landed_at: landedAt,
  }
  return { row, received }
}

const instant = fc.integer({ min: 0, max: 4 * 24 * 12 }).map((step) => begin + step * 300_000)
const jittered = fc.tuple(instant, fc.constantFrom(-1, 0, 0, 1, 17_003)).map(([at, shift]) => at + shift)
const place = fc.constantFrom('SFO', 'JFK', 'AMS')
/** Delays of very different sizes, so that sums cancel out. */
const delay = fc.oneof(
  fc.constant(null),
  fc.integer({ min: -60, max: 240 }),
  fc.double({ min: -1e3, max: 1e3, noNaN: true }).map((value) => value + 0),
  fc.constantFrom(1e12, -1e12, 0.1),
)

/** Random landings, of history and received, backfilled ones among them on request. */
export function landingRows(backfills: boolean): fc.Arbitrary<WrittenRow[]> {
  const one = fc.record({
    place,
    at: jittered,
    delay,
    seats: fc.option(fc.integer({ min: -5, max: 400 }), { nil: null }),
    weight: fc.option(fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }), { nil: null }),
    late: fc.option(fc.integer({ min: 0, max: 40 * hour }), { nil: null }),
    backfill: backfills ? fc.boolean() : fc.constant(false),
  })
  return fc.array(one, { maxLength: 60 }).map((rows) =>
    rows.map(({ place: at, at: landedAt, late: lateBy, backfill, ...values }, index) => ({
      row: { flight_id: `F${index}`, airport: at, landed_at: landedAt, ...values },
      received: lateBy === null ? null : landedAt + lateBy,
      backfill: backfill && lateBy !== null,
    })),
  )
}

/** Random moments. */
export const askedMoments: fc.Arbitrary<Asked[]> = fc
  .array(
    fc.record({
      origin: fc.option(place, { nil: null }),
      destination: fc.constantFrom('SFO', 'JFK', 'AMS', 'NRT'),
      at: jittered,
      behind: fc.constantFrom(0, 0, 50, hour),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((moments) =>
    moments.map(({ behind, ...asked }, index) => ({ ...asked, flight: `M${index}`, asOf: asked.at - behind })),
  )
