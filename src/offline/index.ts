/**
 * The offline room: pinned tables, features as of instants, outcomes, training sets.
 * @module
 */
export type { ColumnProfile, FileProfile, LaterColumn } from './file-profile.ts'
export * from './offline-engine.ts'
export { maturityLagMs } from './outcome-join.ts'
export { tableDigest } from './table-digest.ts'
export type { DeriveInputs, RunDerives } from './training-inputs.ts'
export * from './training-set.ts'
