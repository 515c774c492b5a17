// Random rows and features over every dtype, window and aggregate, for tests that hold engines against the naive oracle.
import fc from 'fast-check'
import type { NaiveRow } from '../../src/aggregate/index.ts'
import {
  type Aggregate,
  bool,
  count,
  entity,
  type FeatureView,
  type FeatureViewSpec,
  featureView,
  float,
  int,
  int64,
  latest,
  max,
  mean,
  min,
  type ResolvedFeature,
  type RowExpressions,
  type SourceSpec,
  share,
  source,
  string,
  sum,
  timestamp,
} from '../../src/define/index.ts'
import { digestJson } from '../../src/digest.ts'
import {
  compileExpression,
  encodeRow,
  floorTo,
  type Instant,
  type Row,
  type Value,
  windowStart,
} from '../../src/values/index.ts'

/** 2026-01-15T00:00:00Z: where random events lie. */
export const base: Instant = Date.UTC(2026, 0, 15)
const day = 86_400_000

export type Availability = 'event' | 'column' | 'lag'

const columns = {
  row_id: string(),
  origin: string(),
  destination: string(),
  gate: int(),
  happened_at: timestamp(),
  known_at: timestamp(),
  i: int(),
  l: int64(),
  f: float(),
  b: bool(),
  s: string(),
  t: timestamp(),
}

/** A source with every dtype, two string keys and an int key. */
export function randomSource(options: { readonly id: boolean; readonly available: Availability }) {
  return source('landings', {
    columns,
    eventTime: 'happened_at',
    ...(options.id ? { id: 'row_id' as const } : {}),
    ...(options.available === 'column' ? { availableAt: 'known_at' as const } : {}),
    ...(options.available === 'lag' ? { availableAfter: '15m' as const } : {}),
    history: 'landings/*.parquet',
  })
}

/** The columns of the random source, as expressions. */
export type Expressions = RowExpressions<typeof columns>

/** Every key that a random row may have lies in these entities: one key column, and two. */
export const airport = entity('airport', { key: { airport: string() } })
export const stand = entity('stand', { key: { airport: string(), gate: int() } })

/** Every aggregate over many windows, twice by different keys of the same source and once by a key of two columns. */
export function randomFeatures(options: { readonly id: boolean; readonly available: Availability }): ResolvedFeature[] {
  const landings = randomSource(options)
  const origin = featureView('by_origin', {
    entity: airport,
    source: landings,
    key: { airport: 'origin' },
    features: (row) => ({
      n: count(),
      n_1m: count().over('1m'),
      n_f_1h: count(row.f).over('1h'),
      n_s_12m: count(row.s).where(row.b).over('12m'),
      n_12d: count().over('12d'),
      sum_i: sum(row.i),
      sum_i_1h: sum(row.i).over('1h'),
      sum_l_1d: sum(row.l).over('1d'),
      sum_f_12h: sum(row.f).over('12h'),
      sum_f: sum(row.f),
      mean_f_1h: mean(row.f).over('1h'),
      mean_i_12d: mean(row.i).where(row.s.ne('a')).over('12d'),
      mean_ratio: mean(row.f.dividedBy(row.i)).over('90m'),
      min_f_1h: min(row.f).over('1h'),
      max_f: max(row.f),
      min_i_5m: min(row.i).over('5m'),
      max_l_1d: max(row.l).over('1d'),
      min_l: min(row.l),
      max_t_2h: max(row.t).over('2h'),
      share_1h: share(row.f.gt(0)).over('1h'),
      share_12h: share(row.b.or(row.f.lt(0)).and(row.s.isNotNull())).over('12h'),
      last_f: latest(row.f),
      last_f_age: latest(row.f, { maxAge: '6h' }),
      last_s: latest(row.s, { ignoreNulls: true }),
      last_s_age: latest(row.s, { ignoreNulls: true, maxAge: '10m' }),
      last_l: latest(row.l).where(row.l.gt(0n).or(row.b)),
      last_b: latest(row.b),
      last_t: latest(row.t, { maxAge: '1d' }),
      last_late: latest(row.f.gte(1.5)),
      last_i: latest(row.i),
    }),
  })
  const destination = featureView('by_destination', {
    entity: airport,
    source: landings,
    key: { airport: 'destination' },
    features: (row) => ({
      n: count(),
      n_1h: count().over('1h'),
      mean_f_1d: mean(row.f).over('1d'),
      last_l: latest(row.l),
    }),
  })
  const gate = featureView('by_gate', {
    entity: stand,
    source: landings,
    key: { airport: 'origin' },
    features: (row) => ({ n_12h: count().over('12h'), max_i: max(row.i), last_s: latest(row.s) }),
  })
  return [origin, destination, gate].flatMap((view) => featuresOf(view, landings.spec))
}

/** The features of a view, each with all that computes it. */
export function featuresOf(
  view: Pick<FeatureView, 'name' | 'entity' | 'key' | 'features'>,
  spec: SourceSpec,
): ResolvedFeature[] {
  const features = Object.entries(view.features).map(([name, { aggregate }]: [string, Aggregate]) => ({
    name,
    aggregate,
    type: aggregate.type,
    digest: digestJson({ source: spec.name, id: spec.id, key: view.key.map((key) => key.source), aggregate }),
  }))
  const { key } = view
  const viewSpec: FeatureViewSpec = { name: view.name, entity: view.entity.name, source: spec.name, key, features }
  return features.map((feature) => ({ feature, view: viewSpec, source: spec }))
}

const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 5 })
const grains = [1, 1_000, 5_000, 60_000, 300_000, 3_600_000, day]
/** Instants near the edges of hops and far from them, within `spanMs` after the base. */
export const randomInstant = (spanMs = 3 * day) =>
  fc
    .tuple(fc.integer({ min: 0, max: spanMs }), fc.constantFrom(...grains), fc.integer({ min: -1, max: 1 }))
    .map(([offset, grain, nudge]) => base + floorTo(offset, grain) + nudge)

const airports = fc.constantFrom('SFO', 'JFK', 'ÅL')
const lags = fc.constantFrom(-7_200_000, -1, 0, 1, 60_000, 1_200_000, 3_600_000, 2 * day)

/** One row of the source, its id left to the caller. */
export const randomRow = (instant: fc.Arbitrary<Instant> = randomInstant()): fc.Arbitrary<Row> =>
  fc
    .record({
      origin: nullable(airports),
      destination: nullable(airports),
      gate: nullable(fc.constantFrom(-1, 0, 7)),
      happened_at: instant,
      lag: nullable(lags),
      i: nullable(fc.oneof(fc.integer({ min: -3, max: 9 }), fc.constantFrom(2 ** 53 - 1, -(2 ** 53 - 1)))),
      l: nullable(fc.oneof(fc.bigInt({ min: -3n, max: 9n }), fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n)))),
      f: nullable(
        fc.oneof(
          fc.integer({ min: -20, max: 20 }).map((n) => n / 8),
          fc.constantFrom(1e15, -1e15, 1e-9, 0.1),
        ),
      ),
      b: nullable(fc.boolean()),
      s: nullable(fc.constantFrom('a', 'b', '', 'é')),
      t: nullable(randomInstant()),
    })
    .map(({ lag, ...row }) => ({ row_id: '', known_at: lag === null ? null : row.happened_at + lag, ...row }))

/** The available time that the source declares for a row; null: never visible. */
export function declaredAvailable(spec: SourceSpec, row: Row): Instant | null {
  const event = Number(row[spec.eventTime])
  if (spec.available.from === 'event') return event
  if (spec.available.from === 'lag') return event + spec.available.lagMs
  const at = row[spec.available.column] ?? null
  return at === null ? null : Number(at)
}

/** A row as the oracle takes it; available as declared unless given. */
export function naiveRow(spec: SourceSpec, row: Row, availableMs = declaredAvailable(spec, row)): NaiveRow {
  const id = spec.id === null ? null : String(row[spec.id])
  return { eventMs: Number(row[spec.eventTime]), availableMs, id, row, body: encodeRow(spec.columns, row) }
}

/** Keys to ask for: present ones, one that no row has, and one with a null. */
export function keysOf({ view }: ResolvedFeature): (Value | null)[][] {
  const names = ['SFO', 'JFK', 'ÅL', 'XXX', null]
  return view.key.length === 1
    ? names.map((name) => [name])
    : names.flatMap((name) => [
        [name, 7],
        [name, null],
      ])
}

/** Whether two values are the same, floating-point aggregates within the tolerance of the contract. */
export function sameValue(a: Value | null, b: Value | null, feature: ResolvedFeature, scale: number): boolean {
  const tolerant = feature.feature.type === 'float' && ['sum', 'mean'].includes(feature.feature.aggregate.function)
  if (!tolerant || typeof a !== 'number' || typeof b !== 'number') return Object.is(a, b)
  return Math.abs(a - b) <= 1e-9 * scale
}

/** The sum of |x| over the rows in the window, which the tolerance is a part of; divided by n for means. */
export function scaleOf(rows: readonly NaiveRow[], { feature }: ResolvedFeature, at: number): number {
  const { value, windowMs } = feature.aggregate
  if (value === null) return 0
  const start = windowMs === null ? Number.NEGATIVE_INFINITY : windowStart(at, windowMs)
  const evaluate = compileExpression(value)
  return rows
    .filter(({ eventMs }) => eventMs >= start)
    .reduce((total, { row }) => total + Math.abs(Number(evaluate(row) ?? 0)), 0)
}
