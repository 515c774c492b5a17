// Goal: the moment always gets an answer that says who gave it. Method: a real project in threads, a real store and log.
import { afterEach, describe, expect, it } from 'vitest'
import { openWorld, quoteRow, startMs, type World, type WorldOptions } from '../../test/serving/world.ts'
import type { Manifest } from '../define/index.ts'
import type { RowAnswer } from './moment-predictor.ts'
import type { PredictionRecord } from './prediction-record.ts'

const opened: World[] = []
const open = async (options: WorldOptions = {}): Promise<World> => {
  const world = await openWorld(options)
  opened.push(world)
  return world
}
afterEach(async () => {
  for (const world of opened.splice(0)) await world.close()
})

const minute = 60_000
const sigmoid = (score: number): number => 1 / (1 + Math.exp(-score))
const landing = (id: string, delay: number, landedMs: number) => ({
  flight_id: id,
  airport: 'SFO',
  delay,
  tail: '9007199254740993',
  landed_at: new Date(landedMs).toISOString(),
})
/** One row in, one answer out. */
const ask = async (world: World, change: Record<string, unknown> = {}): Promise<RowAnswer> =>
  (await world.predictor.predict('quote', quoteRow(change))) as RowAnswer // one row gives one answer
const records = async (world: World): Promise<PredictionRecord[]> => {
  await world.predictor.drained()
  const found: PredictionRecord[] = []
  for await (const record of world.reader.read()) found.push(record)
  return found
}
const withDeployment =
  (name: string, change: Partial<Manifest['deployments'][string]>) =>
  (manifest: Manifest): Manifest => ({
    ...manifest,
    deployments: { ...manifest.deployments, [name]: { ...manifest.deployments[name]!, ...change } },
  })

describe('a prediction', () => {
  it('is what the champion says to features as of the moment, request fields and derived inputs', async () => {
    const world = await open()
    await world.writer.ingest('landings', [landing('a', 30, startMs - minute), landing('b', 10, startMs - 2 * minute)])
    world.clock.advance(startMs + 10)
    await world.writer.advance()
    const answer = await ask(world, { mood: 'abc' })
    expect(answer.results['late-quote']).toMatchObject({
      model_version: 'late:1',
      answered_by: 'champion',
      logged: true,
      output: { probability: sigmoid(1000 * 0.001 + 7 * 0.1 + 3 * 0.5 + 2 * 0.2) },
    })
    expect(answer.results['late-quote']).not.toHaveProperty('reason')
    expect(answer.results['plain-quote']?.output).toEqual({ probability: sigmoid(-1) })
    expect(answer.as_of).toBe(new Date(startMs + 10).toISOString())
  })

  it('is logged with everything that went into it, and its id leads to the record', async () => {
    const world = await open()
    await world.writer.ingest('landings', [landing('a', 30, startMs - minute)])
    world.clock.advance(startMs + 10)
    await world.writer.advance()
    const answer = await ask(world, { mood: 'abc', seat: '9223372036854775807' })
    const { prediction_id: id, output } = answer.results['late-quote']!
    const record = await world.reader.get(id)
    expect(record).toMatchObject({
      format: 1,
      predictionId: id,
      project: 'world',
      moment: 'quote',
      deployment: 'late-quote',
      model: 'late',
      version: 'late:1',
      arm: 'champion',
      answeredBy: 'champion',
      reason: null,
      action: null,
      propensity: null,
      parent: null,
      group: null,
      item: null,
      at: startMs + 10,
      asOf: { landings: startMs + 10, orders: startMs + 10 },
      loggedAt: startMs + 10,
      output,
    })
    expect(record!.key).toEqual([{ name: 'quote_id', type: 'string', value: 'q1' }])
    expect(record!.entities[1]).toMatchObject({
      role: 'customer',
      key: [
        { name: 'country', value: 'NL' },
        { name: 'number', value: 7 },
      ],
    })
    const requested = Object.fromEntries(record!.request.map(({ name, value }) => [name, value]))
    expect(requested).toEqual({
      distance: 1000,
      departs_at: Date.UTC(2026, 1, 1, 7, 30),
      mood: 'abc',
      seat: 9223372036854775807n,
      flexible: null,
    })
    const features = Object.fromEntries(record!.features.map((one) => [`${one.role} ${one.feature}`, one]))
    expect(features['origin landings_1d']).toMatchObject({ value: 1, status: 'present', source: 'landings' })
    expect(features['origin last_tail']).toMatchObject({ value: 9007199254740993n, status: 'present' })
    expect(features['customer orders_7d']).toMatchObject({ value: 0, status: 'present' })
    for (const { view, feature, digest } of record!.features) {
      const declared = world.manifest.featureViews[view]!.features.find(({ name }) => name === feature)
      expect(digest).toBe(declared!.digest)
    }
    expect(record!.derived.map(({ name, value }) => [name, value])).toEqual([
      ['departure_hour', 7],
      ['moody', 3],
    ])
  })

  it('answers several rows, each at its own instant, for the deployments asked', async () => {
    const world = await open()
    await world.writer.ingest('landings', [landing('a', 30, startMs - 5 * minute)])
    world.clock.advance(startMs + 2 * minute)
    await world.writer.advance()
    const at = new Date(startMs).toISOString()
    const answer = await world.predictor.predict('quote', {
      rows: [quoteRow(), quoteRow({ quote_id: 'q2', at })],
      deployments: ['plain-quote'],
    })
    const { rows } = answer as { rows: RowAnswer[] } // several rows give several answers
    expect(rows.map(({ as_of, results }) => [as_of, Object.keys(results)])).toEqual([
      [new Date(startMs + 2 * minute).toISOString(), ['plain-quote']],
      [at, ['plain-quote']],
    ])
    const [now, then] = await records(world)
    expect(now!.features.map(({ value }) => value)).toEqual([1])
    // Received at the clock's start: at that very instant it was not known yet.
    expect(then!.features.map(({ value }) => value)).toEqual([0])
  })

  it('of a null entity is made from features that are not found', async () => {
    const world = await open()
    const answer = await ask(world, { origin: null, customer: null })
    expect(answer.results['late-quote']).toMatchObject({ answered_by: 'champion' })
    const [record] = await records(world)
    expect(new Set(record!.features.map(({ status }) => status))).toEqual(new Set(['not_found']))
  })

  it('waits for a position, and then knows what was sent before', async () => {
    const world = await open()
    world.clock.advance(startMs + 5)
    const { position } = await world.writer.ingest('landings', [landing('a', 30, startMs - minute)])
    // The frontier passes the stamp when the clock moves on.
    setTimeout(() => world.clock.advance(startMs + 50), 20)
    const answer = await world.predictor.predict('quote', { rows: [quoteRow()], min_position: position })
    const { rows } = answer as { rows: RowAnswer[] } // the form of the request
    expect(rows[0]!.results['plain-quote']).toMatchObject({ answered_by: 'champion' })
    const found = (await records(world)).find(({ deployment }) => deployment === 'plain-quote')
    expect(found!.features[0]).toMatchObject({ feature: 'landings_1d', value: 1 })
  })
})

describe('a fallback', () => {
  it.each([
    ['throws', 'throw', 'code_failed: moody'],
    ['returns another type', 'wrong type', 'code_result: moody'],
    ['never ends', 'loop', 'code_deadline: moody'],
  ])('answers when a derive %s, by the baseline, and other deployments do not notice', async (_how, mood, reason) => {
    const world = await open()
    const answer = await ask(world, { mood })
    expect(answer.results['late-quote']).toMatchObject({
      answered_by: 'fallback:baseline',
      output: { probability: 0.1 },
      model_version: null,
      reason,
      logged: true,
    })
    expect(answer.results['plain-quote']).toMatchObject({ answered_by: 'champion' })
    const record = await world.reader.get(answer.results['late-quote']!.prediction_id)
    expect(record).toMatchObject({ version: null, answeredBy: 'fallback:baseline', reason })
    expect(record!.detail).toMatch(/not today|seven|moody/)
  })

  it('answers other moments and later requests as if nothing had happened, while a derive loops', async () => {
    const world = await open()
    const looping = ask(world, { mood: 'loop' })
    const other = (await world.predictor.predict('refund', { refund_id: '5', amount: 100 })) as RowAnswer // one row
    expect(other.results['refund-risk']).toMatchObject({ answered_by: 'champion', output: { probability: sigmoid(2) } })
    await looping
    const after = await ask(world, { mood: 'abc' })
    expect(after.results['late-quote']).toMatchObject({ answered_by: 'champion' })
  })

  it('is the constant when the baseline throws, returns no probability or never ends', async () => {
    const world = await open()
    for (const distance of [-1, -3, -2]) {
      const answer = await ask(world, { mood: 'throw', distance })
      expect(answer.results['late-quote']).toMatchObject({
        answered_by: 'fallback:constant',
        output: { probability: 0.2 },
        reason: 'code_failed: moody',
      })
      const record = await world.reader.get(answer.results['late-quote']!.prediction_id)
      expect(record!.detail).toContain('baseline of late')
    }
  })

  it('answers for each row by itself', async () => {
    const world = await open()
    const answer = await world.predictor.predict('quote', {
      rows: [quoteRow({ mood: 'abc' }), quoteRow({ mood: 'throw' }), quoteRow({ mood: 'throw', distance: -1 })],
      deployments: ['late-quote'],
    })
    const { rows } = answer as { rows: RowAnswer[] } // the form of the request
    expect(rows.map(({ results }) => results['late-quote']!.answered_by)).toEqual([
      'champion',
      'fallback:baseline',
      'fallback:constant',
    ])
  })

  it('answers for a version that is not there, is refused or no longer fits', async () => {
    const pending = await open({ versions: (versions) => versions.delete('late:1') })
    expect((await ask(pending)).results['late-quote']).toMatchObject({
      answered_by: 'fallback:baseline',
      reason: 'version_pending: late:1',
    })
    expect(pending.predictor.troubles).toContainEqual({
      deployment: 'late-quote',
      version: 'late:1',
      part: 'champion',
      reason: 'version_pending',
    })
    const refused = await open({ versions: (versions) => versions.set('late:1', { refused: 'it predicts otherwise' }) })
    expect((await ask(refused)).results['late-quote']).toMatchObject({ reason: 'version_refused: late:1' })
    const changed = await open({
      versions(versions, { models }) {
        const spec = models.late!
        const inputs = spec.inputs.map((input) => (input.input === 'feature' ? { ...input, digest: 'other' } : input))
        const version = versions.get('late:1')!
        versions.set('late:1', { ...version, model: { ...spec, inputs } } as typeof version) // still a version
      },
    })
    expect((await ask(changed)).results['late-quote']).toMatchObject({
      answered_by: 'fallback:baseline',
      reason: 'feature_changed: late:1',
    })
  })

  it('answers where the code of a moment cannot be loaded, and says so to its owner', async () => {
    const world = await open({
      wrapCode: (code) => ({
        ...code,
        prepare: (group, list) =>
          group === 'derives of quote' ? Promise.reject(new Error('the bundle is gone')) : code.prepare(group, list),
      }),
    })
    const answer = await ask(world)
    expect(answer.results['late-quote']).toMatchObject({ answered_by: 'fallback:baseline' })
    expect(answer.results['plain-quote']).toMatchObject({ answered_by: 'champion' })
    expect(world.predictor.troubles).toContainEqual({
      deployment: 'late-quote',
      version: null,
      part: 'code',
      reason: 'derives of quote: the bundle is gone',
    })
  })

  it('answers when the store is down or late, from the request alone', async () => {
    for (const fail of [
      () => Promise.reject(new Error('the disk is gone')),
      () => new Promise<never>(() => undefined), // never
    ]) {
      const world = await open({ wrapLookup: () => ({ prepare: () => fail }) })
      const answer = await ask(world)
      expect(answer.results['late-quote']).toMatchObject({
        answered_by: 'fallback:baseline',
        reason: 'features_unavailable: punctuality:landings_1d',
        logged: true,
      })
      expect(answer.as_of).toBe(new Date(startMs).toISOString())
      const record = await world.reader.get(answer.results['late-quote']!.prediction_id)
      expect(new Set(record!.features.map(({ status }) => status))).toEqual(new Set(['unavailable']))
      expect(record!.detail).toMatch(/disk is gone|did not answer/)
    }
  })

  it('answers when a position is not reached in time, and refuses one that cannot be read', async () => {
    const world = await open()
    const { position } = await world.writer.ingest('landings', [landing('a', 30, startMs - minute)])
    const answer = await world.predictor.predict('quote', { rows: [quoteRow()], min_position: position })
    const { rows } = answer as { rows: RowAnswer[] } // the form of the request
    expect(rows[0]!.results['late-quote']).toMatchObject({
      answered_by: 'fallback:baseline',
      reason: 'position_not_reached',
    })
    await expect(
      world.predictor.predict('quote', { rows: [quoteRow()], min_position: 'nonsense' }),
    ).rejects.toMatchObject({ code: 'position_invalid' })
  })

  it('leaves within the timeout, whatever hangs', async () => {
    const world = await open({
      change: withDeployment('late-quote', { timeoutMs: 100 }),
      wrapLog: (log) => ({
        ...log,
        keepContract: (contract) => log.keepContract(contract),
        append: (drafts) => ({ ids: log.append(drafts).ids, durable: new Promise(() => undefined) }),
      }),
    })
    const started = performance.now()
    const answer = await ask(world, { mood: 'loop', distance: -2 })
    // The promise under test is the timeout itself; the rest is the machine's slack.
    expect(performance.now() - started).toBeLessThan(100 + 400)
    expect(answer.results['late-quote']).toMatchObject({ answered_by: 'fallback:constant', logged: false })
  })
})

describe('the log', () => {
  const broken = (): WorldOptions['wrapLog'] => (log) => ({
    keepContract: (contract) => log.keepContract(contract),
    append: (drafts) => ({ ids: drafts.map(() => 'none'), durable: Promise.resolve(false) }),
    failure: () => new Error('no space left on device'),
    close: () => log.close(),
  })

  it('that cannot keep a prediction is said in the answer', async () => {
    const world = await open({ wrapLog: broken()! })
    expect((await ask(world)).results['late-quote']).toMatchObject({ answered_by: 'champion', logged: false })
    expect(await world.registry.getSingleMetricAsString('noonmark_prediction_log_failures_total')).toContain(
      'deployment="late-quote"} 1',
    )
  })

  it('that a deployment demands and that fails gives no answer', async () => {
    const world = await open({ change: withDeployment('late-quote', { log: 'required' }), wrapLog: broken()! })
    await expect(ask(world)).rejects.toMatchObject({ code: 'log_unavailable', status: 503 })
    const other = await world.predictor.predict('quote', { rows: [quoteRow()], deployments: ['plain-quote'] })
    expect((other as { rows: RowAnswer[] }).rows[0]!.results['plain-quote']).toMatchObject({ logged: false }) // the form of the request
  })
})

describe('a shadow', () => {
  it('predicts after the reply from what the champion saw, and is logged as one', async () => {
    const world = await open()
    await world.writer.ingest('landings', [landing('a', 30, startMs - minute)])
    world.clock.advance(startMs + 10)
    await world.writer.advance()
    const answer = await ask(world)
    const shadow = (await records(world)).find(({ arm }) => arm === 'shadow')
    const champion = await world.reader.get(answer.results['late-quote']!.prediction_id)
    expect(shadow).toMatchObject({
      version: 'late:2',
      answeredBy: 'shadow',
      output: { probability: sigmoid(30 * 0.05) },
      asOf: champion!.asOf,
      features: champion!.features,
    })
  })

  it('is dropped before it slows a reply, and counted', async () => {
    const world = await open({ shadowLimit: 0 })
    await ask(world)
    expect((await records(world)).filter(({ arm }) => arm === 'shadow')).toEqual([])
    expect(await world.registry.getSingleMetricAsString('noonmark_shadow_predictions_total')).toContain(
      'deployment="late-quote",result="dropped"} 1',
    )
  })

  it('whose own derive fails leaves the champion alone', async () => {
    const world = await open({
      versions(versions, { models }) {
        const spec = models.late!
        const [hour] = spec.inputs.filter((input) => input.input === 'derive')
        // The other version's derive has other code under the same name; it is given arguments that it cannot read.
        const inputs = spec.inputs.map((input) =>
          input.input === 'derive' && input.name === 'moody' ? { ...input, code: hour!.code } : input,
        )
        const version = versions.get('late:2')!
        versions.set('late:2', { ...version, model: { ...spec, inputs } } as typeof version) // still a version
      },
    })
    expect((await ask(world)).results['late-quote']).toMatchObject({ answered_by: 'champion' })
    const shadow = (await records(world)).find(({ arm }) => arm === 'shadow')
    expect(shadow).toMatchObject({ version: 'late:2', output: null, reason: 'code_failed: moody' })
  })

  it('that fails is logged with its reason and without output', async () => {
    const world = await open()
    await ask(world, { mood: 'throw' })
    const shadow = (await records(world)).find(({ arm }) => arm === 'shadow')
    expect(shadow).toMatchObject({ output: null, answeredBy: null, reason: 'code_failed: moody' })
  })
})

describe('a request', () => {
  it('of a moment or deployment that is not there is refused by name', async () => {
    const world = await open()
    await expect(world.predictor.predict('nothing', {})).rejects.toMatchObject({ code: 'not_found', status: 404 })
    await expect(
      world.predictor.predict('quote', { rows: [quoteRow()], deployments: ['late-quote', 'other'] }),
    ).rejects.toMatchObject({ code: 'not_found', path: 'deployments[1]' })
  })

  it('ahead of the clock is refused', async () => {
    const world = await open()
    const at = new Date(startMs + 1).toISOString()
    await expect(ask(world, { at })).rejects.toMatchObject({ code: 'instant_ahead', path: 'at' })
    await expect(world.predictor.predict('quote', { rows: [quoteRow(), quoteRow({ at })] })).rejects.toMatchObject({
      path: 'rows[1].at',
    })
  })

  it('under a hold is answered by the held version', async () => {
    const world = await open({ holds: [{ deployment: 'late-quote', version: 'late:2' }] })
    expect((await ask(world)).results['late-quote']).toMatchObject({ model_version: 'late:2', answered_by: 'champion' })
    const none = await open({ holds: [{ deployment: 'late-quote', version: null }] })
    expect((await ask(none)).results['late-quote']).toMatchObject({
      answered_by: 'fallback:baseline',
      reason: 'no_version',
    })
  })
})
