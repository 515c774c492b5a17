import { collectDefaultMetrics, Registry as MetricsRegistry } from 'prom-client'
import type { ReplayClock } from '../clock.ts'
import { noonmarkError } from '../errors.ts'
import {
  createHttpServer,
  type EventsTaken,
  type Health,
  type HttpServer,
  openPages,
  type ProjectContext,
  type Route,
  serveRoutes,
} from '../http/index.ts'
import { createFrontiers, type Frontiers, storedFrontiers } from '../online/index.ts'
import type { Platform } from '../platform.ts'
import { type ChannelClient, dial, dialResting } from '../process/channel.ts'
import { remoteWorker } from '../process/worker-channel.ts'
import { parsePosition } from '../stream/index.ts'
import { openAnswering } from './answering.ts'
import { trainingRecords } from './operations-records.ts'
import { outcomeFinder } from './outcome-finder.ts'
import { openReports } from './reports/index.ts'

/** How serving is started. */
export interface ServingOptions {
  readonly host: string
  readonly port: number
  readonly routes?: readonly Route[]
  /** Rooms that other processes run, as routes ask for them. */
  readonly log: (line: string) => void
  /** Starts the worker where it rests. */
  readonly wakeWorker: () => void
}

/** How long the writer may take to answer a call with events. */
const eventDeadlineMs = 5_000
/** How long it may take to advance a replay clock, which applies what was received. */
const clockDeadlineMs = 30_000
/** How long the worker may take to start where it rests. */
const workerPatienceMs = 10_000
/** How long a server waits for frontiers that nobody has kept before it answers without: a moment always gets an answer. */
const frontierPatienceMs = 5_000

/** A server that answers. */
export interface Serving {
  readonly url: string
  /** Takes up what is applied, pinned and held now, where that changed. */
  refresh(): Promise<void>
  close(): Promise<void>
}

/** Starts the serve role: HTTP, lookups, models, the prediction log. It never opens DuckDB and never writes metadata. */
export async function startServing(platform: Platform, options: ServingOptions): Promise<Serving> {
  const { project, clock, layout } = platform
  const metrics = new MetricsRegistry()
  collectDefaultMetrics({ register: metrics })
  const frontiers = createFrontiers()
  const online = await platform.stores.openOnlineReader()
  const writer: ChannelClient = dial(layout.writerSocket, {
    peer: 'writer',
    onAnnounce(event, data) {
      if (event !== 'frontiers') return
      for (const [source, frontierMs] of Object.entries(data as Readonly<Record<string, number>>))
        frontiers.publish(source, frontierMs) // announced by our own writer
    },
  })
  const worker = dialResting(layout.workerSocket, {
    peer: 'worker',
    wake: options.wakeWorker,
    patienceMs: workerPatienceMs,
  })
  const closing = new AbortController()
  const records = trainingRecords(platform)
  const positions = {
    waitFor: async (position: string, timeoutMs: number): Promise<boolean> => {
      const started = performance.now()
      const { source, receivedMs } = parsePosition(position)
      // The writer hurries; that this process sees the rows is told by its own frontier.
      const deadlineMs = timeoutMs + 1_000
      const reached = await writer.call('waitFor', { position, timeoutMs }, { deadlineMs })
      return (
        reached === true &&
        frontiers.waitBeyond(source, receivedMs, Math.max(1, timeoutMs - (performance.now() - started)))
      )
    },
  }
  const answering = await openAnswering(platform, { online, frontiers, positions, metrics, log: options.log })

  const context: ProjectContext = {
    project,
    manifest: answering.manifest,
    clock,
    advanceClock: clock.replay
      ? async (to) => {
          // The writer goes first: when this process says it is later, no row can be stamped earlier any more.
          await writer.call('advanceClock', { toMs: to }, { deadlineMs: clockDeadlineMs })
          const replay = clock as ReplayClock // replay says so
          if (to > replay.now()) replay.advance(to)
          return replay.now()
        }
      : null,
    predict: answering.predict,
    predictions: answering.predictions,
    outcomes: outcomeFinder(remoteWorker(worker, () => clock.now())),
    get features() {
      return answering.features
    },
    events: {
      append: async (source, events) =>
        (await writer.call('ingest', { source, events }, { deadlineMs: eventDeadlineMs })) as EventsTaken, // the writer's own answer
    },
    training: {
      // Whoever follows a run does not keep the server from ending.
      records: { ...records, runLog: (id) => records.runLog(id, closing.signal) },
      worker: remoteWorker(worker, () => clock.now()),
    },
    reports: openReports(platform, {
      answering,
      frontiers: () => frontiers.all,
      roles: () => [
        { role: 'serve', running: true },
        { role: 'writer', running: writer.responsive },
        { role: 'worker', running: worker.responsive },
      ],
    }),
  }

  const sourcesNow = (): string[] => Object.keys(context.manifest().sources)
  const health = async (): Promise<Health> => {
    const sources = sourcesNow()
    const known = sources.filter((source) => frontiers.get(source) !== undefined)
    const log = { ok: answering.logFailure() === null }
    const reached = { ok: known.length === sources.length, detail: `${known.length} of ${sources.length} sources` }
    const taking = writer.responsive
      ? { ok: true }
      : { ok: false, detail: 'events are refused; predictions go on with the features that are known' }
    // Without its writer a server goes on answering at moments: it should get their traffic.
    return { ready: log.ok && reached.ok, checks: { writer: taking, prediction_log: log, frontiers: reached } }
  }

  const server: HttpServer = createHttpServer({
    context: {
      project: (name) => {
        if (name === null || name === project) return context
        throw noonmarkError('not_found', {
          message: `There is no project ${name}.`,
          hint: `This server has ${project}.`,
          path: 'project',
        })
      },
      metrics: async () => ({ contentType: metrics.contentType, text: await metrics.metrics() }),
      health,
    },
    routes: [...serveRoutes, ...(options.routes ?? [])],
    pages: openPages(),
    host: options.host,
    port: options.port,
    onFailure: (error, where) =>
      options.log(`${where} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  })
  await learnFrontiers(frontiers, sourcesNow(), (sources) => storedFrontiers(online, project, sources))
  const url = await server.listen()

  return {
    url,
    refresh: () => answering.refresh(),
    async close() {
      closing.abort()
      await server.close()
      await answering.close()
      writer.close()
      worker.close()
      await online.close()
    },
  }
}

/**
 * Begins at the frontiers that the writer has kept, whether it runs now or not. For those that were never kept, which is so at
 * the very first start, waits until it has told of them: before that, every feature would be said to be unavailable.
 */
async function learnFrontiers(
  frontiers: Frontiers,
  sources: readonly string[],
  stored: (sources: readonly string[]) => Promise<Readonly<Record<string, number>>>,
): Promise<void> {
  // Where there is no state yet, there is no frontier either.
  const kept = await stored(sources).catch(() => ({}))
  for (const [source, frontierMs] of Object.entries<number>(kept)) frontiers.publish(source, frontierMs)
  const isKnown = (): boolean => sources.every((source) => frontiers.get(source) !== undefined)
  if (isKnown()) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, frontierPatienceMs)
  const unsubscribe = frontiers.subscribe(() => {
    if (isKnown()) resolve()
  })
  await promise
  clearTimeout(timer)
  unsubscribe()
}
