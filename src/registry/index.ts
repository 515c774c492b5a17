export { createRegistry, type Registry, runRecord, versionRecord } from './registry.ts'
export type { Run, RunStatus } from './run.ts'
export { hasEnded, instantJson, type RunJson, type RunProgress, runJson, type TrainingSetJson } from './run-json.ts'
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
export {
  type VersionChecksJson,
  type VersionJson,
  type VersionLineageJson,
  versionChecksOf,
  versionJson,
  versionLineageOf,
} from './version-json.ts'
