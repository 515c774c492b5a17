/** Serving: requests at moments are answered, and every answer is kept. */
export type { FeatureLookup, LookupFeature, LookupResult, LookupRow, PositionWaiter } from './feature-lookup.ts'
export {
  createFeatureReader,
  entityLimit,
  type FeatureAnswer,
  type FeatureQuery,
  type FeatureReader,
  type FeatureReaderOptions,
} from './feature-reader.ts'
export { loadVersion, type VersionSource } from './model-runtime.ts'
export type { DeploymentAnswer, MomentAnswer, RowAnswer } from './moment-predictor.ts'
export { requestRowLimit } from './moment-request.ts'
export { createPredictor, type DeploymentTrouble, type Predictor, type PredictorOptions } from './predict.ts'
export { predictionJson } from './prediction-json.ts'
export { openPredictionLog, type PredictionLog, type PredictionLogOptions } from './prediction-log.ts'
export {
  firstAcknowledged,
  listLogs,
  openPredictionReader,
  type PredictionPage,
  type PredictionQuery,
  type PredictionReader,
} from './prediction-reader.ts'
export type { AnsweredBy, PredictionRecord } from './prediction-record.ts'
export type { CodeCall, CodeFunction, CodeOutcome, CodeResult, ProjectCode } from './project-code.ts'
export { type DeploymentRoute, type Hold, routeDeployment } from './route.ts'
export { type ServingMetrics, servingMetrics } from './serving-metrics.ts'
export {
  createTraffic,
  type ScoreSummary,
  type Traffic,
  type TrafficSummary,
  type TrafficWindow,
  trafficWindows,
} from './traffic.ts'
export { replayTraffic } from './traffic-replay.ts'
export type { ServableVersion, VersionState } from './version.ts'
