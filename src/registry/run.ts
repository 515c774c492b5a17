import type { TrainerSpec } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import type { Instant } from '../values/index.ts'
import type { GitState, TrainingSetSummary, VersionCheck, VersionMetrics } from './version.ts'

/** `stopped`: a check ended it before or after training; `failed`: an error did. */
export type RunStatus = 'preparing' | 'training' | 'evaluating' | 'succeeded' | 'stopped' | 'failed' | 'cancelled'

/** One training attempt, with everything needed to repeat it. */
export interface Run {
  readonly id: string
  readonly model: string
  readonly status: RunStatus
  readonly startedAtMs: Instant
  readonly finishedAtMs: Instant | null
  readonly manifest: Digest
  readonly trainer: TrainerSpec
  readonly seed: number
  readonly fromMs: Instant | null
  readonly toMs: Instant | null
  readonly cutMs: Instant
  readonly git: GitState | null
  readonly environment: Readonly<Record<string, string>>
  readonly trainingSet: TrainingSetSummary | null
  readonly parameters: Readonly<Record<string, unknown>> | null
  readonly metrics: VersionMetrics | null
  readonly checks: readonly VersionCheck[]
  /** `model:number` of what it made. */
  readonly version: string | null
  readonly error: {
    readonly code: string
    readonly message: string
    readonly hint: string
    /** The definition and the field at fault. */
    readonly path?: string
  } | null
}
