export { createRegistry, type Registry, runRecord, versionRecord } from './registry.ts'
export type { Run, RunStatus } from './run.ts'
export {
  type GitState,
  parseVersion,
  type TrainingSetSummary,
  type Version,
  type VersionCheck,
  type VersionMetrics,
  versionDigest,
  versionName,
} from './version.ts'
