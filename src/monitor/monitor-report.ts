import { type Manifest, semantics } from '../define/index.ts'
import type { OfflineEngine, TableVersion } from '../offline/offline-engine.ts'
import { formatInstant, type Instant, type Table } from '../values/index.ts'
import { measureDrift, profileNulls, type VersionTraining } from './drift.ts'
import type { DeploymentDrift } from './drift-report.ts'
import { type FeatureHealth, featureHealth } from './feature-health.ts'
import { measureParity, type ParityReport } from './parity.ts'
import type { ParityCounts } from './parity-tally.ts'
import { measurePerformance, type PerformanceReport } from './performance.ts'
import { numberColumn } from './prediction-columns.ts'
import type { MomentPredictions } from './prediction-table.ts'

/** What a monitor report is made from. */
export interface MonitorOptions {
  readonly engine: OfflineEngine
  readonly manifest: Manifest
  readonly predictions: readonly MomentPredictions[]
  /** The pinned table of every source that features and outcomes read. */
  readonly versions: Readonly<Record<string, TableVersion>>
  /** The cut T for outcomes; see `measurePerformance`. */
  readonly cutMs: Instant
  /** See `measureParity`. */
  readonly completeUntilMs?: Readonly<Record<string, Instant>>
  /** What versions were trained on, by `model:number`: nulls and drift are held against it. Versions without are left out. */
  readonly training?: ReadonlyMap<string, VersionTraining>
  readonly onProgress?: (step: string, done: number, total: number) => void
}

/** What is known of the predictions of one moment. */
export interface MomentReport {
  readonly moment: string
  readonly records: number
  readonly predictions: number
  readonly repeats: number
  /** The first and the last moment; null without any. */
  readonly from: string | null
  readonly to: string | null
  readonly parity: ParityReport
  readonly performance: PerformanceReport
  readonly features: readonly FeatureHealth[]
  /** Served inputs and scores against training; deployments whose champion has no training profile are left out. */
  readonly drift: readonly DeploymentDrift[]
}

/** All monitors of a project at one cut, as one JSON value. */
export interface MonitorReport {
  readonly format: 1
  readonly semantics: number
  readonly project: string
  readonly cut: string
  /** Over all moments. */
  readonly parity: ParityCounts
  readonly moments: readonly MomentReport[]
}

/** Measures performance, parity and feature health of every moment, from tables alone. */
export async function monitorReport(options: MonitorOptions): Promise<MonitorReport> {
  const { manifest, cutMs, onProgress, training = new Map() } = options
  const moments: MomentReport[] = []
  for (const { moment, table, records, repeats } of options.predictions) {
    const predictions = table
    const progress = (step: string) => (done: number, total: number) =>
      onProgress?.(`${step} of ${moment}`, done, total)
    const parity = await measureParity({ ...options, predictions, onProgress: progress('parity') })
    progress('performance')(0, 1)
    const performance = await measurePerformance({ ...options, predictions })
    progress('performance')(1, 1)
    const drift = measureDrift(table, training)
    // Where deployments differ, a feature is held against the training set of the first that has it.
    const nulls = drift.flatMap(({ version }) => profileNulls(training.get(version)!))
    const features = featureHealth(table, nulls)
    const counts = { records, predictions: table.rows, repeats, ...range(table) }
    moments.push({ moment, ...counts, parity, performance, features, drift })
  }
  const total = (count: keyof ParityCounts) => moments.reduce((sum, { parity }) => sum + parity[count], 0)
  return {
    format: 1,
    semantics,
    project: manifest.project,
    cut: formatInstant(cutMs),
    parity: {
      compared: total('compared'),
      equal: total('equal'),
      differing: total('differing'),
      not_comparable: total('not_comparable'),
    },
    moments,
  }
}

/** Rows are in order of their moments. */
function range(table: Table): Pick<MomentReport, 'from' | 'to'> {
  if (table.rows === 0) return { from: null, to: null }
  const at = numberColumn(table, 'at')
  return { from: formatInstant(at[0]!), to: formatInstant(at[table.rows - 1]!) }
}
