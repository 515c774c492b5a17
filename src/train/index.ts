export { type CheckResult, runChecks } from './checks.ts'
export { binCount, binRows, type ColumnBins, type ColumnProfile, momentsOf } from './column-bins.ts'
export { type CurvePoint, progressLine, readCurve } from './curve.ts'
export { deriveColumns } from './derive-columns.ts'
export { exampleResults } from './evaluation.ts'
export type { FrozenSet, FrozenSets, RowEvidence } from './frozen-set.ts'
export { jobFiles, readJob, readReport, type TrainerReport, type TrainingJob } from './job-folder.ts'
export { type BinaryMetrics, evaluateBinary } from './metrics/binary.ts'
export { train } from './run.ts'
export { runTrainer } from './run-trainer.ts'
export { buildForTraining, sourcesOf } from './training-data.ts'
export type { TrainingListener, TrainingPorts, TrainingRequest } from './training-ports.ts'
export {
  decodeTrainingProfile,
  encodeTrainingProfile,
  type TrainingProfile,
  trainingProfile,
} from './training-profile.ts'
