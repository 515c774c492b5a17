/**
 * A small project that is really there: definitions through the manifest, an online store in memory that a real writer
 * fills from events, worker threads, a prediction log in a temporary folder. Only the disk is temporary.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { encodeModelArtifact, encodeReferenceRows } from '../../src/artifact/index.ts'
import { type Clock, type ReplayClock, replayClock } from '../../src/clock.ts'
import { createFunctionPool, type FunctionPool } from '../../src/code/index.ts'
import {
  bool,
  constant,
  count,
  deployment,
  derive,
  entity,
  featureView,
  float,
  int,
  int64,
  latest,
  logisticRegression,
  type Manifest,
  type ModelSpec,
  mean,
  model,
  moment,
  outcome,
  source,
  string,
  timestamp,
} from '../../src/define/index.ts'
import { digestBytes, digestJson } from '../../src/digest.ts'
import { createWriter, materialize, type Writer } from '../../src/materialize/index.ts'
import { memoryOnlineStore } from '../../src/online/drivers/memory.ts'
import { type OnlineStore, prepareLookup } from '../../src/online/index.ts'
import { collectDefinitions } from '../../src/plan/definitions.ts'
import { manifestOf } from '../../src/plan/manifest.ts'
import {
  createFeatureReader,
  createPredictor,
  type FeatureLookup,
  type FeatureReader,
  type Hold,
  loadVersion,
  openPredictionLog,
  openPredictionReader,
  type PredictionLog,
  type PredictionReader,
  type Predictor,
  type ProjectCode,
  type ServableVersion,
  servingMetrics,
  type VersionState,
} from '../../src/serve/index.ts'
import { memoryStreamLog } from '../../src/stream/drivers/memory.ts'
import { statuses } from '../../src/values/index.ts'

const airport = entity('airport', { key: { airport: string() } })
const customer = entity('customer', { key: { country: string(), number: int() } })

const landings = source('landings', {
  columns: { flight_id: string(), airport: string(), delay: float(), tail: int64(), landed_at: timestamp() },
  id: 'flight_id',
  eventTime: 'landed_at',
})
const orders = source('orders', {
  columns: { country: string(), number: int(), amount: float(), ordered_at: timestamp() },
  eventTime: 'ordered_at',
})
const punctuality = featureView('punctuality', {
  entity: airport,
  source: landings,
  features: (row) => ({
    landings_1d: count().over('1d'),
    mean_delay_2h: mean(row.delay).over('2h'),
    last_tail: latest(row.tail),
  }),
})
const spending = featureView('spending', {
  entity: customer,
  source: orders,
  features: (row) => ({ orders_7d: count().over('7d'), last_amount: latest(row.amount) }),
})

const quotes = source('quotes', {
  columns: {
    quote_id: string(),
    origin: string(),
    customer_country: string(),
    customer_number: int(),
    distance: float(),
    departs_at: timestamp(),
    mood: string(),
    seat: int64(),
    flexible: bool(),
    quoted_at: timestamp(),
  },
  eventTime: 'quoted_at',
})
const quote = moment('quote', {
  source: quotes,
  key: { quote_id: string() },
  entities: { origin: airport, customer },
  request: {
    distance: float(),
    departs_at: timestamp(),
    mood: string().optional(),
    seat: int64().optional(),
    flexible: bool().optional(),
  },
})
const refunds = source('refunds', {
  columns: { refund_id: int64(), amount: float(), refunded_at: timestamp() },
  eventTime: 'refunded_at',
})
const refund = moment('refund', {
  source: refunds,
  key: { refund_id: int64() },
  request: { amount: float() },
})

const hour = derive('departure_hour', int(), { departs_at: quote.request.departs_at }, ({ departs_at }) =>
  departs_at.getUTCHours(),
)
/** Does what the request asks for: the ways in which project code can go wrong. */
const moody = derive('moody', int(), { mood: quote.request.mood }, ({ mood }) => {
  if (mood === 'throw') throw new Error('not today')
  if (mood === 'loop') for (;;);
  if (mood === 'wrong type') return 'seven' as unknown as number // JavaScript would let it
  return mood === null ? null : mood.length
})
const doubled = derive('doubled', float(), { amount: refund.request.amount }, ({ amount }) => amount * 2)

const late = model('late', {
  moment: quote,
  owner: 'team-quotes',
  inputs: [punctuality.for('origin'), spending.pick('orders_7d').for('customer'), quote.request.distance, hour, moody],
  label: outcome(landings, { value: (row) => row.delay.gte(15), within: '2d', on: { flight_id: 'quote_id' } }),
  trainer: logisticRegression(),
  baseline: ({ origin_mean_delay_2h, distance }) => {
    if (distance === -1) throw new Error('no such distance')
    if (distance === -2) for (;;);
    if (distance === -3) return 7
    return (origin_mean_delay_2h ?? 0) > 20 ? 0.4 : 0.1
  },
})
const plain = model('plain', {
  moment: quote,
  inputs: [quote.request.distance, punctuality.pick('landings_1d').for('origin')],
  label: outcome(landings, { value: (row) => row.delay.gte(15), within: '2d', on: { flight_id: 'quote_id' } }),
  trainer: logisticRegression(),
})
const risk = model('risk', {
  moment: refund,
  inputs: [doubled],
  label: outcome(refunds, { value: (row) => row.amount.gte(15), within: '2d' }),
  trainer: logisticRegression(),
})
const lateQuote = deployment('late-quote', late, {
  champion: 'late:1',
  shadow: ['late:2'],
  timeout: '500ms',
  fallback: ['baseline', constant({ probability: 0.2 })],
})
const plainQuote = deployment('plain-quote', plain, { champion: 'plain:1', timeout: '500ms' })
const riskOf = deployment('refund-risk', risk, { champion: 'risk:1', timeout: '500ms' })

/** What the clock of this world shows at first. */
export const startMs = Date.UTC(2026, 0, 31, 12)

/** Function sources by digest, and the manifest that names them. */
export function worldManifest(change: (manifest: Manifest) => Manifest = (same) => same): {
  readonly manifest: Manifest
  readonly functions: ReadonlyMap<string, string>
} {
  const functions = new Map<string, string>()
  const definitions = collectDefinitions({
    'world.ts': {
      airport,
      customer,
      landings,
      orders,
      punctuality,
      spending,
      quotes,
      quote,
      refunds,
      refund,
      late,
      plain,
      risk,
      lateQuote,
      plainQuote,
      riskOf,
    },
  })
  const manifest = manifestOf({ project: 'world' }, definitions, (run) => {
    const text = `export default ${run.toString()}`
    const digest = digestBytes(text)
    functions.set(digest, text)
    return digest
  })
  return { manifest: change(manifest), functions }
}

/** A version whose log-odds are the sum of its inputs by weight; missing inputs add nothing. */
export function linearVersion(
  name: string,
  spec: ModelSpec,
  weights: Readonly<Record<string, number>>,
): ServableVersion {
  const { artifact, reference } = linearBytes(spec, weights)
  return loadVersion({ name, model: spec, artifact, reference })
}

/** The stored bytes of such a version, with a reference row that it repeats. */
export function linearBytes(
  spec: ModelSpec,
  weights: Readonly<Record<string, number>>,
  wrongBy = 0,
): { readonly artifact: Uint8Array; readonly reference: Uint8Array } {
  const columns = spec.inputs.map(({ column }) => column)
  const n = columns.length
  const artifact = encodeModelArtifact({
    kind: 'linear',
    inputs: columns.map((column) => ({ name: column, kind: 'number' })),
    linear: {
      objective: 'binary',
      intercept: 0,
      isCategory: new Int32Array(n),
      mean: new Float64Array(n),
      scale: new Float64Array(n).fill(1),
      missingWeight: new Float64Array(n),
      weightStart: Int32Array.from({ length: n + 1 }, (_, index) => index),
      weights: Float64Array.from(columns, (column) => weights[column] ?? 0),
    },
  })
  const row = columns.map(() => 1)
  const score = columns.reduce((sum, column) => sum + (weights[column] ?? 0), 0)
  const probabilities = [1 / (1 + Math.exp(-score)) + wrongBy]
  return { artifact, reference: encodeReferenceRows({ columns, rows: [row], probabilities }) }
}

/** Lookups out of a store at the frontiers of a writer, as a serve process makes them. */
export function lookupIn(store: OnlineStore, writer: Writer): FeatureLookup {
  return {
    prepare(features) {
      const prepared = prepareLookup(
        'world',
        features.map(({ key, ...feature }) => ({ ...feature, role: String(key) })),
      )
      return async (rows) => {
        const requests = rows.map(({ at, keys }) => ({
          at,
          keys: Object.fromEntries(keys.entries()),
          frontiers: writer.frontiers.all,
        }))
        return (await prepared.lookupMany(store, requests)).map((answer) => ({
          values: answer.values,
          statuses: Array.from(answer.statuses, (code) => statuses[code]!),
          asOf: answer.asOf,
          tables: {},
          failure: answer.failure === null ? null : String(answer.failure),
        }))
      }
    },
  }
}

/** What a test may change of the world. */
export interface WorldOptions {
  /** The online store, given the world's folder; one in memory where this is left out. */
  readonly online?: (folder: string) => OnlineStore
  readonly change?: (manifest: Manifest) => Manifest
  readonly versions?: (versions: Map<string, VersionState>, manifest: Manifest) => void
  readonly holds?: readonly Hold[]
  readonly shadowLimit?: number
  readonly wrapLookup?: (lookup: FeatureLookup) => FeatureLookup
  readonly wrapLog?: (log: PredictionLog) => PredictionLog
  readonly wrapCode?: (code: ProjectCode) => ProjectCode
  readonly clock?: Clock
}

/** The world, open. */
export interface World {
  readonly manifest: Manifest
  readonly clock: ReplayClock
  readonly writer: Writer
  readonly store: OnlineStore
  readonly pool: FunctionPool
  readonly log: PredictionLog
  readonly folder: string
  readonly reader: PredictionReader
  readonly features: FeatureReader
  readonly predictor: Predictor
  readonly registry: Registry
  close(): Promise<void>
}

/** Opens the world: features filled, no event yet, the clock at `startMs`. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const { manifest, functions } = worldManifest(options.change)
  const clock = replayClock(startMs)
  const folder = await mkdtemp(join(tmpdir(), 'serving-'))
  const store = options.online?.(folder) ?? memoryOnlineStore()
  const writer = await createWriter({
    project: 'world',
    manifest,
    online: store,
    log: memoryStreamLog({ clock }),
    clock,
  })
  for (const name of ['landings', 'orders']) await materialize({ writer, source: name, history: null })
  const pool = createFunctionPool()
  const code: ProjectCode = {
    prepare: (group, list) =>
      pool.load(
        group,
        list.map(({ key, code: digest }) => ({ key, digest, source: functions.get(digest)! })),
      ),
    run: (group, calls, limits) => pool.callMany(group, calls, limits),
  }
  const log = await openPredictionLog({ folder, clock, reopenAfterMs: 0 })
  const registry = new Registry()
  const versions = new Map<string, VersionState>([
    [
      'late:1',
      linearVersion('late:1', manifest.models.late!, {
        distance: 0.001,
        departure_hour: 0.1,
        moody: 0.5,
        origin_landings_1d: 0.2,
      }),
    ],
    ['late:2', linearVersion('late:2', manifest.models.late!, { origin_mean_delay_2h: 0.05 })],
    ['plain:1', linearVersion('plain:1', manifest.models.plain!, { distance: -0.001 })],
    ['risk:1', linearVersion('risk:1', manifest.models.risk!, { doubled: 0.01 })],
  ])
  options.versions?.(versions, manifest)
  const lookup = (options.wrapLookup ?? ((same) => same))(lookupIn(store, writer))
  const positions = { waitFor: (position: string, timeoutMs: number) => writer.waitFor(position, timeoutMs) }
  const predictor = await createPredictor({
    manifest,
    manifestDigest: digestJson(manifest),
    versions,
    holds: options.holds ?? [],
    code: (options.wrapCode ?? ((same) => same))(code),
    lookup,
    positions,
    log: (options.wrapLog ?? ((same) => same))(log),
    clock: options.clock ?? clock,
    metrics: servingMetrics(registry),
    ...(options.shadowLimit === undefined ? {} : { shadowLimit: options.shadowLimit }),
  })
  return {
    manifest,
    clock,
    writer,
    store,
    pool,
    log,
    folder,
    reader: openPredictionReader(folder),
    features: createFeatureReader({ manifest, lookup, positions, clock, waitTimeoutMs: 300 }),
    predictor,
    registry,
    async close() {
      await predictor.drained()
      await log.close()
      await writer.close()
      await pool.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A request row of the moment `quote` that is right in every field. */
export const quoteRow = (change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  quote_id: 'q1',
  origin: 'SFO',
  customer: { country: 'NL', number: 7 },
  distance: 1000,
  departs_at: '2026-02-01T07:30:00Z',
  ...change,
})
