import type { ModelArtifact } from '../artifact/index.ts'
import type { FunctionRows } from '../code/index.ts'
import type { Manifest } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import type { OfflineEngine, TableVersion } from '../offline/index.ts'
import type { GitState, Registry, Version } from '../registry/index.ts'
import type { Instant, Table } from '../values/index.ts'
import type { FrozenSets } from './frozen-set.ts'
import type { TrainerReport } from './job-folder.ts'

/** What a training needs of the platform; the composition root fills it in. */
export interface TrainingPorts {
  readonly project: string
  readonly manifest: Manifest
  readonly manifestDigest: Digest
  readonly engine: OfflineEngine
  readonly registry: Registry
  readonly now: () => Instant
  /** Pins the tables of sources as they are now. */
  readonly tables: (sources: readonly string[]) => Promise<Readonly<Record<string, TableVersion>>>
  /**
   * For past occurrences of a moment that were served and logged: up to which instant each of the sources was known to the
   * answer. One value a row of the moments, which are asked for where anything was served; NaN where nothing was logged;
   * sources without any are left out.
   */
  readonly loggedAsOf: (
    moment: string,
    sources: readonly string[],
  ) => (moments: () => Promise<Table>) => Promise<Readonly<Record<string, Float64Array>>>
  /**
   * Runs one function of the project over rows of arguments; the values in order. `firstRow` is how errors count the first of
   * them. Throws code_failed naming function and row.
   */
  readonly runFunction: (
    code: Digest,
    name: string,
    rows: FunctionRows,
    firstRow: number,
  ) => Promise<readonly unknown[]>
  /** Does the job of a folder in a process of its own and resolves with its exit status. */
  readonly runJob: (
    folder: string,
    options: { readonly onLine: (line: string) => void; readonly signal: AbortSignal },
  ) => Promise<number>
  /** Keeps bytes and says their digest. */
  readonly keep: (bytes: Uint8Array) => Promise<Digest>
  /** Training sets that were built before. */
  readonly frozenSets: FrozenSets
  /** A folder of its own for a run. */
  readonly runFolder: (run: string) => string
  readonly git: () => Promise<GitState | null>
  readonly environment: Readonly<Record<string, string>>
  /** The version that answers for a model now; null where none does. */
  readonly champion: (model: string) => Promise<{ readonly version: string; readonly artifact: ModelArtifact } | null>
  /** The highest number that noonmark.lock has for a model. */
  readonly lockedNumber: (model: string) => Promise<number>
  /** Writes a version into noonmark.lock. */
  readonly lock: (version: Version) => Promise<void>
}

/** What is to be trained. */
export interface TrainingRequest {
  readonly model: string
  /** Another trainer than the model's own. */
  readonly trainer?: string
  /** Parameters over those of the definition. */
  readonly parameters?: Readonly<Record<string, number | string | boolean>>
  readonly fromMs?: Instant
  readonly toMs?: Instant
  readonly seed?: number
}

/** What a training shows while it runs. */
export interface TrainingListener {
  /** `total` 0: nobody can say how much it is. */
  readonly onProgress?: (step: string, done: number, total: number) => void
  readonly onLog?: (line: string) => void
  /** What each iteration came to, as it is reached. */
  readonly onIteration?: (loss: TrainerReport['losses'][number]) => void
  readonly signal?: AbortSignal
}
