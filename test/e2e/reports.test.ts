// Goal: what pages show is what happened. Method: a small project served by `noonmark dev`; every report is read by its own schema, which
// must know each of its fields, and its figures are held against what this test did and against plain recounts.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import {
  deploymentReportSchema,
  featureHistorySchema,
  featureViewReportSchema,
  modelReportSchema,
  overviewSchema,
  platformStatusSchema,
  predictionListSchema,
  predictionSchema,
  rowAnswerSchema,
  runComparisonSchema,
  runReportSchema,
} from '../../src/http/reports.ts'
import { allReady, type RunningServer, startServer, until } from './command-line.ts'
import { generateOrders, historyTo, iso, projectFiles, type Row, removeProject, writeProject } from './small-project.ts'

const [hourMs, dayMs] = [3_600_000, 86_400_000]
let folder: string
let server: RunningServer
const runs: string[] = []

/** A report whose schema knows every field of it. */
async function read<S extends z.ZodType>(schema: S, path: string): Promise<z.output<S>> {
  const { status, json } = await server.get(path)
  expect(status, JSON.stringify(json)).toBe(200)
  expect(schema.parse(json)).toEqual(json)
  return schema.parse(json)
}

async function post<T>(path: string, body: unknown): Promise<T> {
  const { status, json } = await server.post<T>(path, body)
  expect([200, 202], JSON.stringify(json)).toContain(status)
  return json
}

function edit(file: string, from: string, to: string): void {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  expect(text).toContain(from)
  writeFileSync(path, text.replace(from, to))
}

const overview = () => read(overviewSchema, '/v1/overview')
const deployment = (query = '') => read(deploymentReportSchema, `/v1/deployments/late-order/report${query}`)
const status = () => read(platformStatusSchema, '/v1/status')

beforeAll(async () => {
  folder = writeProject(projectFiles())
  server = await startServer(folder, ['--clock', iso(historyTo)], 'dev')
  await allReady(server)
})
afterAll(async () => {
  await server?.stop()
  removeProject(folder)
})

describe('before anything was trained', () => {
  it('the overview says what is missing', async () => {
    const found = await overview()
    expect(found).toMatchObject({
      project: 'parcels',
      clock: { now: iso(historyTo), replay: true },
      applied: { revision: 1 },
      report: null,
      deployments: [{ name: 'late-order', state: 'no_version', champion: null, performance: null, parity: null }],
      models: [{ name: 'late', versions: 0, latest: null, last_run: null, deployments: ['late-order'] }],
    })
    expect(found.feature_views).toMatchObject([{ name: 'shop_deliveries', lag_ms: 0, models: ['late'] }])
    expect(found.attention.map(({ severity, subject }) => [severity, subject.kind, subject.name])).toEqual([
      ['notice', 'deployment', 'late-order'],
    ])
  })

  it('the other reports stand, empty', async () => {
    expect((await deployment()).request).toMatchObject({ path: '/v1/moments/order/predictions', example: null })
    expect(await read(modelReportSchema, '/v1/models/late/report')).toMatchObject({ versions: [], selected: null })
    const view = await read(featureViewReportSchema, '/v1/feature-views/shop_deliveries/report')
    expect(view.features.every(({ filling, uses }) => filling.state === 'filled' && uses.length === 0)).toBe(true)
    expect(view.definition).toMatchObject({ file: 'features/shop.ts', from: 'project' })
    expect(view.definition.text).toMatch(/^export const shopDeliveries = featureView\('shop_deliveries'[\s\S]*\}\)$/)
    const lines = readFileSync(join(folder, 'features/shop.ts'), 'utf8').split('\n')
    expect(view.definition.text.split('\n')[0]).toBe(lines[view.definition.line! - 1])
  })

  it.each(['feature-views', 'models', 'deployments'])('%s of no such name are not found', async (kind) => {
    const { status, json } = await server.get<{ error: { code: string; hint: string } }>(`/v1/${kind}/nothing/report`)
    expect([status, json.error.code]).toEqual([404, 'not_found'])
  })
})

describe('training', () => {
  it('is told by its curve, its metrics and its checks', async () => {
    for (const parameters of [{}, { trees: 20, leaves: 15 }]) {
      const { id } = await post<{ id: string }>('/v1/runs', { model: 'late', seed: 3, parameters })
      runs.push(id)
      await until('the run', async () => (await read(runReportSchema, `/v1/runs/${id}/report`)).ended)
    }
    const run = await read(runReportSchema, `/v1/runs/${runs[0]}/report`)
    expect(run).toMatchObject({ status: 'succeeded', version: 'late:1', error: null, progress: null, seed: 3 })
    expect(run.checks.map(({ passed }) => passed)).toEqual([true, true])
    const points = run.curve!.points
    expect(points.map(({ iteration }) => iteration)).toEqual(points.map((_, i) => i + 1))
    const best = points.reduce((a, b) => ((b.validation ?? 1) < (a.validation ?? 1) ? b : a))
    expect(run.curve!.best_iteration).toBe(best.iteration)
  })

  it('is compared fact by fact', async () => {
    const found = await read(runComparisonSchema, `/v1/runs/compare?a=${runs[0]}&b=${runs[1]}`)
    expect(found.same_rows).toBe(true)
    expect(found.facts).toContainEqual({
      group: 'parameters',
      name: 'trees',
      first: 30,
      second: 20,
      differs: true,
      difference: -10,
    })
    const auc = found.facts.find(({ name }) => name === 'auc')!
    expect(auc).toMatchObject({ first: found.first.validation!.auc, second: found.second.validation!.auc })
  })

  it('makes versions with curves on their validation rows', async () => {
    const model = await read(modelReportSchema, '/v1/models/late/report?version=1')
    expect(model.versions.map(({ version }) => version)).toEqual(['late:2', 'late:1'])
    const { curves, baseline_curves, validation, importance, training_set, inputs } = model.selected!
    expect(curves.roc[0]).toEqual({ threshold: null, false_positive_rate: 0, true_positive_rate: 0 })
    expect(curves.roc.at(-1)).toMatchObject({ false_positive_rate: 1, true_positive_rate: 1 })
    // The points are few, but no step between them is great: the area under them is close to that under all.
    const area = curves.roc.slice(1).reduce((sum, point, i) => {
      const before = curves.roc[i]!
      const width = point.false_positive_rate - before.false_positive_rate
      return sum + (width * (point.true_positive_rate + before.true_positive_rate)) / 2
    }, 0)
    expect(Math.abs(area - validation.auc!)).toBeLessThan(0.02)
    for (const found of [curves, baseline_curves!]) {
      expect(found.rows).toBe(validation.rows)
      expect(found.scores.reduce((sum, { positives, negatives }) => sum + positives + negatives, 0)).toBe(found.rows)
      expect(found.scores.reduce((sum, { positives }) => sum + positives, 0)).toBe(validation.positives)
      expect(found.calibration.reduce((sum, { rows }) => sum + rows, 0)).toBe(found.rows)
      for (const { positive_rate, positive_rate_low, positive_rate_high } of found.calibration) {
        expect(positive_rate_low).toBeLessThanOrEqual(positive_rate)
        expect(positive_rate_high).toBeGreaterThanOrEqual(positive_rate)
      }
    }
    expect(importance.reduce((sum, one) => sum + one.share, 0)).toBeCloseTo(1, 9)
    expect(training_set.tables.flatMap(({ files }) => files.map(({ path }) => path))).toContain('data/orders.csv')
    expect(inputs.find(({ column }) => column === 'shop_last_delay')).toMatchObject({ feature_view: 'shop_deliveries' })
    expect((await server.get('/v1/models/late/report?version=9')).status).toBe(404)
  })
})

const { orders, deliveries } = generateOrders({
  count: 80,
  fromMs: historyTo + 1000,
  toMs: historyTo + dayMs,
  prefix: 'live',
})

/** Lets a day pass as it happened: orders are asked about, deliveries arrive. */
async function live(): Promise<void> {
  const steps: { readonly at: number; readonly path: string; readonly body: unknown }[] = [
    ...orders.map((order) => ({
      at: Date.parse(String(order.ordered_at)),
      path: '/v1/moments/order/predictions',
      body: { order_id: order.order_id, shop: order.shop, kilograms: order.kilograms },
    })),
    ...deliveries.map((row) => ({
      at: Date.parse(String(row.delivered_at)),
      path: '/v1/sources/deliveries/events',
      body: { events: [row] },
    })),
  ].sort((a, b) => a.at - b.at)
  for (const { at, path, body } of steps) {
    expect((await server.put('/v1/clock', { now: iso(at) })).status).toBe(200)
    await post(path, body)
  }
}

describe('a day of traffic', () => {
  it('is counted as it was', async () => {
    const before = await status()
    edit('deployments.ts', "timeout: '2s'", "champion: 'late:1',\n  shadow: ['late:2'],\n  timeout: '2s'")
    await until('the pin', async () => (await overview()).deployments[0]?.state === 'ready')
    expect((await status()).changes.definitions).not.toBe(before.changes.definitions)
    await live()
    const { traffic, scores, versions, request } = await deployment('?window=7d')
    expect(traffic).toMatchObject({
      count: 80,
      step: 'hour',
      answered_by: [{ answered_by: 'champion', count: 80, share: 1 }],
    })
    for (const { at, count } of traffic.series)
      expect(count).toBe(
        orders.filter((row) => Math.floor(Date.parse(String(row.ordered_at)) / hourMs) * hourMs === Date.parse(at))
          .length,
      )
    expect(scores.map(({ version, part, count }) => [version, part, count])).toEqual([
      ['late:1', 'champion', 80],
      ['late:2', 'shadow', 80],
    ])
    expect(versions.map(({ version, part, state }) => [version, part, state])).toEqual([
      ['late:1', 'champion', 'ready'],
      ['late:2', 'shadow', 'ready'],
    ])
    expect((await status()).changes.predictions).not.toBe(before.changes.predictions)
    // The example row is one that works.
    expect(request.example_of).not.toBeNull()
    expect(rowAnswerSchema.parse(await post(request.path, { ...request.example, order_id: 'again' }))).toBeDefined()
  })

  it('is listed, the latest first', async () => {
    const first = await read(
      predictionListSchema,
      '/v1/predictions?deployment=late-order&order=newest&limit=25&outcomes=false',
    )
    const all = [...first.predictions]
    for (let next = first.next; next !== null; ) {
      const path = `/v1/predictions?deployment=late-order&order=newest&limit=25&outcomes=false&after=${next}`
      const page = await read(predictionListSchema, path)
      all.push(...page.predictions)
      next = page.next
    }
    const forwards = await read(predictionListSchema, '/v1/predictions?limit=1000&outcomes=false')
    expect(all.map(({ prediction_id }) => prediction_id)).toEqual(
      forwards.predictions.map(({ prediction_id }) => prediction_id).toReversed(),
    )
    const one = await read(predictionSchema, `/v1/predictions/${all[0]!.prediction_id}`)
    expect(one.key).toEqual({ order_id: 'again' })
  })

  it('is judged by what came true', async () => {
    expect((await server.put('/v1/clock', { now: iso(historyTo + 3 * dayMs) })).status).toBe(200)
    expect((await server.get('/v1/monitors/report?wait_seconds=30')).status).toBe(200)
    const { performance, agreement, parity, columns, report, traffic } = await deployment('?window=7d')
    expect(report).toMatchObject({ predictions: 2 * 81, cut: iso(historyTo + 3 * dayMs) })
    expect(traffic.count).toBe(81)
    const logged = await read(predictionListSchema, '/v1/predictions?limit=1000&outcomes=false')
    const labelOf = new Map(deliveries.map((row: Row) => [row.order_id, Number(row.delay_minutes) >= 0]))
    for (const version of ['late:1', 'late:2']) {
      const scored = logged.predictions
        .filter(({ model_version, key }) => model_version === version && labelOf.has(String(key.order_id)))
        .map(({ key, output }) => ({ label: labelOf.get(String(key.order_id))!, score: output!.probability! }))
      const found = performance!.versions.find((one) => one.version === version)!
      expect(found.metrics).toMatchObject({ rows: 80, auc: expect.closeTo(plainAuc(scored), 9) })
    }
    expect(performance!.summary!.live).toMatchObject({ metric: 'auc', over: { rows: 80, version: 'late:1' } })
    expect(performance!.summary!.validation!.over).toMatchObject({ rows: expect.any(Number), version: 'late:1' })
    expect(agreement).toMatchObject([{ champion: 'late:1', shadow: 'late:2', pairs: 81, labelled: { rows: 80 } }])
    expect(parity!.counts).toMatchObject({ compared: 2 * 81 * 5, differing: 0 })
    const delay = columns.find(({ column }) => column === 'shop_mean_delay_2d')!
    expect(delay.distribution!.bins.reduce((sum, { now }) => sum + now, 0)).toBe(81)
    expect(delay.distribution!.drift.map(({ statistic }) => statistic)).toEqual(['psi', 'jensen_shannon'])
  })

  it('shows in the feature view, with entities to look at', async () => {
    const view = await read(featureViewReportSchema, '/v1/feature-views/shop_deliveries/report')
    expect(view.used_by).toMatchObject({
      models: [{ name: 'late', roles: ['shop'] }],
      versions: ['late:1', 'late:2'],
      deployments: [{ name: 'late-order', champion: 'late:1' }],
    })
    expect(view.versions).toMatchObject([{ revision: 1 }])
    expect(view.versions[0]!.changes).toHaveLength(5)
    for (const { uses } of view.features)
      expect(uses).toMatchObject([{ moment: 'order', role: 'shop', over: { rows: 81 }, parity: { differing: 0 } }])
    const history = await server.post('/v1/features/history', {
      feature: 'shop_deliveries:last_delay',
      entity: view.examples[0]!.entity,
      at: [iso(historyTo), iso(historyTo + dayMs)],
    })
    expect(featureHistorySchema.parse(history.json).points).toHaveLength(2)
  })

  it('is told after a start as it was before', async () => {
    const before = await deployment('?window=7d')
    await server.stop()
    server = await startServer(folder, ['--clock', iso(historyTo + 3 * dayMs)], 'dev')
    await allReady(server)
    await until('earlier answers', async () => (await deployment()).traffic.complete)
    const after = await deployment('?window=7d')
    expect(after.traffic).toEqual(before.traffic)
    expect(after.scores).toEqual(before.scores)
  })
})

describe('a mistake in the folder', () => {
  it('is shown with its place, until it is mended', async () => {
    edit('features/shop.ts', 'source: deliveries,', 'source: deliverys,')
    await until('the mistake', async () => (await status()).definitions.state === 'failed')
    const { error } = (await status()).definitions
    expect(error).toMatchObject({ file: 'features/shop.ts', message: expect.stringContaining('deliverys') })
    const lines = readFileSync(join(folder, 'features/shop.ts'), 'utf8').split('\n')
    expect(lines[error!.line! - 1]).toContain('deliverys')
    expect((await overview()).attention).toContainEqual(
      expect.objectContaining({ subject: { kind: 'project', name: 'parcels' }, severity: 'warning' }),
    )
    edit('features/shop.ts', 'source: deliverys,', 'source: deliveries,')
    await until('the mend', async () => (await status()).definitions.state === 'applied')
  })
})

describe('the pages', () => {
  it('are served at the root and at their addresses, and programs get JSON', async () => {
    const get = (path: string) => fetch(server.url + path, { headers: { accept: 'text/html' } })
    for (const path of ['/', '/deployments/late-order']) {
      const answer = await get(path)
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'")
      expect(await answer.text()).toMatch(/^<!doctype html>/i)
    }
    expect((await get('/v1/nothing')).headers.get('content-type')).toContain('application/json')
  })
})

/** The share of pairs of a positive and a negative in which the positive scores higher, ties counting half. */
function plainAuc(rows: readonly { readonly label: boolean; readonly score: number }[]): number {
  let [wins, pairs] = [0, 0]
  for (const positive of rows.filter(({ label }) => label))
    for (const negative of rows.filter(({ label }) => !label)) {
      pairs++
      wins += positive.score > negative.score ? 1 : positive.score === negative.score ? 0.5 : 0
    }
  return wins / pairs
}
