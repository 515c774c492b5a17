// Goal: one role that crashes stops no other. Method: a real server; its worker is killed while it trains.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunJson } from '../../src/registry/index.ts'
import { noonmark, type RunningServer, startServer, until } from '../e2e/command-line.ts'
import { historyTo, iso, projectFiles, removeProject, writeProject } from '../e2e/small-project.ts'

let folder: string
let server: RunningServer

beforeAll(async () => {
  folder = writeProject(projectFiles())
  const clock = ['--clock', iso(historyTo)]
  const applied = await noonmark(folder, ['apply', '--yes', ...clock])
  expect(applied.code, applied.error).toBe(0)
  server = await startServer(folder, clock)
})
afterAll(async () => {
  await server?.stop()
  removeProject(folder)
})

const runOf = async (id: string): Promise<RunJson> => (await server.get<RunJson>(`/v1/runs/${id}`)).json

/** Process ids by role, as the server's file has them now. */
const workerPid = (): number | undefined => {
  const roles: Readonly<Record<string, number | undefined>> = server.file().roles
  return roles.worker
}

describe('a worker that is killed', () => {
  it('costs its run and nothing else, and comes back by itself', async () => {
    const parameters = { trees: 100_000, early_stopping_rounds: 0 }
    const started = await server.post<RunJson>('/v1/runs', { model: 'late', parameters })
    expect(started.status).toBe(202)
    const { id } = started.json
    await until('the run to be fitted', async () => (await runOf(id)).progress?.step.startsWith('fit') === true)
    const pid = workerPid()!
    process.kill(pid, 'SIGKILL')
    const gone = async () => workerPid() !== pid || (await server.post('/v1/plan', {})).status === 503
    await until('the worker to be gone', gone)

    const events = [{ order_id: 'n', shop: 'aal', delay_minutes: 3, delivered_at: iso(historyTo) }]
    expect(await server.post('/v1/sources/deliveries/events', { events })).toMatchObject({ status: 200 })
    const row = { order_id: 'q', shop: 'aal', kilograms: 3 }
    expect(await server.post('/v1/moments/order/predictions', row)).toMatchObject({ status: 200 })
    expect((await server.get('/health/ready')).status).toBe(200)

    await until('another worker', async () => (await server.post('/v1/plan', {})).status === 200)
    expect(workerPid()).not.toBe(pid)
    expect(await runOf(id)).toMatchObject({ status: 'failed', error: { code: 'run_lost' }, progress: null })
    const again = await server.post<RunJson>('/v1/runs', { model: 'late' })
    await until('a run by the new one', async () => (await runOf(again.json.id)).status === 'succeeded')
  })
})
