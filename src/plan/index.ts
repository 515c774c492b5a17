/** Projects from folder to platform: loaded, turned into the manifest, held against what is applied, applied. */
export {
  type Application,
  type AppliedManifest,
  applications,
  currentManifest,
  functionSource,
  readManifest,
} from './applied-manifest.ts'
export { type ApplyRequest, type ApplyResult, applyPlan, codeDigests } from './apply.ts'
export { type BuiltManifest, buildManifest } from './build-manifest.ts'
export { type CatalogEntry, type CatalogKind, catalogEntry, catalogKinds, catalogOf, searchCatalog } from './catalog.ts'
export { changesBetween } from './changes.ts'
export { aggregateText, expressionText } from './definition-text.ts'
export type { AnyDefinition, LoadedDefinition } from './definitions.ts'
export { diffManifests } from './diff.ts'
export { editDeployments, type PinChange } from './edit-deployments.ts'
export { type ErrorPlace, formatPlace, placeOfError } from './error-place.ts'
export { noFacts, type PlanFacts, pinsOf, type VersionFact } from './facts.ts'
export { type FeatureMeaning, featureDigest, featureMeaning } from './feature-digest.ts'
export {
  effectiveDeployment,
  type Hold,
  type HoldRequest,
  holdsOf,
  isHeld,
  previousChampion,
  releaseHold,
  setHold,
} from './hold.ts'
export { type Lineage, type LineageNode, lineageOf } from './lineage.ts'
export { type LoadedProject, loadProject } from './load-project.ts'
export {
  emptyLock,
  formatLock,
  type Lock,
  lockFile,
  mergeLocks,
  nextVersionNumber,
  parseLock,
  parsePin,
  readLock,
  withVersion,
  writeLock,
} from './lock.ts'
export { emptyManifest, manifestDigest, manifestOf } from './manifest.ts'
export { formatPlan, makePlan, type Plan, parsePlan, type RegistryFacts } from './plan.ts'
export { type PlanSummary, planJson, planSummary, printPlan, summaryLine } from './print-plan.ts'
export { findProjectFiles, type ProjectFileNames } from './project-files.ts'
export type { Change, Step, StepKind, StepOp } from './step.ts'
export { type FeatureUse, findFeature, type ModelUses, modelUses } from './uses.ts'
