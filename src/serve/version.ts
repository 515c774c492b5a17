import type { InputValue } from '../artifact/index.ts'
import type { ModelSpec } from '../define/index.ts'

/** A version that can predict. */
export interface ServableVersion {
  /** `model:number` */
  readonly name: string
  /** The model as it was when the version was trained. */
  readonly model: ModelSpec
  /** The probability for a row by input column. Synchronous, and never at a loss for missing values. */
  predict(row: Readonly<Record<string, InputValue>>): number
}

/** What is known of the versions that deployments pin: one that can predict, or why it cannot. */
export type VersionState = ServableVersion | { readonly refused: string }
