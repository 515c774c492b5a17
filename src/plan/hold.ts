import type { Instant } from '../values/index.ts'

/** A rollback that stands: the deployment answers with `version` until `main` pins something else or the hold is released. */
export interface Hold {
  /** The version that answers meanwhile, `model:number`; null: the fallback. */
  readonly version: string | null
  /** What `main` pinned as champion when the hold was set. */
  readonly pin: string | null
  readonly sinceMs: Instant
  readonly reason: string
  readonly by: string
}
