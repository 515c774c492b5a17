/**
 * How many predictions a second does one serve process answer over HTTP, everything included: validation, lookup, a derive
 * in a worker thread, two deployments and a shadow, the durable log? Run: `node bench/prediction-rate.bench.ts`.
 * 1, 4 and 16 connections send one request after the other; the client is a process of its own on the same machine.
 */
import { fork } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createHttpServer, type ProjectContext, serveRoutes } from '../src/http/index.ts'
import { lmdbOnlineStore } from '../src/online/drivers/lmdb.ts'
import { openWorld, quoteRow } from '../test/serving/world.ts'
import { digits, options, report } from './measuring.ts'

const file = fileURLToPath(import.meta.url)
const seconds = options.small ? 1 : 8

if (process.argv[2] === 'serve') await serve()
else await measure()

async function serve(): Promise<void> {
  const world = await openWorld({ online: (folder) => lmdbOnlineStore({ folder: join(folder, 'online') }) })
  await world.writer.ingest(
    'landings',
    Array.from({ length: 10 }, (_, i) => ({
      flight_id: `f${i}`,
      airport: 'SFO',
      delay: i,
      tail: '1',
      landed_at: new Date(world.clock.now() - i * 30_000).toISOString(),
    })),
  )
  world.clock.advance(world.clock.now() + 1000)
  await world.writer.advance()
  const unused = () => {
    throw new Error('not asked for here')
  }
  const project: ProjectContext = {
    project: 'world',
    manifest: () => world.manifest,
    clock: world.clock,
    advanceClock: null,
    predict: (moment, body) => world.predictor.predict(moment, body),
    predictions: world.reader,
    outcomes: null,
    features: world.features,
    events: { append: unused },
  }
  const server = createHttpServer({
    context: { project: () => project, metrics: unused, health: unused },
    routes: serveRoutes,
    port: 0,
  })
  process.send?.(await server.listen())
  process.once('message', async () => {
    const stages = await world.registry.getSingleMetricAsString('noonmark_prediction_stage_seconds')
    const means = [...stages.matchAll(/_sum\{stage="(\w+)"\} ([\d.e-]+)/g)].map(([, stage, sum]) => {
      const count = Number(new RegExp(`_count\\{stage="${stage}"\\} (\\d+)`).exec(stages)?.[1])
      return `${stage} ${((Number(sum) / count) * 1000).toFixed(3)} ms`
    })
    const { user, system } = process.cpuUsage()
    process.send?.(`${means.join(', ')}; cpu ${((user + system) / 1e6).toFixed(1)} s`)
    await server.close()
    await world.close()
    process.disconnect()
  })
}

async function measure(): Promise<void> {
  const child = fork(file, ['serve'])
  const url = new URL(await new Promise<string>((resolve) => child.once('message', (text) => resolve(String(text)))))
  const paths: [string, (i: number) => object][] = [
    ['two deployments, derives, a shadow', (i) => quoteRow({ quote_id: `q${i}`, mood: 'abc' })],
    ['one deployment, no derive', (i) => ({ rows: [quoteRow({ quote_id: `q${i}` })], deployments: ['plain-quote'] })],
  ]
  const rows: (string | number)[][] = []
  for (const [name, body] of paths) {
    await drive(url, body, 1, 16)
    for (const connections of [1, 4, 16]) {
      const latencies = (await drive(url, body, seconds, connections)).sort((a, b) => a - b)
      const at = (share: number) => digits(latencies[Math.floor(latencies.length * share)]!)
      rows.push([name, connections, Math.round(latencies.length / seconds), at(0.5), at(0.99), at(0.999)])
    }
  }
  child.send('stop')
  const stages = await new Promise<unknown>((resolve) => child.once('message', resolve))
  await report('prediction-rate', {
    title: 'Predictions',
    asks: 'How many predictions a second does one serving process answer over HTTP, with lookup in LMDB and durable log?',
    versions: {},
    tables: [
      {
        caption: 'one row a request; every answer is on disk before it is sent',
        columns: ['request', 'connections', 'requests/s', 'p50 ms', 'p99 ms', 'p99.9 ms'],
        rows,
      },
    ],
    notes: [`The client runs on the same processors. Mean times in the server: ${stages}.`],
  })
}

async function drive(
  url: URL,
  body: (i: number) => object,
  forSeconds: number,
  connections: number,
): Promise<number[]> {
  const latencies: number[] = []
  const until = performance.now() + forSeconds * 1000
  let sent = 0
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname)
      socket.setNoDelay(true)
      let startedMs = 0
      let received = ''
      const request = () => {
        const text = JSON.stringify(body(sent++))
        startedMs = performance.now()
        socket.write(
          `POST /v1/moments/quote/predictions HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
        )
      }
      socket.on('data', (data) => {
        received += data.toString('latin1')
        const head = received.indexOf('\r\n\r\n')
        if (head < 0) return
        const length = Number(/content-length: (\d+)/i.exec(received)?.[1])
        if (received.length < head + 4 + length) return
        if (!received.startsWith('HTTP/1.1 200')) reject(new Error(received))
        received = ''
        latencies.push(performance.now() - startedMs)
        if (performance.now() < until) request()
        else socket.end(resolve)
      })
      socket.on('error', reject)
      socket.on('connect', request)
    })
  await Promise.all(Array.from({ length: connections }, one))
  return latencies
}
