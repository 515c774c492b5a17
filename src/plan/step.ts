import type { DefinitionKind } from '../define/index.ts'

/** What happens to something. A replaced thing is made anew beside the old one, which goes when nothing uses it any more. */
export type StepOp = 'create' | 'update' | 'replace' | 'delete'

/** Definitions are planned by kind; a feature of a view that stays has steps of its own, by its reference `view:feature`. */
export type StepKind = DefinitionKind | 'feature'

/** One property that differs. Null stands for absent. */
export interface Change {
  /** A path such as `trainer.parameters.trees`; entries of a list go by their name: `inputs.origin_mean_delay_1h`. */
  readonly property: string
  readonly before: unknown
  readonly after: unknown
}

/** One difference between what is applied and what the project says: a named value. */
export interface Step {
  readonly op: StepOp
  readonly kind: StepKind
  readonly name: string
  /** The specs; null where there is none. */
  readonly before: unknown
  readonly after: unknown
  readonly changes: readonly Change[]
  /** The property that forces a replacement. */
  readonly forces?: string
  /** What will happen because of it, as sentences without a full stop. */
  readonly effects: readonly string[]
  /** What its author should think about. */
  readonly warnings: readonly string[]
}

/** The kinds in the order in which one refers to another. */
export const stepKinds: readonly StepKind[] = [
  'entity',
  'source',
  'feature-view',
  'feature',
  'moment',
  'model',
  'deployment',
]
