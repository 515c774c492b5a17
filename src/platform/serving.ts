import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { collectDefaultMetrics, Registry as MetricsRegistry } from 'prom-client'
import type { ReplayClock } from '../clock.ts'
import { noonmarkError } from '../errors.ts'
import {
  createHttpServer,
  type EventsTaken,
  type Health,
  type HttpServer,
  type ProjectContext,
  type Route,
  serveRoutes,
} from '../http/index.ts'
import { lmdbOnlineStore } from '../online/drivers/lmdb.ts'
import { createFrontiers, type OnlineStore } from '../online/index.ts'
import {
  type AppliedManifest,
  currentManifest,
  emptyManifest,
  holdsOf,
  isHeld,
  manifestDigest,
  pinsOf,
} from '../plan/index.ts'
import type { Platform } from '../platform.ts'
import { type ChannelClient, dial } from '../process/channel.ts'
import { remoteWorker } from '../process/worker.ts'
import { versionName } from '../registry/index.ts'
import {
  createFeatureReader,
  createPredictor,
  loadVersion,
  openPredictionLog,
  openPredictionReader,
  type Predictor,
  servingMetrics,
  type VersionState,
} from '../serve/index.ts'
import { parsePosition } from '../stream/index.ts'
import { featureLookup } from './features.ts'
import { trainingRecords } from './operations.ts'

/** How serving is started. */
export interface ServingOptions {
  readonly host: string
  readonly port: number
  readonly routes?: readonly Route[]
  /** Rooms that other processes run, as routes ask for them. */
  readonly log: (line: string) => void
}

/** A server that answers. */
export interface Serving {
  readonly url: string
  /** Takes up what is applied, pinned and held now, where that changed. */
  refresh(): Promise<void>
  close(): Promise<void>
}

/** What decides who answers: another key, another predictor. */
interface Contract {
  readonly applied: AppliedManifest | null
  readonly holds: Awaited<ReturnType<typeof holdsOf>>
  readonly versions: readonly string[]
}

/** Starts the serve role: HTTP, lookups, models, the prediction log. It never opens DuckDB and never writes metadata. */
export async function startServing(platform: Platform, options: ServingOptions): Promise<Serving> {
  const { project, clock, metadata, blobs, registry, layout } = platform
  const metrics = new MetricsRegistry()
  collectDefaultMetrics({ register: metrics })
  const frontiers = createFrontiers()
  const online = await openForReading(layout.online)
  const writer: ChannelClient = dial(layout.writerSocket, {
    peer: 'writer',
    onAnnounce(event, data) {
      if (event !== 'frontiers') return
      for (const [source, frontierMs] of Object.entries(data as Readonly<Record<string, number>>))
        frontiers.publish(source, frontierMs) // announced by our own writer
    },
  })
  const worker: ChannelClient = dial(layout.workerSocket, { peer: 'worker' })
  const closing = new AbortController()
  const records = trainingRecords(platform)
  const log = await openPredictionLog({ folder: layout.predictions, clock })
  const reader = openPredictionReader(layout.predictions)
  const lookup = featureLookup(project, online, frontiers)
  const positions = {
    waitFor: async (position: string, timeoutMs: number): Promise<boolean> => {
      const started = performance.now()
      const { source, receivedMs } = parsePosition(position)
      // The writer hurries; that this process sees the rows is told by its own frontier.
      const reached = await writer.call('waitFor', { position, timeoutMs })
      return (
        reached === true &&
        frontiers.waitBeyond(source, receivedMs, Math.max(1, timeoutMs - (performance.now() - started)))
      )
    },
  }
  const serving = servingMetrics(metrics)
  const loaded = new Map<string, VersionState>()

  const versionState = async (pin: string): Promise<VersionState | null> => {
    const known = loaded.get(pin)
    if (known !== undefined) return known
    try {
      const version = await registry.version(pin)
      const state: VersionState = version.passed
        ? loadVersion({
            name: versionName(version),
            model: version.spec,
            artifact: await blobs.get(version.artifact),
            reference: await blobs.get(version.reference),
          })
        : { refused: 'its checks did not pass' }
      loaded.set(pin, state)
      return state
    } catch (error) {
      // Not registered yet is pending and looked for again; anything else will not mend itself.
      if (error instanceof Error && 'code' in error && error.code === 'version_unknown') return null
      const state = { refused: error instanceof Error ? error.message : String(error) }
      loaded.set(pin, state)
      return state
    }
  }

  const readContract = async (): Promise<Contract> => {
    const applied = await currentManifest(metadata, blobs, project)
    const holds = await holdsOf(metadata, project)
    const versions = (await registry.versions()).map((version) => `${versionName(version)} ${version.digest}`)
    return { applied, holds, versions }
  }
  const keyOf = ({ applied, holds, versions }: Contract): string => JSON.stringify([applied?.revision, holds, versions])

  const build = async ({ applied, holds }: Contract): Promise<Predictor> => {
    const manifest = applied?.manifest ?? emptyManifest(project)
    const standing = Object.entries(holds).filter(
      ([name, hold]) => manifest.deployments[name] !== undefined && isHeld(manifest.deployments[name], hold),
    )
    const pins = new Set([
      ...Object.values(manifest.deployments).flatMap(pinsOf),
      ...standing.flatMap(([, { version }]) => (version === null ? [] : [version])),
    ])
    const versions = new Map<string, VersionState>()
    for (const pin of pins) {
      const state = await versionState(pin)
      if (state !== null) versions.set(pin, state)
    }
    const made = await createPredictor({
      manifest,
      manifestDigest: applied?.digest ?? manifestDigest(manifest),
      versions,
      holds: standing.map(([deployment, { version }]) => ({ deployment, version })),
      code: platform.code(),
      lookup,
      positions,
      log,
      clock,
      metrics: serving,
    })
    for (const { deployment, version, part, reason } of made.troubles)
      options.log(`deployment ${deployment}: ${part} ${version ?? ''} does not answer: ${reason}`)
    return made
  }

  let contract = await readContract()
  let predictor = await build(contract)
  let features = readerOf(contract)

  function readerOf({ applied }: Contract) {
    return createFeatureReader({ manifest: applied?.manifest ?? emptyManifest(project), lookup, positions, clock })
  }

  const context: ProjectContext = {
    project,
    manifest: () => contract.applied?.manifest ?? emptyManifest(project),
    clock,
    advanceClock: clock.replay
      ? async (to) => {
          // The writer goes first: when this process says it is later, no row can be stamped earlier any more.
          await writer.call('advanceClock', { toMs: to })
          const replay = clock as ReplayClock // replay says so
          if (to > replay.now()) replay.advance(to)
          return replay.now()
        }
      : null,
    predict: (moment, body) => predictor.predict(moment, body),
    predictions: reader,
    outcomes: null,
    get features() {
      return features
    },
    events: { append: async (source, events) => (await writer.call('ingest', { source, events })) as EventsTaken }, // the writer's own answer
    training: {
      // Whoever follows a run does not keep the server from ending.
      records: { ...records, runLog: (id) => records.runLog(id, closing.signal) },
      worker: remoteWorker(worker, () => clock.now()),
    },
  }

  const health = async (): Promise<Health> => {
    const sources = Object.keys(context.manifest().sources)
    const checks = {
      writer: { ok: writer.connected },
      prediction_log: { ok: log.failure() === null },
      frontiers: {
        ok: sources.every((source) => frontiers.get(source) !== undefined),
        detail: `${sources.filter((source) => frontiers.get(source) !== undefined).length} of ${sources.length} sources`,
      },
    }
    return { ready: Object.values(checks).every(({ ok }) => ok), checks }
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
    host: options.host,
    port: options.port,
    onFailure: (error, where) =>
      options.log(`${where} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  })
  const url = await server.listen()

  return {
    url,
    async refresh() {
      const next = await readContract()
      if (keyOf(next) === keyOf(contract)) return
      const made = await build(next)
      const before = predictor
      contract = next
      predictor = made
      features = readerOf(next)
      await before.drained()
    },
    async close() {
      closing.abort()
      await server.close()
      await predictor.drained()
      await log.close()
      writer.close()
      worker.close()
      await online.close()
    },
  }
}

/** The online state as the writer leaves it. At the very first start there may be none yet, and serving does not wait for the writer. */
async function openForReading(folder: string): Promise<OnlineStore> {
  if (!existsSync(join(folder, 'data.mdb'))) await lmdbOnlineStore({ folder }).close()
  return lmdbOnlineStore({ folder, readOnly: true })
}
