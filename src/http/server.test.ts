// Goal: what stands in front of every room. Method: requests injected into the real server over a real small project.
import { connect } from 'node:net'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { errorOf } from '../../test/serving/error-of.ts'
import { openWorld, quoteRow, startMs, type World } from '../../test/serving/world.ts'
import { noonmarkError } from '../errors.ts'
import type { ProjectContext, ServerContext } from './context.ts'
import { route } from './route.ts'
import { serveRoutes } from './routes/index.ts'
import { createHttpServer, type HttpServer } from './server.ts'

let world: World
let server: HttpServer
let writerDown = false
let ready = true

/** A server over a world; `replay` says whether its clock can be set. */
function serverOver(open: World, replay = true, port = 7777): HttpServer {
  const project: ProjectContext = {
    project: 'world',
    manifest: () => open.manifest,
    clock: open.clock,
    advanceClock: replay
      ? async (to) => {
          open.clock.advance(to)
          await open.writer.advance()
          return open.clock.now()
        }
      : null,
    predict: (moment, body) => open.predictor.predict(moment, body),
    predictions: open.reader,
    outcomes: {
      find: async (records) => records.map(() => ({ label: true, status: 'observed', at: startMs + 1000 })),
    },
    features: open.features,
    events: {
      async append(source, events) {
        if (writerDown) throw noonmarkError('writer_unavailable')
        return open.writer.ingest(source, events)
      },
    },
  }
  const context: ServerContext = {
    project(name) {
      if (name === null || name === 'world') return project
      throw noonmarkError('not_found', { message: `There is no project ${name}.`, path: 'project' })
    },
    metrics: async () => ({ contentType: new Registry().contentType, text: await open.registry.metrics() }),
    health: async () => ({ ready, checks: { store: { ok: ready } } }),
  }
  const failing = route({
    method: 'GET',
    path: '/v1/failing',
    summary: 'Fails',
    tag: 'test',
    input: { query: z.strictObject({ number: z.coerce.number() }) },
    run: async () => {
      throw new Error('something broke')
    },
  })
  return createHttpServer({ context, routes: [...serveRoutes, failing], port, bodyLimitBytes: 200_000 })
}

beforeAll(async () => {
  world = await openWorld()
  server = serverOver(world)
})
afterAll(async () => {
  await server.close()
  await world.close()
})

const headers = { host: 'localhost:7777' }
const get = (url: string, more: Record<string, string> = {}) =>
  server.instance.inject({ method: 'GET', url, headers: { ...headers, ...more } })
const send = (method: 'POST' | 'PUT', url: string, body: unknown, more: Record<string, string> = {}) =>
  server.instance.inject({
    method,
    url,
    headers: { ...headers, 'content-type': 'application/json', ...more },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  })
const post = (url: string, body: unknown, more: Record<string, string> = {}) => send('POST', url, body, more)

describe('the server', () => {
  it('listens on this machine only', () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.com', '127.0.0.1.example.com']) {
      const context = { project: () => ({}), metrics: async () => ({}), health: async () => ({}) }
      expect(
        errorOf(() => createHttpServer({ context: context as unknown as ServerContext, routes: [], host, port: 0 })), // never asked
      ).toMatchObject({ code: 'host_not_loopback' })
    }
  })

  it.each([
    ['localhost:7777', undefined, 200],
    ['127.0.0.1:7777', undefined, 200],
    ['[::1]:7777', undefined, 200],
    ['LOCALHOST:7777', 'http://localhost:7777', 200],
    ['localhost:7777', 'http://127.0.0.1:7777', 200],
    ['localhost', undefined, 403],
    ['localhost:7778', undefined, 403],
    ['evil.example:7777', undefined, 403],
    ['localhost:7777', 'http://evil.example', 403],
    ['localhost:7777', 'https://localhost:7777', 403],
    ['localhost:7777', 'http://localhost:3000', 403],
    ['localhost:7777', 'null', 403],
  ])('answers the host %s and the origin %s with %i', async (host, origin, status) => {
    const response = await get('/health/live', { host, ...(origin === undefined ? {} : { origin }) })
    expect(response.statusCode).toBe(status)
    if (status === 403) expect(response.json()).toMatchObject({ error: { code: 'host_forbidden' } })
  })

  it('checks the host of paths and methods that it does not have, too', async () => {
    expect((await get('/nothing', { host: 'evil.example' })).statusCode).toBe(403)
    expect((await post('/v1/clock', {}, { origin: 'http://evil.example' })).statusCode).toBe(403)
  })

  it('takes JSON bodies only', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const response = await post('/v1/moments/quote/predictions', quoteRow(), { 'content-type': type })
      expect(response.statusCode).toBe(415)
      expect(response.json()).toMatchObject({ error: { code: 'content_type_unsupported' } })
    }
    const bad = await post('/v1/moments/quote/predictions', '{"quote_id":')
    expect(bad.statusCode).toBe(400)
    expect(bad.json()).toMatchObject({ error: { code: 'json_invalid', hint: expect.any(String) } })
    expect((await post('/v1/moments/quote/predictions', '')).json()).toMatchObject({ error: { code: 'json_invalid' } })
    const large = await post('/v1/moments/quote/predictions', { mood: 'x'.repeat(200_000) })
    expect(large.statusCode).toBe(413)
    expect(large.json()).toMatchObject({ error: { code: 'body_too_large' } })
  })

  it('answers what is not there with 404, another method with 405 and its own failure with 500', async () => {
    const missing = await get('/v1/nothing')
    expect(missing.statusCode).toBe(404)
    expect(missing.json()).toMatchObject({ error: { code: 'not_found' } })
    const method = await get('/v1/moments/quote/predictions')
    expect(method.statusCode).toBe(405)
    expect(method.headers.allow).toBe('POST')
    expect((await get('/v1/projects/world/features/lookup')).statusCode).toBe(405)
    const failed = await get('/v1/failing?number=1')
    expect(failed.statusCode).toBe(500)
    expect(failed.json()).toMatchObject({ error: { code: 'internal', message: 'something broke' } })
    const invalid = await get('/v1/failing?number=x')
    expect(invalid.json()).toMatchObject({ error: { code: 'request_invalid', path: 'query.number' } })
    expect((await get('/v1/failing?number=1&other=2')).json()).toMatchObject({ error: { path: 'query.other' } })
    expect((await get('/v1/%zz')).json()).toMatchObject({ error: { code: 'request_invalid' } })
  })

  it('speaks of its project with and without its name', async () => {
    const named = await get('/v1/projects/world/moments/quote')
    expect(named.json()).toEqual((await get('/v1/moments/quote')).json())
    const other = await get('/v1/projects/other/moments/quote')
    expect(other.statusCode).toBe(404)
    expect(other.json()).toMatchObject({ error: { path: 'project' } })
  })

  it('says that a port is in use, and lets go of its own', async () => {
    const first = serverOver(world, true, 0)
    const url = await first.listen()
    const { port } = new URL(url)
    const response = await fetch(`${url}/health/live`)
    expect(await response.json()).toEqual({ status: 'live' })
    const second = serverOver(world, true, Number(port))
    await expect(second.listen()).rejects.toMatchObject({ code: 'port_in_use' })
    await first.close()
    await second.close()
    const refused = await new Promise((resolve) => {
      connect(Number(port), '127.0.0.1')
        .on('error', () => resolve(true))
        .on('connect', () => resolve(false))
    })
    expect(refused).toBe(true)
  })
})

describe('predictions', () => {
  it('are answered in the form that the request had', async () => {
    const one = await post('/v1/moments/quote/predictions', quoteRow())
    expect(one.statusCode).toBe(200)
    expect(one.json()).toEqual({
      as_of: expect.stringMatching(/Z$/),
      results: {
        'late-quote': {
          prediction_id: expect.any(String),
          output: { probability: expect.any(Number) },
          model_version: 'late:1',
          answered_by: 'champion',
          logged: true,
        },
        'plain-quote': expect.any(Object),
      },
    })
    const several = await post('/v1/moments/quote/predictions', { rows: [quoteRow(), quoteRow()] })
    expect(several.json().rows).toHaveLength(2)
  })

  it('are never a server error because of code, and name the field of a wrong request', async () => {
    const fallen = await post('/v1/moments/quote/predictions', quoteRow({ mood: 'throw' }))
    expect(fallen.json().results['late-quote']).toMatchObject({ answered_by: 'fallback:baseline' })
    const wrong = await post('/v1/moments/quote/predictions', { rows: [quoteRow({ distance: 'far' })] })
    expect(wrong.statusCode).toBe(400)
    expect(wrong.json()).toMatchObject({ error: { code: 'row_invalid', path: 'rows[0].distance' } })
    expect((await post('/v1/moments/other/predictions', quoteRow())).statusCode).toBe(404)
  })

  it('are found again by id, with their outcome, and listed page by page', async () => {
    const answer = (await post('/v1/moments/quote/predictions', quoteRow({ seat: '-9223372036854775808' }))).json()
    const { prediction_id: id } = answer.results['late-quote']
    const found = await get(`/v1/predictions/${id}`)
    expect(found.json()).toMatchObject({
      prediction_id: id,
      deployment: 'late-quote',
      answered_by: 'champion',
      model_version: 'late:1',
      request: { distance: 1000, seat: '-9223372036854775808', departs_at: '2026-02-01T07:30:00.000Z' },
      entities: { origin: { airport: 'SFO' }, customer: { country: 'NL', number: 7 } },
      outcome: { label: true, status: 'observed', at: new Date(startMs + 1000).toISOString() },
    })
    expect((await get('/v1/predictions/nothing')).statusCode).toBe(404)
    await world.predictor.drained()
    const listed: string[] = []
    let after = ''
    for (;;) {
      const page = (await get(`/v1/predictions?deployment=late-quote&limit=2${after}`)).json()
      listed.push(...page.predictions.map((one: { prediction_id: string }) => one.prediction_id))
      if (page.next === null) break
      after = `&after=${page.next}`
    }
    expect(listed).toContain(id)
    expect(new Set(listed).size).toBe(listed.length)
    const none = (await get('/v1/predictions?from=2030-01-01T00:00:00Z')).json()
    expect(none).toEqual({ predictions: [], next: null })
    expect((await get('/v1/predictions?from=yesterday')).json()).toMatchObject({ error: { code: 'instant_invalid' } })
  })
})

describe('events and features', () => {
  const landing = (id: string, more: Record<string, unknown> = {}) => ({
    flight_id: id,
    airport: 'AMS',
    delay: 10,
    tail: '1',
    landed_at: new Date(startMs - 60_000).toISOString(),
    ...more,
  })

  it('are durable together, a repeat counts once, and a read can wait for them', async () => {
    const sent = await post('/v1/sources/landings/events', { events: [landing('a'), landing('b')] })
    expect(sent.json()).toEqual({ accepted: 2, duplicates: 0, position: expect.any(String) })
    const again = await post('/v1/sources/landings/events', { events: [landing('b'), landing('c')] })
    expect(again.json()).toMatchObject({ accepted: 1, duplicates: 1 })
    const advanced = await send('PUT', '/v1/clock', { now: new Date(startMs + 60_000).toISOString() })
    expect(advanced.json()).toEqual({ now: new Date(startMs + 60_000).toISOString() })
    const read = await post('/v1/features/lookup', {
      features: ['punctuality:landings_1d', 'punctuality:last_tail', 'spending:last_amount'],
      entities: [{ airport: 'AMS', country: 'NL', number: 7 }],
      min_position: again.json().position,
    })
    expect(read.json()).toEqual({
      at: new Date(startMs + 60_000).toISOString(),
      rows: [
        {
          as_of: new Date(startMs + 60_000).toISOString(),
          sources: {
            landings: new Date(startMs + 60_000).toISOString(),
            orders: new Date(startMs + 60_000).toISOString(),
          },
          exact_from: { landings: null, orders: null },
          features: {
            'punctuality:landings_1d': { value: 3, status: 'present' },
            'punctuality:last_tail': { value: '1', status: 'present' },
            'spending:last_amount': { value: null, status: 'not_found' },
          },
        },
      ],
    })
    const back = await send('PUT', '/v1/clock', { now: new Date(startMs).toISOString() })
    expect(back.statusCode).toBe(409)
  })

  it('are refused whole for one bad row, by index and field', async () => {
    const bad = await post('/v1/sources/landings/events', { events: [landing('x'), landing('y', { delay: 'late' })] })
    expect(bad.statusCode).toBe(400)
    expect(bad.json()).toMatchObject({ error: { code: 'row_invalid', path: 'events[1].delay' } })
    expect((await post('/v1/sources/landings/events', { events: [landing('x')] })).json()).toMatchObject({
      accepted: 1,
    })
    expect((await post('/v1/sources/landings/events', { events: [] })).json()).toMatchObject({
      error: { path: 'events' },
    })
    expect((await post('/v1/sources/landings/events', { rows: [] })).statusCode).toBe(400)
    expect((await post('/v1/sources/other/events', { events: [landing('x')] })).statusCode).toBe(404)
  })

  it('end in 503 while the writer is down, and predictions go on', async () => {
    writerDown = true
    const refused = await post('/v1/sources/landings/events', { events: [landing('z')] })
    expect(refused.statusCode).toBe(503)
    expect(refused.json()).toMatchObject({ error: { code: 'writer_unavailable' } })
    expect((await post('/v1/moments/quote/predictions', quoteRow())).statusCode).toBe(200)
    writerDown = false
  })

  it('are refused by the name at fault', async () => {
    const lookup = async (change: Record<string, unknown>) =>
      (
        await post('/v1/features/lookup', {
          features: ['punctuality:landings_1d'],
          entities: [{ airport: 'AMS' }],
          ...change,
        })
      ).json().error
    expect(await lookup({ features: ['punctuality:other'] })).toMatchObject({ code: 'not_found', path: 'features[0]' })
    expect(await lookup({ features: [] })).toMatchObject({ code: 'request_invalid', path: 'features' })
    expect(await lookup({ entities: [{}] })).toMatchObject({ code: 'row_invalid', path: 'entities[0].airport' })
    expect(await lookup({ entities: [{ airport: 5 }] })).toMatchObject({ path: 'entities[0].airport' })
    expect(await lookup({ entities: [{ airport: 'AMS', x: 1 }] })).toMatchObject({ path: 'entities[0].x' })
    expect(await lookup({ at: '2030-01-01T00:00:00Z' })).toMatchObject({ code: 'instant_ahead', path: 'at' })
    expect(await lookup({ min_position: 'x' })).toMatchObject({ code: 'position_invalid' })
    expect(await lookup({ other: 1 })).toMatchObject({ code: 'request_invalid', path: 'other' })
  })
})

describe('the catalog and operations', () => {
  it('list and show what is defined', async () => {
    for (const kind of ['entities', 'sources', 'feature-views', 'moments', 'models', 'deployments']) {
      const all = (await get(`/v1/${kind}`)).json()[kind] as { name: string; file?: string }[]
      expect(all.length).toBeGreaterThan(0)
      for (const one of all) expect((await get(`/v1/${kind}/${one.name}`)).json()).toEqual(one)
      expect(all[0]!.file).toBe('world.ts')
      expect((await get(`/v1/${kind}/toString`)).statusCode).toBe(404)
    }
  })

  it('say whether the server should get traffic', async () => {
    expect((await get('/health/ready')).statusCode).toBe(200)
    ready = false
    expect((await get('/health/ready')).statusCode).toBe(503)
    ready = true
    const metrics = await get('/metrics')
    expect(metrics.headers['content-type']).toContain('text/plain')
    expect(metrics.body).toContain('noonmark_predictions_total{deployment="late-quote",answered_by="champion"}')
  })

  it('have no clock route on the real clock', async () => {
    const real = serverOver(world, false)
    const response = await real.instance.inject({
      method: 'PUT',
      url: '/v1/clock',
      headers: { ...headers, 'content-type': 'application/json' },
      payload: JSON.stringify({ now: '2030-01-01T00:00:00Z' }),
    })
    expect(response.statusCode).toBe(404)
    await real.close()
  })

  it('describe every route, and each moment and source by its own fields', async () => {
    const document = (await get('/openapi.json')).json()
    expect(document.openapi).toBe('3.1.0')
    for (const { path, method, summary } of serveRoutes)
      expect(document.paths[path][method.toLowerCase()]).toMatchObject({ summary })
    const quote = document.paths['/v1/moments/quote/predictions'].post
    const [row] = quote.requestBody.content['application/json'].schema.anyOf
    expect(row.required).toEqual(['quote_id', 'origin', 'customer', 'distance', 'departs_at'])
    expect(row.additionalProperties).toBe(false)
    const event = document.paths['/v1/sources/landings/events'].post.requestBody.content['application/json'].schema
    expect(event.properties.events.items.required).toEqual(['flight_id', 'landed_at'])
    const ids = Object.values(document.paths as Record<string, Record<string, { operationId: string }>>).flatMap(
      (methods) => Object.values(methods).map(({ operationId }) => operationId),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })
})
