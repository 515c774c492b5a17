/**
 * Replays a week of flights against a running platform, through its HTTP API and nothing else: every departure asks for a
 * prediction, every landing is an event. The driver advances the platform's replay clock.
 */
import { Agent, request } from 'node:http'
import { DuckDBInstance } from '@duckdb/node-api'

const minuteMs = 60_000
/** Requests in flight at a time, and how far apart in replay time they may be. */
const connections = 16
const spreadMs = minuteMs
/** The clock moves by this much at a time, and ahead of what is sent by at most twice as much. */
const tickMs = 60_000
/** Every 50th landing is reported ten minutes late, every 100th again a minute later. */
const lateEvery = 50
const lateMs = 10 * minuteMs
const twiceEvery = 100

/** What to replay, and where. */
export interface ReplayOptions {
  /** `http://127.0.0.1:4000` */
  readonly url: string
  readonly departuresFile: string
  readonly landingsFile: string
  readonly startMs: number
  /** Landings are reported up to here, in UTC milliseconds. */
  readonly eventsEndMs: number
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/** What the platform answered. */
export interface ReplaySummary {
  readonly predictions: number
  readonly answeredBy: Readonly<Record<string, number>>
  readonly events: number
  readonly acceptedEvents: number
  readonly duplicateEvents: number
  readonly lateEvents: number
  readonly errors: number
  readonly seconds: number
  readonly requestsPerSecond: number
  /** Milliseconds from sending a prediction request to its whole answer, as the client saw it. */
  readonly latencyMs: { readonly p50: number; readonly p99: number }
}

interface Item {
  /** When it is sent, in replay time. */
  readonly sendMs: number
  readonly path: string
  readonly body: unknown
}

/** Sends everything in the order of time and sums up the answers. */
export async function replayFlights(options: ReplayOptions): Promise<ReplaySummary> {
  const { items, late } = await readItems(options)
  const client = new Client(options.url)
  const answeredBy: Record<string, number> = {}
  const latencies: number[] = []
  let [predictions, events, accepted, duplicates, errors] = [0, 0, 0, 0, 0]
  const started = performance.now()
  const inFlight = new Map<Promise<void>, number>()
  let clockMs = options.startMs
  let aheadMs = clockMs
  let ahead: Promise<void> = Promise.resolve()

  const send = async ({ path, body }: Item): Promise<void> => {
    const sent = performance.now()
    const { status, json } = await client.send('POST', path, body)
    if (status !== 200) {
      errors++
      if (errors <= 5) console.error(`${path} answered ${status}: ${JSON.stringify(json)}`)
    } else if (path.startsWith('/v1/moments/')) {
      predictions++
      latencies.push(performance.now() - sent)
      for (const { answered_by } of Object.values((json as PredictionAnswer).results)) {
        answeredBy[answered_by] = (answeredBy[answered_by] ?? 0) + 1
      }
    } else {
      const answer = json as EventsAnswer
      events++
      accepted += answer.accepted
      duplicates += answer.duplicates
    }
  }

  for (const [index, item] of items.entries()) {
    if (options.signal?.aborted) break
    const tooFar = () => inFlight.size >= connections || Math.min(...inFlight.values()) < item.sendMs - spreadMs
    while (inFlight.size > 0 && tooFar()) await Promise.race(inFlight.keys())
    if (item.sendMs > clockMs) {
      await ahead
      const due = Math.ceil(item.sendMs / tickMs) * tickMs
      if (due > aheadMs) await client.advance(due)
      clockMs = Math.max(due, aheadMs)
      // The next tick is on its way while the requests of this one are, so that nobody waits for the clock.
      aheadMs = clockMs + tickMs
      ahead = client.advance(aheadMs)
    }
    const sending = send(item).finally(() => inFlight.delete(sending))
    inFlight.set(sending, item.sendMs)
    if (index % 500 === 0) options.onProgress?.(index, items.length)
  }
  await Promise.all([...inFlight.keys(), ahead])
  await client.advance(Math.max(aheadMs, options.eventsEndMs + minuteMs))
  options.onProgress?.(items.length, items.length)
  client.close()
  latencies.sort((a, b) => a - b)
  const quantile = (q: number) => Math.round((latencies[Math.floor(q * latencies.length)] ?? 0) * 100) / 100
  const seconds = (performance.now() - started) / 1000
  return {
    predictions,
    answeredBy,
    events,
    acceptedEvents: accepted,
    duplicateEvents: duplicates,
    lateEvents: late,
    errors,
    seconds: Math.round(seconds * 10) / 10,
    requestsPerSecond: Math.round((predictions + events) / seconds),
    latencyMs: { p50: quantile(0.5), p99: quantile(0.99) },
  }
}

interface PredictionAnswer {
  readonly results: Readonly<Record<string, { readonly answered_by: string }>>
}

interface EventsAnswer {
  readonly accepted: number
  readonly duplicates: number
}

async function readItems(options: ReplayOptions): Promise<{ items: Item[]; late: number }> {
  const { departuresFile, landingsFile, eventsEndMs } = options
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const iso = (column: string) => `strftime(${column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')`
  const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson() as unknown as string[][] // every column below is text or a number
  try {
    const departures = await rows(
      `SELECT epoch_ms(departed_at)::DOUBLE, flight_id, origin, destination, distance, ${iso('departed_at')} FROM '${departuresFile}'`,
    )
    const landings = await rows(
      `SELECT epoch_ms(landed_at)::DOUBLE, flight_id, origin, destination, arrival_delay, ${iso('departed_at')}, ${iso('landed_at')}
       FROM '${landingsFile}' WHERE epoch_ms(landed_at) < ${eventsEndMs} ORDER BY landed_at, flight_id`,
    )
    let late = 0
    const items: Item[] = departures.map(([at, flight_id, origin, destination, distance, departed_at]) => ({
      sendMs: Number(at),
      path: '/v1/moments/departure/predictions',
      body: { flight_id, at: departed_at, origin, destination, distance: Number(distance) },
    }))
    const reports = new Map<number, { sendMs: number; events: unknown[] }>()
    landings.forEach(([at, flight_id, origin, destination, delay, departed_at, landed_at], index) => {
      const isLate = index % lateEvery === lateEvery - 1
      if (isLate) late++
      const arrival_delay = delay === null ? null : Number(delay)
      const event = { flight_id, origin, destination, arrival_delay, departed_at, landed_at }
      const sendMs = Number(at) + (isLate ? lateMs : 0)
      // Landings of a minute are reported together, when the last of them is known.
      const minute = Math.floor(sendMs / minuteMs)
      const report = reports.get(minute) ?? { sendMs, events: [] }
      report.sendMs = Math.max(report.sendMs, sendMs)
      report.events.push(event)
      reports.set(minute, report)
      if (index % twiceEvery !== twiceEvery - 1) return
      const again = reports.get(minute + 1) ?? { sendMs: sendMs + minuteMs, events: [] }
      again.events.push(event)
      reports.set(minute + 1, again)
    })
    for (const { sendMs, events } of reports.values()) {
      items.push({ sendMs, path: '/v1/sources/landings/events', body: { events } })
    }
    return { items: items.sort((a, b) => a.sendMs - b.sendMs), late }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** JSON over kept-alive connections. */
class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: connections + 1 })
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async advance(toMs: number): Promise<void> {
    const { status, json } = await this.send('PUT', '/v1/clock', { now: new Date(toMs).toISOString() })
    if (status !== 200) throw new Error(`the clock answered ${status}: ${JSON.stringify(json)}`)
  }

  send(method: string, path: string, body: unknown): Promise<{ status: number; json: unknown }> {
    return new Promise((resolve, reject) => {
      const text = JSON.stringify(body)
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
      const call = request(`${this.#url}${path}`, { method, agent: this.#agent, headers }, (response) => {
        let answer = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          answer += chunk
        })
        response.on('end', () => {
          try {
            resolve({ status: response.statusCode ?? 0, json: JSON.parse(answer) })
          } catch (error) {
            reject(error)
          }
        })
      })
      call.on('error', reject)
      call.end(text)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
