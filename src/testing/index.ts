/**
 * What tests are written with: a whole platform in one process, a clock that stands, the naive oracle of features, and the laws
 * of every port for drivers of your own.
 * @module
 */
export { type FeatureValue, type NaiveRow, naiveFeature, naiveStanding } from '../aggregate/index.ts'
export { type ReplayClock, replayClock } from '../clock.ts'
export {
  blobStoreConformance,
  metadataStoreConformance,
  offlineEngineConformance,
  onlineStoreConformance,
  streamLogConformance,
} from './conformance.ts'
export type { DefinitionExports } from './definition-values.ts'
export type { HistoryRows, SourceRow } from './history-rows.ts'
export { memoryStores } from './memory-stores.ts'
export type { DeploymentPins } from './pins.ts'
export {
  createTestPlatform,
  type TestInstant,
  type TestPlatform,
  type TestPlatformOptions,
  type TestTraining,
} from './test-platform.ts'
