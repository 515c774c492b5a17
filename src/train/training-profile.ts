import type { ModelSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import type { Table } from '../values/index.ts'
import { type ColumnProfile, profileColumn } from './column-bins.ts'

/** What a version was trained on, column by column, kept beside it: what is served later is held against it. */
export interface TrainingProfile {
  readonly format: 1
  /** The inputs over the rows that the model was fitted on, in the model's order. */
  readonly inputs: readonly ColumnProfile[]
  /** The model's own probabilities over the rows that it was validated on: of those it was fitted on it is too sure. */
  readonly score: ColumnProfile
}

/** Counts what a model was fitted on, and what it says of its validation rows. */
export function trainingProfile(
  model: Pick<ModelSpec, 'inputs'>,
  training: Table,
  probabilities: Float64Array,
): TrainingProfile {
  return {
    format: 1,
    inputs: model.inputs.map(({ column }) => profileColumn(column, training.columns[column]!, training.rows)),
    score: profileColumn('probability', { type: 'float', values: probabilities }, probabilities.length),
  }
}

/** The bytes that are kept with a version. */
export function encodeTrainingProfile(profile: TrainingProfile): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(profile))
}

/** Reads what was kept. @throws store_newer for a later form */
export function decodeTrainingProfile(bytes: Uint8Array): TrainingProfile {
  const profile: TrainingProfile = JSON.parse(new TextDecoder().decode(bytes)) // written by us, under its digest
  if (profile.format === 1) return profile
  throw noonmarkError('store_newer', {
    message: `A training profile of format ${String(profile.format)} is not known.`,
  })
}
