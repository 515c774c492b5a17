// Goal: a model learns from what its predictions really saw. Method: some orders are served and logged before the training, with
// sources that lagged behind; the rows of these orders must hold the features as of the logged instants, all others as of the moment.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { replayClock } from '../../src/clock.ts'
import { noLeakage } from '../../src/define/index.ts'
import type { Run } from '../../src/registry/index.ts'
import { openPredictionLog } from '../../src/serve/index.ts'
import { columnOf, columnValue, type Instant, type Table } from '../../src/values/index.ts'
import { firstDayMs, nowMs, parcelFiles, parcelProject } from './parcels.ts'
import { openTrainingWorld, type TrainingWorld } from './training-world.ts'

const hourMs = 3_600_000

interface Answer {
  readonly order: string
  readonly asOf: Readonly<Record<string, Instant>>
  readonly moment?: string
  readonly deployment?: string
  readonly arm?: 'champion' | 'shadow'
}

/** Logs answers as a serve process does, one after the other. */
async function serve(world: TrainingWorld, answers: readonly Answer[]): Promise<void> {
  const clock = replayClock(firstDayMs)
  const log = await openPredictionLog({ folder: world.platform.layout.predictions, clock })
  for (const { order, asOf, moment = 'order', deployment = 'late-order', arm = 'champion' } of answers) {
    clock.advance(clock.now() + 1)
    const contract = await log.keepContract({
      format: 1,
      project: 'world',
      moment,
      model: 'late',
      key: [{ name: 'order_id', type: 'string' }],
      entities: [],
      request: [],
      features: [],
      derived: [],
    })
    const slots = { contract, key: [{ slot: 0, type: 'string' as const }] }
    const { durable } = log.append([
      {
        slots: { ...slots, entities: [], request: [], features: [], derived: [] },
        facts: {
          ...{ deployment, arm, asOf, at: clock.now(), output: { probability: 0.5 }, version: null, answeredBy: null },
          ...{ item: null, tables: {}, action: null, propensity: null, parent: null, group: null, reason: null },
          ...{ detail: null, latency: { waitMs: 0, lookupMs: 0, deriveMs: 0, modelMs: 0 }, manifest: '' },
        },
        values: { values: [order], statuses: [] },
      },
    ])
    expect(await durable).toBe(true)
  }
  await log.close()
}

describe('a moment that was served and logged', () => {
  let world: TrainingWorld
  let before: Run
  let run: Run
  let table: Table
  /** Row of the training set by order. */
  const rows = new Map<unknown, number>()
  let at: (order: string) => Instant

  beforeAll(async () => {
    const checks = [noLeakage({ sampleRows: 400 })]
    world = await openTrainingWorld({ definitions: parcelProject({ checks }), tables: parcelFiles(), nowMs })
    before = await world.train({ model: 'late' })
    const unserved = (await (await world.ports()).frozenSets.find(before.trainingSet!.identity))!.table
    const known = new Map(
      Array.from({ length: unserved.rows }, (_, row) => [
        columnValue(unserved.columns.order_id!, row),
        Number(columnValue(unserved.columns.at!, row)),
      ]),
    )
    at = (order) => known.get(order)!
    const lagging = (order: string, hours: number): Answer => ({
      order,
      asOf: { deliveries: at(order) - hours * hourMs, elsewhere: at(order) - 99 * hourMs },
    })
    await serve(world, [
      lagging('order-100', 30),
      lagging('order-100', 1), // a retry
      { ...lagging('order-100', 2), deployment: 'another' },
      { ...lagging('order-101', 40), arm: 'shadow' },
      { ...lagging('order-102', 40), moment: 'return' },
      { order: 'order-103', asOf: {} }, // the store was down: a constant answered
      lagging('order-103', 1),
      lagging('order-104', -2), // served two hours late, and had seen more by then
      lagging('order-200', 55),
      lagging('order-nobody', 5),
    ])
    run = await world.train({ model: 'late' })
    table = (await (await world.ports()).frozenSets.find(run.trainingSet!.identity))!.table
    for (let row = 0; row < table.rows; row++) rows.set(columnValue(table.columns.order_id!, row), row)
  })
  afterAll(() => world.close())

  const features = ['deliveries_1d', 'mean_late_1d', 'last_late']
  /** Means of two computations agree within the tolerance of the contract. */
  const rounded = (value: unknown) => (typeof value === 'number' ? Math.round(value * 1e9) / 1e9 : value)
  const trained = (order: string) =>
    features.map((name) => rounded(columnValue(table.columns[`depot_${name}`]!, rows.get(order)!)))

  /** The features of an order's depot at an instant, straight from the tables. */
  const asKnownAt = async (order: string, instant: Instant) => {
    const { manifest, engine, tables } = await world.ports()
    const view = manifest.featureViews.depot_deliveries!
    const key = [columnOf('string', [columnValue(table.columns.depot!, rows.get(order)!)])]
    const source = manifest.sources.deliveries!
    const asked = view.features.map((feature) => ({ feature, view, source, key, asOf: Float64Array.of(instant) }))
    const found = await engine.features({ features: asked, versions: await tables(['deliveries']), rows: 1 })
    return found.map(({ values }) => rounded(columnValue(values, 0)))
  }

  it('trains on what the first acknowledged answer had seen of each source', async () => {
    expect(run.error).toBeNull()
    for (const [order, hours] of [
      ['order-100', 30],
      ['order-200', 55],
      ['order-104', -2],
    ] as const) {
      const logged = await asKnownAt(order, at(order) - hours * hourMs)
      expect(trained(order), order).toEqual(logged)
      expect(logged, order).not.toEqual(await asKnownAt(order, at(order)))
    }
  })

  it('trains on the moment itself where nobody was answered, or the answer had seen nothing', async () => {
    for (const order of ['order-99', 'order-101', 'order-102', 'order-103'])
      expect(trained(order), order).toEqual(await asKnownAt(order, at(order)))
  })

  it('is counted, and its sample is recomputed at the same instants', () => {
    expect(run.trainingSet!.loggedAsOf).toBe(3)
    expect(run.checks[0]).toMatchObject({ passed: true })
  })

  it('makes another training set than without: what was logged is part of its identity', () => {
    expect(before.trainingSet!.loggedAsOf).toBe(0)
    expect(before.trainingSet!.identity).not.toBe(run.trainingSet!.identity)
    expect(before.trainingSet!.content).not.toBe(run.trainingSet!.content)
  })
})
