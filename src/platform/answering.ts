import type { Registry as MetricsRegistry } from 'prom-client'
import type { Manifest } from '../define/index.ts'
import type { Frontiers, OnlineStore } from '../online/index.ts'
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
import { type Version, versionName } from '../registry/index.ts'
import {
  createFeatureReader,
  createPredictor,
  createTraffic,
  type DeploymentTrouble,
  type FeatureReader,
  listLogs,
  type MomentAnswer,
  openPredictionLog,
  openPredictionReader,
  type PositionWaiter,
  type PredictionReader,
  type Predictor,
  replayTraffic,
  servingMetrics,
  type Traffic,
} from '../serve/index.ts'
import { failureLines } from './failure-lines.ts'
import { featureLookup } from './features.ts'
import { versionStates } from './version-states.ts'

/** What answering needs besides the platform: the online state, how far it is, and where it reports. */
export interface AnsweringOptions {
  readonly online: OnlineStore
  readonly frontiers: Pick<Frontiers, 'all'>
  readonly positions: PositionWaiter
  readonly metrics: MetricsRegistry
  readonly log: (line: string) => void
}

/** Answers requests at moments and lookups by the contract in force. It never opens DuckDB and never writes metadata. */
export interface Answering {
  /** The contract in force. */
  manifest(): Manifest
  predict(moment: string, body: unknown): Promise<MomentAnswer>
  readonly features: FeatureReader
  readonly predictions: PredictionReader
  /** What is answered, counted; see `createTraffic`. */
  readonly traffic: Traffic
  /** What answers now, and why something does not. */
  state(): AnsweringState
  /** Why the prediction log takes nothing; null while it does. */
  logFailure(): unknown
  /** Takes up what is applied, pinned and held now, where that changed. */
  refresh(): Promise<void>
  /** Waits for shadows and closes the prediction log; the online state stays open. */
  close(): Promise<void>
}

/** What decides who answers: another key, another predictor. */
interface Contract {
  readonly applied: AppliedManifest | null
  readonly holds: Awaited<ReturnType<typeof holdsOf>>
  /** Every version that is registered. */
  readonly versions: readonly Version[]
}

/** What answers now: definitions, rollbacks that stand, versions, and pins that do not answer. */
export interface AnsweringState extends Contract {
  readonly manifest: Manifest
  readonly troubles: readonly DeploymentTrouble[]
}

/** Opens what answers for a platform, by what is applied now. */
export async function openAnswering(platform: Platform, options: AnsweringOptions): Promise<Answering> {
  const { project, clock, metadata, blobs, registry, layout } = platform
  const { online, frontiers, positions } = options
  const earlierLogs = await listLogs(layout.predictions)
  const log = await openPredictionLog({ folder: layout.predictions, clock })
  const traffic = createTraffic()
  const lookup = featureLookup(project, online, frontiers)
  const metrics = servingMetrics(options.metrics)
  const failures = failureLines(options.log)
  const states = versionStates(registry, blobs)

  const readContract = async (): Promise<Contract> => {
    const applied = await currentManifest(metadata, blobs, project)
    const holds = await holdsOf(metadata, project)
    return { applied, holds, versions: await registry.versions() }
  }
  const keyOf = ({ applied, holds, versions }: Contract): string =>
    JSON.stringify([applied?.revision, holds, versions.map((version) => `${versionName(version)} ${version.digest}`)])
  const manifestIn = ({ applied }: Contract): Manifest => applied?.manifest ?? emptyManifest(project)

  const build = async (contract: Contract): Promise<Predictor> => {
    const manifest = manifestIn(contract)
    const standing = Object.entries(contract.holds).filter(
      ([name, hold]) => manifest.deployments[name] !== undefined && isHeld(manifest.deployments[name], hold),
    )
    const pins = new Set([
      ...Object.values(manifest.deployments).flatMap(pinsOf),
      ...standing.flatMap(([, { version }]) => (version === null ? [] : [version])),
    ])
    const versions = await states.load(pins)
    const made = await createPredictor({
      manifest,
      manifestDigest: contract.applied?.digest ?? manifestDigest(manifest),
      versions,
      holds: standing.map(([deployment, { version }]) => ({ deployment, version })),
      code: platform.code(),
      lookup,
      positions,
      log,
      clock,
      metrics,
      traffic,
      onFailure: (deployment, failure) => failures(deployment, ownerOf(manifest, deployment), failure),
    })
    for (const { deployment, version, part, reason } of made.troubles)
      options.log(`deployment ${deployment}: ${part} ${version ?? ''} does not answer: ${reason}`)
    return made
  }
  const readerOf = (contract: Contract): FeatureReader =>
    createFeatureReader({ manifest: manifestIn(contract), lookup, positions, clock })

  let contract = await readContract()
  let predictor = await build(contract)
  let features = readerOf(contract)
  const closing = new AbortController()
  const replayed = replayTraffic({
    folder: layout.predictions,
    logs: earlierLogs,
    traffic,
    now: clock.now(),
    signal: closing.signal,
  }).catch((error: unknown) => options.log(`earlier predictions are not counted: ${messageOf(error)}`))

  return {
    manifest: () => manifestIn(contract),
    predict: (moment, body) => predictor.predict(moment, body),
    get features() {
      return features
    },
    predictions: openPredictionReader(layout.predictions),
    traffic,
    state: () => ({ ...contract, manifest: manifestIn(contract), troubles: predictor.troubles }),
    logFailure: () => log.failure(),
    async refresh() {
      const next = await readContract()
      if (keyOf(next) === keyOf(contract) && !(await states.retry())) return
      const made = await build(next)
      const before = predictor
      contract = next
      predictor = made
      features = readerOf(next)
      await before.drained()
    },
    async close() {
      closing.abort()
      await replayed
      await predictor.drained()
      await log.close()
    },
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Who is to hear of a deployment: its own owner, else the model's. */
function ownerOf({ deployments, models }: Manifest, name: string): string | null {
  const deployment = deployments[name]
  return deployment?.owner ?? models[deployment?.model ?? '']?.owner ?? null
}
