import { formatInstant, type Instant } from '../values/index.ts'
import type { Run, RunStatus } from './run.ts'
import type { TrainingSetSummary } from './version.ts'

/** A run as it stands on the wire and in `--json` output: snake_case, times as ISO 8601 in UTC. */
export interface RunJson extends Pick<Run, 'id' | 'model' | 'status' | 'manifest' | 'trainer' | 'seed' | 'git'> {
  readonly environment: Run['environment']
  readonly started_at: string
  readonly finished_at: string | null
  readonly from: string | null
  readonly to: string | null
  readonly cut: string
  readonly training_set: TrainingSetJson | null
  readonly parameters: Run['parameters']
  readonly metrics: Run['metrics']
  readonly checks: Run['checks']
  readonly version: string | null
  readonly error: Run['error']
  /** How far it is while it runs; null before it said so, and once it ended. */
  readonly progress: RunProgress | null
}

/** How far a run is. `total` 0: nobody can say how much it is. */
export interface RunProgress {
  readonly step: string
  readonly done: number
  readonly total: number
}

/** A training set on the wire. */
export interface TrainingSetJson extends Pick<TrainingSetSummary, 'identity' | 'content' | 'rows'> {
  readonly cut: string
  readonly from: string | null
  readonly to: string | null
  readonly label_status: Readonly<Record<string, number>>
  readonly logged_as_of: number
  readonly tables: readonly {
    readonly source: string
    readonly digest: string
    readonly cutover: string | null
    readonly files: readonly { readonly path: string; readonly sha256: string; readonly rows: number }[]
  }[]
}

const finalStatuses: readonly RunStatus[] = ['succeeded', 'stopped', 'failed', 'cancelled']

/** Whether a run has ended, however. */
export const hasEnded = ({ status }: { readonly status: RunStatus }): boolean => finalStatuses.includes(status)

/** An instant on the wire. */
export const instantJson = (instant: Instant | null): string | null =>
  instant === null ? null : formatInstant(instant)

/** A run on the wire. */
export function runJson(run: Run, progress: RunProgress | null = null): RunJson {
  const { id, model, status, manifest, trainer, seed, git, environment, parameters, metrics, checks, version } = run
  return {
    id,
    model,
    status,
    started_at: formatInstant(run.startedAtMs),
    finished_at: instantJson(run.finishedAtMs),
    manifest,
    trainer,
    seed,
    from: instantJson(run.fromMs),
    to: instantJson(run.toMs),
    cut: formatInstant(run.cutMs),
    git,
    environment,
    training_set: run.trainingSet === null ? null : trainingSetJson(run.trainingSet),
    parameters,
    metrics,
    checks,
    version,
    error: run.error,
    progress: hasEnded(run) ? null : progress,
  }
}

/** A training set on the wire. */
export function trainingSetJson(set: TrainingSetSummary): TrainingSetJson {
  return {
    identity: set.identity,
    content: set.content,
    cut: formatInstant(set.cutMs),
    from: instantJson(set.fromMs),
    to: instantJson(set.toMs),
    rows: set.rows,
    label_status: set.labelStatus,
    logged_as_of: set.loggedAsOf,
    tables: set.tables.map(({ source, digest, cutoverMs, files }) => ({
      source,
      digest,
      cutover: instantJson(cutoverMs),
      files,
    })),
  }
}
