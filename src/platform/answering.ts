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
import { versionName } from '../registry/index.ts'
import {
  createFeatureReader,
  createPredictor,
  type FeatureReader,
  loadVersion,
  type MomentAnswer,
  openPredictionLog,
  openPredictionReader,
  type PositionWaiter,
  type PredictionReader,
  type Predictor,
  servingMetrics,
  type VersionState,
} from '../serve/index.ts'
import { failureLines } from './failure-lines.ts'
import { featureLookup } from './features.ts'

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
  readonly versions: readonly string[]
}

/** Opens what answers for a platform, by what is applied now. */
export async function openAnswering(platform: Platform, options: AnsweringOptions): Promise<Answering> {
  const { project, clock, metadata, blobs, registry, layout } = platform
  const { online, frontiers, positions } = options
  const log = await openPredictionLog({ folder: layout.predictions, clock })
  const lookup = featureLookup(project, online, frontiers)
  const metrics = servingMetrics(options.metrics)
  const failures = failureLines(options.log)
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
    const versions = new Map<string, VersionState>()
    for (const pin of pins) {
      const state = await versionState(pin)
      if (state !== null) versions.set(pin, state)
    }
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

  return {
    manifest: () => manifestIn(contract),
    predict: (moment, body) => predictor.predict(moment, body),
    get features() {
      return features
    },
    predictions: openPredictionReader(layout.predictions),
    logFailure: () => log.failure(),
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
      await predictor.drained()
      await log.close()
    },
  }
}

/** Who is to hear of a deployment: its own owner, else the model's. */
function ownerOf({ deployments, models }: Manifest, name: string): string | null {
  const deployment = deployments[name]
  return deployment?.owner ?? models[deployment?.model ?? '']?.owner ?? null
}
