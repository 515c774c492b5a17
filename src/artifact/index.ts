export {
  decodeModelArtifact,
  encodeModelArtifact,
  type LinearArtifact,
  type ModelArtifact,
  type ModelInput,
  predictBatch,
  predictRow,
  type TreesArtifact,
} from './artifact.ts'
export {
  decodeLinearModel,
  encodeLinearModel,
  type LinearModel,
  predictLinearModel,
  predictLinearModelBatch,
} from './linear-model.ts'
export {
  decodeReferenceRows,
  encodeReferenceRows,
  type ReferenceRows,
  referenceRow,
} from './reference-rows.ts'
export { categoryCodes, type InputValue, type RowCoder, rowCoder } from './row-coder.ts'
export {
  addTreeScores,
  predictTreeEnsemble,
  predictTreeEnsembleBatch,
  scoreTreeEnsemble,
  sigmoid,
  type TreeEnsemble,
} from './tree-ensemble.ts'
export { decodeTreeEnsemble, encodeTreeEnsemble } from './tree-ensemble-encoding.ts'
