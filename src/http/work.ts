import type { LatestReport, StoredReport } from '../monitor/index.ts'
import type { LabelStatus } from '../offline/index.ts'
import type { Hold, PlanSummary, Step } from '../plan/index.ts'
import type { RunJson, RunStatus, VersionJson } from '../registry/index.ts'
import type { Instant, Value } from '../values/index.ts'

/**
 * What the worker process does for a project: everything that plans, trains, builds or measures. Inputs and answers are JSON.
 * @throws worker_unavailable from every method while that process is down
 */
export interface Worker {
  /** The difference between a plan's project, or the server's own folder for null, and what is applied. */
  plan(request: { readonly plan: string | null }): Promise<PlanJson>
  apply(request: { readonly plan: string | null; readonly by: string }): Promise<ApplyJson>
  /** Starts a run and answers as soon as it is recorded. */
  startRun(request: RunRequest): Promise<RunJson>
  /** Asks a run to end, in whatever process it runs. @throws run_ended */
  cancelRun(request: { readonly run: string }): Promise<RunJson>
  rollBack(request: RollbackRequest): Promise<RollbackJson>
  release(request: { readonly deployment: string }): Promise<ReleaseJson>
  buildDataset(request: DatasetRequest & { readonly waitMs: number }): Promise<JobJson<DatasetJson>>
  /** Performance, parity and feature health. */
  report(request: { readonly waitMs: number }): Promise<JobJson>
  /** What came true after predictions, from the tables; null where nobody can say. */
  outcomes(request: { readonly asks: readonly OutcomeAsk[] }): Promise<readonly (OutcomeFound | null)[]>
  /** Values of one entity at instants, computed from the tables. */
  featureHistory(request: FeatureHistoryRequest): Promise<FeatureHistoryJson>
  /** @throws not_found */
  job(request: { readonly job: string }): Promise<JobJson>
  cancelJob(request: { readonly job: string }): Promise<JobJson>
}

/** What was trained, built and measured, read from the stores; it needs no worker. */
export interface TrainingRecords {
  runs(query: {
    readonly model?: string
    readonly status?: RunStatus
    readonly limit?: number
  }): Promise<readonly RunJson[]>
  run(id: string): Promise<RunJson>
  /** Lines of what a run does, from the first on, until it ends or `signal` says so. @throws not_found */
  runLog(id: string, signal?: AbortSignal): AsyncIterable<string>
  versions(model?: string): Promise<readonly VersionJson[]>
  version(name: string): Promise<VersionJson>
  /** A dataset that was built, by the digest of its content. @throws not_found */
  dataset(content: string): Promise<DatasetJson>
  /** Its rows as the bytes of a Parquet file. @throws not_found */
  datasetRows(content: string): Promise<AsyncIterable<Uint8Array>>
  /** The monitor report that was measured last; null before the first. */
  latestReport(): Promise<LatestReport | null>
  /** When reports were measured and what they cover, the newest first. */
  reports(limit: number): Promise<readonly StoredReport[]>
}

/** A plan without what carries it out. */
export interface PlanJson {
  /** What counted when it was made; null before the first apply. */
  readonly base: { readonly revision: number; readonly digest: string } | null
  readonly digest: string
  readonly summary: PlanSummary
  readonly steps: readonly Step[]
}

/** What applying did. */
export interface ApplyJson {
  readonly changed: boolean
  readonly revision: number
  readonly digest: string
  readonly steps: { readonly summary: PlanSummary; readonly steps: readonly Step[] }
  readonly held: readonly string[]
  readonly released: readonly string[]
}

/** What is to be trained. */
export interface RunRequest {
  readonly model: string
  readonly trainer?: string
  readonly parameters?: Readonly<Record<string, number | string | boolean>>
  readonly fromMs?: number
  readonly toMs?: number
  readonly seed?: number
}

export interface RollbackRequest {
  readonly deployment: string
  /** `model:number`; the champion before where left out. */
  readonly to?: string
  readonly reason: string
  readonly by: string
}

export interface RollbackJson {
  readonly deployment: string
  readonly hold: {
    readonly version: string | null
    readonly pin: string | null
    readonly since: string
    readonly reason: string
    readonly by: string
  }
}

export interface ReleaseJson {
  readonly deployment: string
  /** Whether it was held. */
  readonly released: boolean
}

/** The training set of a model, or features at the moments of one moment. */
export type DatasetRequest = { readonly fromMs?: number; readonly toMs?: number } & (
  | { readonly model: string }
  | { readonly moment: string; readonly features: readonly string[] }
)

/** A column of a dataset. */
export interface DatasetColumnJson {
  readonly name: string
  readonly type: string
  readonly nulls: number
  /** The share of rows without a value; 0 where there are no rows. */
  readonly null_rate: number
}

/** A dataset that was built and is kept. */
export interface DatasetJson {
  /** Digest over its columns: the same rows have the same. It names the dataset. */
  readonly content: string
  readonly model: string | null
  readonly moment: string
  readonly from: string | null
  readonly to: string | null
  readonly cut: string
  readonly rows: number
  readonly columns: readonly DatasetColumnJson[]
  /** Moments by the status of their label; null without a label. */
  readonly label_status: Readonly<Record<string, number>> | null
}

/** A prediction whose outcome is asked for. */
export interface OutcomeAsk {
  readonly model: string
  /** The moment's key by field. */
  readonly key: Readonly<Record<string, Value | null>>
  readonly at: Instant
  /** What happened later than this belongs to it: the latest of the moment and every as_of of the answer. */
  readonly after: Instant
}

/** The outcome of a prediction, as far as it is known. */
export interface OutcomeFound {
  readonly label: boolean | number | null
  readonly status: LabelStatus
  /** When it became known; null without one. */
  readonly at: Instant | null
}

export interface FeatureHistoryRequest {
  /** A view, or `view:feature`. */
  readonly feature: string
  readonly entity: Readonly<Record<string, string>>
  /** The instants; null is now. */
  readonly at: readonly number[] | null
}

/** Values of one entity over time. */
export interface FeatureHistoryJson {
  readonly points: readonly {
    readonly at: string
    readonly features: Readonly<
      Record<string, { readonly value: boolean | number | string | null; readonly status: string }>
    >
  }[]
}

/** Long work of the worker. It is forgotten with its process, or a quarter of an hour after it ended. */
export interface JobJson<Result = unknown> {
  readonly id: string
  readonly kind: string
  readonly status: 'running' | 'done' | 'failed' | 'cancelled'
  readonly progress: { readonly step: string; readonly done: number; readonly total: number } | null
  readonly result: Result | null
  readonly error: {
    readonly code: string
    readonly message: string
    readonly hint: string
    readonly path?: string
  } | null
}

/** A hold on the wire. */
export function holdJson({ version, pin, sinceMs, reason, by }: Hold): RollbackJson['hold'] {
  return { version, pin, since: new Date(sinceMs).toISOString(), reason, by }
}
