import type { Manifest } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import {
  type MomentPredictions,
  type MonitorReport,
  monitorReport,
  numberColumn,
  type ReportCover,
  tabulatePredictions,
  textColumn,
  type VersionTraining,
} from '../monitor/index.ts'
import type { Platform } from '../platform.ts'
import { openPredictionReader } from '../serve/index.ts'
import { decodeTrainingProfile } from '../train/index.ts'
import { formatInstant, type Instant } from '../values/index.ts'
import { sayDamage } from './failure-lines.ts'
import { frontiersNow } from './frontiers-now.ts'

/** How a platform is watched. */
export interface WatchOptions {
  readonly onProgress?: (label: string, done: number, total: number) => void
  /** The writer's frontiers, where it runs in this process; else the writer's process or what it kept is asked. */
  readonly frontiers?: (sources: readonly string[]) => Promise<Readonly<Record<string, Instant>>>
}

/** A report and what it is made from. */
export interface Watched {
  readonly report: MonitorReport
  readonly covers: ReportCover
}

/**
 * Measures what the prediction log and the tables tell: performance, parity, feature health, drift.
 * @throws not_found where nothing was predicted yet
 */
export async function watch(platform: Platform, options: WatchOptions = {}): Promise<Watched> {
  const { onProgress, frontiers = (sources) => frontiersNow(platform, sources) } = options
  const { manifest } = await platform.applied()
  onProgress?.('read the prediction log', 0, 0)
  const predictions = await tabulatePredictions(
    openPredictionReader(platform.layout.predictions).read({ onDamage: sayDamage }),
  )
  if (predictions.length === 0)
    throw noonmarkError('not_found', {
      message: 'Nothing was predicted yet.',
      hint: 'Start the server and ask it for a prediction.',
    })
  const sources = Object.keys(manifest.sources)
  // In this order: no answer of the log above was given beyond these frontiers, and the tables below have every row before them.
  const completeUntilMs = await frontiers(sources)
  const versions = await platform.tables().pin(manifest, sources)
  const report = await monitorReport({
    engine: platform.engine(),
    manifest,
    predictions,
    versions,
    cutMs: cutOf(platform.clock.now(), manifest, completeUntilMs),
    completeUntilMs,
    training: await trainingOf(platform, predictions),
    ...(onProgress === undefined ? {} : { onProgress }),
  })
  return { report, covers: coverOf(predictions, sources, completeUntilMs) }
}

/** Now, or where the tables of outcomes end before: beyond that, an outcome on its way would pass for none. */
function cutOf(now: Instant, { models }: Manifest, frontiers: Readonly<Record<string, Instant>>): Instant {
  return Math.min(now, ...Object.values(models).map(({ label }) => frontiers[label.source] ?? now))
}

/** What the versions that answered were trained on; those that are gone, or older than profiles, are left out. */
async function trainingOf(
  { registry, blobs }: Platform,
  predictions: readonly MomentPredictions[],
): Promise<ReadonlyMap<string, VersionTraining>> {
  const names = new Set(predictions.flatMap(({ table }) => textColumn(table, 'version').dictionary))
  const found = new Map<string, VersionTraining>()
  for (const name of names) {
    const version = await registry.version(name).catch(() => null)
    if (version?.profile === undefined) continue
    const profile = decodeTrainingProfile(await blobs.get(version.profile))
    found.set(name, { inputs: version.spec.inputs, profile })
  }
  return found
}

function coverOf(
  predictions: readonly MomentPredictions[],
  sources: readonly string[],
  frontiers: Readonly<Record<string, Instant>>,
): ReportCover {
  const instant = (ms: Instant | undefined) => (ms === undefined || !Number.isFinite(ms) ? null : formatInstant(ms))
  const logged = predictions.map(({ table }) =>
    numberColumn(table, 'logged_at').reduce((a, b) => Math.max(a, b), -Infinity),
  )
  return {
    predictions: predictions.reduce((sum, { table }) => sum + table.rows, 0),
    logged_until: instant(Math.max(...logged)),
    moments: predictions.map(({ moment, table }) => {
      const at = numberColumn(table, 'at')
      return {
        moment,
        predictions: table.rows,
        from: instant(at[0]),
        to: instant(at.at(-1)),
        deployments: [...textColumn(table, 'deployment').dictionary].sort(),
      }
    }),
    sources: sources.map((source) => ({ source, complete_until: instant(frontiers[source]) })),
  }
}
