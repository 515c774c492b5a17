// Goal: features that know the future never reach a trainer, and whoever planted them is told which and why. Method: a source with
// random names whose rows are filed under an early time while a column lies later, trained on real stores; and the other three ways
// in which a feature can know the future.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  count,
  derive,
  entity,
  featureView,
  float,
  int,
  latest,
  logisticRegression,
  max,
  mean,
  model,
  moment,
  noLeakage,
  outcome,
  share,
  source,
  string,
  sum,
  timestamp,
} from '../../src/define/index.ts'
import type { OfflineEngine } from '../../src/offline/index.ts'
import type { Run } from '../../src/registry/index.ts'
import type { ExpressionOf, Row } from '../../src/values/index.ts'
import { firstDayMs, nowMs, parcelFiles, parcelProject, randomNumbers } from './parcels.ts'
import { openTrainingWorld, type TestTable, type TrainingWorld } from './training-world.ts'

const minuteMs = 60_000

/** Names of a project: all different, none that a training set uses itself. */
const randomNames = fc
  .uniqueArray(
    fc.stringMatching(/^[a-z][a-z0-9_]{0,9}$/).filter((name) => !['at', 'as_of', 'label', 'weight'].includes(name)),
    { minLength: 12, maxLength: 12 },
  )
  .map(([source, view, entity, role, key, event, later, value, moment, ask, id, derived]) => ({
    ...{ source, view, entity, role, key, event, later, value, moment, ask, id, derived },
  }))
  .map((names) => names as { readonly [K in keyof typeof names]: string }) // twelve names were made

/** Random names are texts to the compiler: what it would know of a column is said here. */
const untyped = <T>(value: unknown): T => value as T

const featureKinds = ['counted', 'meaned', 'summed', 'shared', 'largest', 'newest'] as const

interface Planted {
  readonly names: Readonly<
    Record<'source' | 'view' | 'entity' | 'role' | 'key' | 'event' | 'later' | 'value', string>
  > &
    Readonly<Record<'moment' | 'ask' | 'id' | 'derived', string>>
  readonly features: readonly (typeof featureKinds)[number][]
  /** Whether a derive reads the first feature too. */
  readonly withDerive: boolean
  readonly lagMinutes: number
  /** One row in so many has the later column; null in the others. */
  readonly every: number
  readonly future: boolean
}

const planted: fc.Arbitrary<Planted> = fc.record({
  names: randomNames,
  features: fc.subarray([...featureKinds], { minLength: 1 }),
  withDerive: fc.boolean(),
  lagMinutes: fc.integer({ min: 1, max: 5000 }),
  every: fc.integer({ min: 1, max: 40 }),
  future: fc.constant(false),
})

/** The project with its fault, and the input columns that know the future. */
function plant({ names, features, withDerive, lagMinutes, every, future }: Planted) {
  const who = entity(names.entity, { key: { [names.key]: string() } })
  const columns = {
    [names.id]: string(),
    [names.key]: string(),
    [names.value]: float(),
    [names.event]: timestamp(),
    [names.later]: timestamp(future ? { future: true } : {}),
  }
  const filed = source(names.source, {
    history: 'filed.parquet',
    columns,
    eventTime: untyped<never>(names.event),
  })
  const asked = source(names.ask, {
    history: 'asked.parquet',
    columns: { [names.id]: string(), [names.role]: string(), honest: float(), asked_at: timestamp() },
    eventTime: untyped<never>('asked_at'),
  })
  const told = source('told', {
    history: 'told.parquet',
    columns: { [names.id]: string(), came_true: float(), told_at: timestamp() },
    eventTime: untyped<never>('told_at'),
  })
  const view = featureView(names.view, {
    entity: who,
    source: filed,
    features: (row) => {
      const value = untyped<ExpressionOf<'float'>>(row[names.value])
      const all = {
        counted: count().over('1d'),
        meaned: mean(value).over('2h'),
        summed: sum(value),
        shared: share(value.gte(5)).over('7d'),
        largest: max(value).over('1d'),
        newest: latest(value),
      }
      return Object.fromEntries(features.map((name) => [name, all[name]]))
    },
  })
  const named = moment(names.moment, {
    source: asked,
    key: { [names.id]: string() },
    entities: { [names.role]: who },
    request: { honest: float() },
  })
  const reads = derive(names.derived, int(), { it: view.feature(untyped<never>(features[0])).for(names.role) }, () => 1)
  const late = model('guesses', {
    moment: untyped<typeof named>(named),
    inputs: untyped<[typeof named.request.honest]>([
      view.for(names.role),
      named.request.honest,
      ...(withDerive ? [reads] : []),
    ]),
    label: outcome(told, {
      value: (row) => untyped<ExpressionOf<'float'>>(row.came_true).gte(5),
      within: '1d',
    }),
    trainer: logisticRegression(),
    checks: [noLeakage({ sampleRows: 10 })],
  })
  const random = randomNumbers(lagMinutes)
  const rows = Array.from({ length: 80 }, (_, i) => {
    const at = firstDayMs + i * 97 * minuteMs
    const value = Math.round(random() * 100) / 10
    return {
      filed: {
        [names.id]: `row-${i}`,
        [names.key]: `k${i % 3}`,
        [names.value]: value,
        [names.event]: at,
        [names.later]: i % every === 0 ? at + lagMinutes * minuteMs : null,
      },
      asked: { [names.id]: `row-${i}`, [names.role]: `k${i % 3}`, honest: random() * 10, asked_at: at + minuteMs },
      told: { [names.id]: `row-${i}`, came_true: value, told_at: at + 60 * minuteMs },
    }
  })
  const table = (types: TestTable['types'], of: (row: (typeof rows)[number]) => Row): TestTable => ({
    types,
    rows: rows.map(of),
  })
  const tables = {
    'filed.parquet': table(
      Object.fromEntries(Object.entries(columns).map(([name, { type }]) => [name, type])),
      (row) => row.filed,
    ),
    'asked.parquet': table(
      { [names.id]: 'string', [names.role]: 'string', honest: 'float', asked_at: 'timestamp' },
      (row) => row.asked,
    ),
    'told.parquet': table({ [names.id]: 'string', came_true: 'float', told_at: 'timestamp' }, (row) => row.told),
  }
  const inputs = [...features.map((name) => `${names.role}_${name}`), ...(withDerive ? [names.derived] : [])]
  return { definitions: { who, filed, asked, told, view, named, late }, tables, inputs }
}

describe('a source filed under an early time, under any names', () => {
  it('stops the training before any process starts, naming exactly the features and the column', async () => {
    await fc.assert(
      fc.asyncProperty(planted, async (fault) => {
        const { definitions, tables, inputs } = plant(fault)
        const world = await openTrainingWorld({ definitions, tables, nowMs })
        try {
          const run = await world.train({ model: 'guesses' })
          expect(run).toMatchObject({ status: 'stopped', version: null, trainingSet: null, error: null })
          expect(world.jobs).toEqual([])
          expect(run.checks.map(({ check, passed }) => [check, passed])).toEqual([['leakage', false]])
          const [{ summary, detail }] = run.checks as [(typeof run.checks)[number]]
          const found = detail.future_columns as { source: string; column: string; inputs: string[] }[] // of this check
          expect(found.map(({ source, column }) => [source, column])).toEqual([[fault.names.source, fault.names.later]])
          expect([...found[0]!.inputs].sort()).toEqual([...inputs].sort())
          expect(summary).toContain(`${fault.names.source}.${fault.names.later} lies later`)
          expect(summary).toContain(found[0]!.inputs.join(', '))
          expect(summary).not.toContain('honest')
          expect(await world.platform.registry.versions()).toEqual([])
        } finally {
          await world.close()
        }
      }),
      { numRuns: 8 },
    )
  })

  it('is no fault where the column is declared to speak of the future', async () => {
    const run = await trainPlanted({ features: ['counted'], future: true })
    expect(run.status).toBe('succeeded')
    expect(run.checks[0]!.detail.future_columns).toEqual([])
  })

  it('does not get through by such a declaration where a feature alone tells the label', async () => {
    const run = await trainPlanted({ features: ['counted', 'newest'], future: true })
    expect(run).toMatchObject({ status: 'stopped', version: null })
    expect(run.checks[0]!.detail.near_label).toMatchObject([{ name: expect.stringMatching(/_newest$/) }])
    expect(run.checks[0]!.summary).toMatch(/_newest alone has AUC .* nearly equals the label/)
  })
})

async function trainPlanted(change: Partial<Planted>): Promise<Run> {
  const [fault] = fc.sample(planted, { numRuns: 1, seed: 1 })
  const { definitions, tables } = plant({ ...fault!, withDerive: false, ...change })
  const world = await openTrainingWorld({ definitions, tables, nowMs })
  try {
    return await world.train({ model: 'guesses' })
  } finally {
    await world.close()
  }
}

describe('the leakage check', () => {
  let world: TrainingWorld
  beforeAll(async () => {
    world = await openTrainingWorld({ definitions: parcelProject(), tables: parcelFiles(), nowMs })
  })
  afterAll(() => world.close())

  /** An engine that lets one feature see half a day past its moment. */
  const leakingEngine = async (): Promise<OfflineEngine> => {
    const { engine } = await world.ports()
    return {
      ...engine,
      features: async (request) => {
        const later = request.features.map((feature) => ({
          ...feature,
          asOf: feature.asOf.map((at) => at + 43_200_000),
        }))
        const honest = await engine.features(request)
        const leaked = await engine.features({ ...request, features: later })
        return request.features.map(({ feature }, i) => (feature.name === 'last_late' ? leaked[i]! : honest[i]!))
      },
    }
  }

  it('stops an engine that lets one feature see past its moment, by the name of the feature', async () => {
    const run = await world.train({ model: 'late' }, {}, { engine: await leakingEngine() })
    expect(run).toMatchObject({ status: 'stopped', version: null })
    expect(world.jobs).toEqual([])
    const [{ summary, detail }] = run.checks as [(typeof run.checks)[number]]
    expect(summary).toMatch(/sampled values differ when sources are cut at the moment: depot_last_late\./)
    const { differences } = detail.recomputed as { differences: { input: string }[] } // of this check
    expect(differences.length).toBeGreaterThan(5)
    expect(new Set(differences.map(({ input }) => input))).toEqual(new Set(['depot_last_late']))
  })

  it('does not vouch for a kept set that its sources no longer give', async () => {
    const period = { toMs: firstDayMs + 18 * 86_400_000 }
    await world.apply(parcelProject({ checks: [] }))
    await world.train({ model: 'late', ...period }, {}, { engine: await leakingEngine() })
    await world.apply(parcelProject({ checks: [noLeakage()] }))
    const run = await world.train({ model: 'late', ...period })
    expect(run).toMatchObject({ status: 'failed', version: null, error: { code: 'training_data_invalid' } })
    expect(run.error!.message).toMatch(/was kept with content .* and the same sources now give/)
  })

  it('reports entities that stand in training and validation, and fails on them where the model asks for it', async () => {
    const other = { model: 'late', toMs: firstDayMs + 19 * 86_400_000 }
    await world.apply(parcelProject({ checks: [noLeakage({ sampleRows: 0 })] }))
    const reported = await world.train(other)
    expect(reported.status).toBe('succeeded')
    expect(reported.checks[0]!.summary).toContain('4 of 4 values of depot were trained on')
    await world.apply(parcelProject({ checks: [noLeakage({ entityOverlap: 'fail' })] }))
    const failed = await world.train(other)
    expect(failed).toMatchObject({ status: 'stopped', version: null })
    expect(failed.checks[0]!.summary).toBe('4 values of depot stand in both training and validation.')
  })
})
