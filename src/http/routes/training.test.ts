// Goal: what people ask a running platform for beyond predictions. Method: requests injected into the real server over a real
// project in a temporary folder, with trainings in processes of their own.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlatformWorld, type PlatformWorld } from '../../../test/training/platform-world.ts'
import type { RunJson, VersionJson } from '../../registry/index.ts'
import type { Trainers } from '../reports/trainer.ts'
import type { DatasetJson, JobJson, PlanJson } from '../work.ts'

let world: PlatformWorld

beforeAll(async () => {
  world = await openPlatformWorld()
})
afterAll(() => world.close())

async function ok<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, status = 200): Promise<T> {
  const answer = await world.ask(method, path, body)
  expect(answer.status, answer.text).toBe(status)
  return answer.json as T // the caller names what the route answers
}

/** Looks at a run until it is as asked. */
async function runUntil(id: string, holds: (run: RunJson) => boolean): Promise<RunJson> {
  for (;;) {
    const run = await ok<RunJson>('GET', `/v1/runs/${id}`)
    if (holds(run)) return run
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Looks at a job until it ended. */
async function jobEnd(id: string): Promise<JobJson> {
  for (;;) {
    const job = await ok<JobJson>('GET', `/v1/jobs/${id}`)
    if (job.status !== 'running') return job
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Trees that take minutes, so that there is time to cancel. */
const slow = { trees: 100_000, early_stopping_rounds: 0 }

describe('plan and apply', () => {
  it('show the difference of the folder and change nothing', async () => {
    for (const _ of [1, 2]) {
      const planned = await ok<PlanJson>('POST', '/v1/plan', {})
      expect(planned).toMatchObject({ base: null, summary: { create: 7, update: 0, replace: 0, delete: 0 } })
      expect(planned.steps).toHaveLength(7)
    }
  })

  it('need something applied before anything is trained', async () => {
    expect(await world.ask('POST', '/v1/runs', { model: 'late' })).toMatchObject({
      status: 409,
      json: { error: { code: 'project_not_applied' } },
    })
  })

  it('carry out a plan that was sent, once, and refuse one that is stale or of another project', async () => {
    const { planFor } = await import('../../platform/operations-plan.ts')
    const plan = JSON.parse(JSON.stringify(await planFor(world.platform, null)))
    expect(await ok('POST', '/v1/apply?by=ada', plan)).toMatchObject({
      changed: true,
      revision: 1,
      steps: { summary: { create: 7 } },
    })
    await world.refresh()
    expect(await ok<PlanJson>('POST', '/v1/plan', plan)).toMatchObject({ base: { revision: 1 }, steps: [] })
    const file = join(world.folder, 'deployments.ts')
    await writeFile(file, (await readFile(file, 'utf8')).replace('2s', '3s'))
    expect(await ok('POST', '/v1/apply', {})).toMatchObject({ changed: true, revision: 2 })
    await world.refresh()
    expect(await world.ask('POST', '/v1/apply', plan)).toMatchObject({
      status: 409,
      json: { error: { code: 'plan_stale' } },
    })
    const { manifest } = plan
    const other = { ...plan, project: 'others', manifest: { ...manifest, project: 'others' } }
    expect(await world.ask('POST', '/v1/plan', other)).toMatchObject({
      status: 400,
      json: { error: { code: 'plan_invalid' } },
    })
    expect(await world.ask('POST', '/v1/plan', { some: 'thing' })).toMatchObject({
      status: 400,
      json: { error: { code: 'plan_invalid' } },
    })
  })
})

describe('runs', () => {
  let run: RunJson

  it('are answered with their id at once, and tell what they do until they end', async () => {
    const started = await ok<RunJson>('POST', '/v1/runs', { model: 'late', seed: 3 }, 202)
    expect(started).toMatchObject({ model: 'late', status: 'preparing', seed: 3, finished_at: null, version: null })
    const log = await world.ask('GET', `/v1/runs/${started.id}/logs`)
    expect(log.text).toMatch(/^\S+Z run \w+ of late, gradient-boosting, seed 3\n/)
    expect(log.text).toMatch(/build the training set 8\/8\n/)
    expect(log.text).toMatch(/iteration 30: log loss [\d.]+ training, [\d.]+ validation\n/)
    expect(log.text).toMatch(/check no leakage passed: .*\n/)
    expect(log.text).toMatch(/succeeded: late:1\n$/)
    run = await ok<RunJson>('GET', `/v1/runs/${started.id.slice(-8)}`)
    expect(run).toMatchObject({ id: started.id, status: 'succeeded', version: 'late:1', progress: null, error: null })
    expect(run.training_set).toMatchObject({ rows: { spine: 500 }, label_status: { observed: 500 } })
  })

  it('are listed, the latest first, and found by model and status', async () => {
    const list = async (query: string) =>
      (await ok<{ runs: RunJson[] }>('GET', `/v1/runs${query}`)).runs.map(({ id }) => id)
    expect(await list('')).toEqual([run.id])
    expect(await list('?model=late&status=succeeded')).toEqual([run.id])
    expect(await list('?model=other')).toEqual([])
    expect((await world.ask('GET', '/v1/runs?status=odd')).status).toBe(400)
    const [brief] = (await ok<{ runs: RunJson[] }>('GET', '/v1/runs?brief=true')).runs
    expect(brief?.metrics?.validation.auc).toBe(run.metrics?.validation.auc)
    expect(JSON.stringify(brief)).not.toMatch(/"(?:roc|slices|calibration|detail)"/)
  })

  it('take the parameters that their trainer names, with its defaults and ranges', async () => {
    const { trainers } = await ok<Trainers>('GET', '/v1/trainers')
    expect(trainers.map(({ trainer }) => trainer)).toEqual(['gradient-boosting', 'logistic-regression'])
    const parameters = new Map(trainers[0]!.parameters.map((parameter) => [parameter.name, parameter]))
    expect(Object.keys(run.parameters ?? {}).sort()).toEqual([...parameters.keys()].sort())
    expect(parameters.get('learning_rate')).toMatchObject({ default: 0.1, min: 0, above: true, max: 1, choices: null })
    expect(parameters.get('l2')).toMatchObject({ max: null, whole: false })
    expect(parameters.get('early_stopping_metric')).toMatchObject({ min: null, choices: ['log_loss', 'auc'] })
  })

  it('say which field of a request is wrong', async () => {
    const wrong = async (body: unknown) => {
      const { status, json } = await world.ask('POST', '/v1/runs', body)
      return { status, ...(json as { error: object }).error }
    }
    expect(await wrong({ model: 'other' })).toMatchObject({ status: 404, code: 'not_found', path: 'model' })
    expect(await wrong({})).toMatchObject({ status: 400, path: 'model' })
    expect(await wrong({ model: 'late', trees: 5 })).toMatchObject({ status: 400, path: 'trees' })
    expect(await wrong({ model: 'late', from: 'yesterday' })).toMatchObject({ code: 'instant_invalid' })
    expect(await wrong({ model: 'late', trainer: 'magic' })).toMatchObject({ code: 'parameter_invalid' })
    expect((await world.ask('GET', '/v1/runs/nothing')).status).toBe(404)
    expect((await world.ask('GET', '/v1/runs/nothing/logs')).status).toBe(404)
    expect((await world.ask('DELETE', '/v1/runs/nothing')).status).toBe(404)
  })

  it('wait for a turn when many are asked for, and are cancelled whether they wait or train', async () => {
    const ids: string[] = []
    for (const seed of [11, 12, 13])
      ids.push((await ok<RunJson>('POST', '/v1/runs', { model: 'late', seed, parameters: slow }, 202)).id)
    for (const id of ids.slice(0, 2))
      expect((await runUntil(id, ({ progress }) => progress?.step.startsWith('fit') === true)).status).toBe('training')
    expect(await ok<RunJson>('GET', `/v1/runs/${ids[2]}`)).toMatchObject({ status: 'preparing', progress: null })
    for (const id of ids.toReversed()) {
      expect(await ok<RunJson>('DELETE', `/v1/runs/${id}`)).toMatchObject({
        id,
        status: 'cancelled',
        error: { code: 'training_cancelled' },
      })
      expect((await world.ask('GET', `/v1/runs/${id}/logs`)).text).toMatch(/cancelled\n$/)
      expect(await world.ask('DELETE', `/v1/runs/${id}`)).toMatchObject({
        status: 409,
        json: { error: { code: 'run_ended' } },
      })
    }
  })
})

describe('the registry', () => {
  it('lists and shows versions, their checks and their lineage down to files', async () => {
    const { versions } = await ok<{ versions: VersionJson[] }>('GET', '/v1/models/late/versions')
    expect(versions.map(({ version }) => version)).toEqual(['late:1'])
    expect(await ok('GET', '/v1/versions')).toEqual({ versions })
    expect(await ok('GET', '/v1/models/late/versions/1')).toEqual(versions[0])
    const checks = await ok<{ checks: { passed: boolean }[] }>('GET', '/v1/models/late/versions/1/checks')
    expect(checks).toMatchObject({ version: 'late:1', passed: true, checks: [{ passed: true }, { passed: true }] })
    expect(await ok('GET', '/v1/models/late/versions/1/lineage')).toMatchObject({
      version: 'late:1',
      moment: 'order',
      label: 'deliveries',
      inputs: expect.arrayContaining([
        expect.objectContaining({ column: 'shop_last_delay', from: 'shop_deliveries:last_delay for shop' }),
        expect.objectContaining({ column: 'kilograms', from: 'request of the moment', digest: null }),
      ]),
      training_set: {
        tables: expect.arrayContaining([
          expect.objectContaining({
            source: 'orders',
            files: [expect.objectContaining({ path: 'data/orders.csv', rows: 600 })],
          }),
        ]),
      },
    })
    expect(await world.ask('GET', '/v1/models/late/versions/9')).toMatchObject({
      status: 404,
      json: { error: { code: 'version_unknown' } },
    })
  })

  it('rolls a deployment back at once, and lets it go again', async () => {
    expect(
      await ok('POST', '/v1/deployments/late-order/rollback', { to: 'late:1', reason: 'odd', by: 'ada' }),
    ).toMatchObject({ deployment: 'late-order', hold: { version: 'late:1', pin: null, reason: 'odd', by: 'ada' } })
    expect(await ok('POST', '/v1/deployments/late-order/release', {})).toMatchObject({ released: true })
    expect(await ok('POST', '/v1/deployments/late-order/release', {})).toMatchObject({ released: false })
    const at = '/v1/deployments/late-order/rollback'
    expect((await world.ask('POST', at, { to: 'late:9' })).status).toBe(404)
    expect((await world.ask('POST', '/v1/deployments/other/rollback', {})).status).toBe(404)
    expect((await world.ask('POST', at, { version: 'late:1' })).status).toBe(400)
  })
})

describe('datasets and reports', () => {
  let dataset: DatasetJson

  it('build the training set of a model: the very rows that it was trained on', async () => {
    dataset = await ok<DatasetJson>('POST', '/v1/datasets', { model: 'late' })
    const { runs } = await ok<{ runs: RunJson[] }>('GET', '/v1/runs?status=succeeded')
    expect(dataset).toMatchObject({
      content: runs[0]!.training_set!.content,
      model: 'late',
      moment: 'order',
      rows: 500,
    })
    expect(dataset.columns.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['at', 'order_id', 'shop', 'shop_late_share_7d', 'weight_class', 'label', 'label_status']),
    )
    expect(await ok('GET', `/v1/datasets/${dataset.content}`)).toEqual(dataset)
    const rows = await world.ask('GET', `/v1/datasets/${dataset.content}/rows`)
    expect(rows.status).toBe(200)
    expect(rows.text.slice(0, 4)).toBe('PAR1')
    expect((await world.ask('GET', '/v1/datasets/nothing/rows')).status).toBe(404)
  })

  it('build features before a model exists, as they were at every moment', async () => {
    const explored = await ok<DatasetJson>('POST', '/v1/datasets', {
      moment: 'order',
      features: ['shop_deliveries'],
      from: '2026-01-04T00:00:00Z',
      to: '2026-01-29T00:00:00Z',
    })
    expect(explored).toMatchObject({ model: null, rows: 500, label_status: null })
    const ofModel = new Map(dataset.columns.map((column) => [column.name, column]))
    for (const column of explored.columns) expect(column).toEqual(ofModel.get(column.name))
    expect(explored.columns).toHaveLength(4 + 5)
  })

  it('name the feature or role that there is not', async () => {
    const wrong = async (features: readonly string[]) =>
      (await world.ask('POST', '/v1/datasets', { moment: 'order', features })).json
    expect(await wrong(['shop_deliveries:other'])).toMatchObject({
      error: { code: 'request_invalid', path: 'features' },
    })
    expect(await wrong(['nothing:at_all'])).toMatchObject({ error: { path: 'features' } })
    expect(await wrong(['shop_deliveries:last_delay@courier'])).toMatchObject({
      error: { message: expect.stringContaining("role 'courier'") },
    })
    const both = await world.ask('POST', '/v1/datasets', { moment: 'order', model: 'late', features: ['x'] })
    expect(both.status).toBe(400)
    expect((await world.ask('POST', '/v1/datasets', { model: 'other' })).status).toBe(404)
  })

  it('answer long work with a job that is looked at until it is done', async () => {
    const body = { moment: 'order', features: ['shop_deliveries:last_delay'], wait_seconds: 0 }
    const job = await ok<JobJson>('POST', '/v1/datasets', body, 202)
    expect(job).toMatchObject({ kind: 'dataset', status: 'running', result: null })
    expect(await jobEnd(job.id)).toMatchObject({ id: job.id, status: 'done', result: { rows: 600 }, error: null })
    expect((await world.ask('GET', '/v1/jobs/nothing')).status).toBe(404)
    const failing = await ok<JobJson>('GET', '/v1/monitors/report?wait_seconds=0', undefined, 202)
    expect(await jobEnd(failing.id)).toMatchObject({ status: 'failed', error: { code: 'not_found' }, result: null })
  })

  it('say that nothing was predicted yet', async () => {
    expect(await world.ask('GET', '/v1/monitors/report')).toMatchObject({
      status: 404,
      json: { error: { code: 'not_found', message: 'Nothing was predicted yet.' } },
    })
  })

  it('give values of one entity over time', async () => {
    const at = ['2026-01-20T00:00:00.000Z', '2026-01-30T00:00:00.000Z']
    const { points } = await ok<{ points: { at: string; features: Record<string, { status: string }> }[] }>(
      'POST',
      '/v1/features/history',
      { feature: 'shop_deliveries', entity: { shop: 'cph' }, at },
    )
    expect(points.map((point) => point.at)).toEqual(at)
    expect(Object.keys(points[0]!.features)).toHaveLength(5)
    const wrong = await world.ask('POST', '/v1/features/history', { feature: 'shop_deliveries', entity: { x: 'cph' } })
    expect(wrong).toMatchObject({ status: 400, json: { error: { code: 'row_invalid' } } })
  })
})

describe('lineage and the catalog', () => {
  it('follow a column up to the deployment', async () => {
    const lineage = await ok<{ used_by: { kind: string; name: string; direct: boolean }[] }>(
      'GET',
      '/v1/lineage/column/deliveries.delay_minutes',
    )
    expect(lineage.used_by).toEqual(
      expect.arrayContaining([
        { kind: 'feature', name: 'shop_deliveries:last_delay', direct: true },
        { kind: 'model', name: 'late', direct: true },
        { kind: 'deployment', name: 'late-order', direct: false },
      ]),
    )
    expect((await world.ask('GET', '/v1/lineage/column/deliveries.other')).status).toBe(404)
    expect((await world.ask('GET', '/v1/lineage/planet/mars')).status).toBe(400)
  })

  it('find by words', async () => {
    const { entries } = await ok<{ entries: { name: string }[] }>('GET', '/v1/catalog?query=late%20share&kind=feature')
    expect(entries.map(({ name }) => name)).toEqual(['shop_deliveries:late_share_7d'])
  })
})

describe('the description', () => {
  it('has every route that is promised', async () => {
    const promised = [
      'POST /v1/moments/{moment}/predictions',
      'POST /v1/sources/{source}/events',
      'POST /v1/features/lookup',
      ...['entities', 'sources', 'feature-views', 'moments', 'models', 'deployments'].flatMap((kind) => [
        `GET /v1/${kind}`,
        `GET /v1/${kind}/{name}`,
      ]),
      'GET /v1/catalog',
      'GET /v1/lineage/{kind}/{name}',
      'POST /v1/plan',
      'POST /v1/apply',
      'POST /v1/runs',
      'GET /v1/runs',
      'GET /v1/runs/{id}',
      'GET /v1/runs/{id}/logs',
      'DELETE /v1/runs/{id}',
      'GET /v1/models/{model}/versions',
      'GET /v1/models/{model}/versions/{version}',
      'GET /v1/models/{model}/versions/{version}/checks',
      'GET /v1/models/{model}/versions/{version}/lineage',
      'POST /v1/deployments/{deployment}/rollback',
      'POST /v1/deployments/{deployment}/release',
      'POST /v1/datasets',
      'GET /v1/monitors/report',
      'GET /v1/predictions',
      'GET /v1/predictions/{id}',
      'PUT /v1/clock',
      'GET /health/live',
      'GET /health/ready',
      'GET /metrics',
    ]
    const { paths } = await ok<{ paths: Record<string, Record<string, { responses: object }>> }>('GET', '/openapi.json')
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(promised.filter((route) => !described.includes(route))).toEqual([])
    expect(Object.keys(paths['/v1/runs']!.post!.responses)).toContain('202')
    expect(Object.keys(paths['/v1/datasets']!.post!.responses)).toEqual(['200', '202', 'default'])
    expect(paths['/v1/runs/{id}/logs']!.get!.responses).toMatchObject({ 200: { content: { 'text/plain': {} } } })
  })
})
