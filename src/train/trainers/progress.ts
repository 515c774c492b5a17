/** How far a training is; losses are mean log losses, null where they are not known. */
export interface TrainingProgress {
  /** Iterations done. */
  readonly iteration: number
  /** Iterations at most. */
  readonly iterations: number
  readonly trainLoss: number | null
  readonly validationLoss: number | null
}
