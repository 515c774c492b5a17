import type { GradientBoostingOptions, LogisticRegressionOptions, TrainerSpec } from '../define/index.ts'
import { isOneOf, listed, mistake, type Place } from './mistake.ts'

/** A finite number, or one of these words. */
type Accepts = 'number' | readonly string[]

const gradientBoosting: Readonly<Record<keyof GradientBoostingOptions, Accepts>> = {
  trees: 'number',
  learning_rate: 'number',
  leaves: 'number',
  max_depth: 'number',
  min_rows_leaf: 'number',
  min_hessian_leaf: 'number',
  min_gain: 'number',
  l2: 'number',
  bins: 'number',
  feature_fraction: 'number',
  row_fraction: 'number',
  early_stopping_rounds: 'number',
  early_stopping_metric: ['log_loss', 'auc'],
  category_one_hot: 'number',
  category_smoothing: 'number',
  category_l2: 'number',
  category_set: 'number',
  category_min_rows: 'number',
}

const logisticRegression: Readonly<Record<keyof LogisticRegressionOptions, Accepts>> = {
  l2: 'number',
  max_iterations: 'number',
}

const parametersOf: Readonly<Record<TrainerSpec['kind'], Readonly<Record<string, Accepts>>>> = {
  'gradient-boosting': gradientBoosting,
  'logistic-regression': logisticRegression,
}

/**
 * A trainer as it goes into the manifest: a kind that exists, parameters that it has. Their ranges are the trainer's own business.
 * @throws definition_invalid
 */
export function trainerSpec(place: Place, trainer: TrainerSpec): TrainerSpec {
  const known = Object.hasOwn(parametersOf, trainer.kind) ? parametersOf[trainer.kind] : undefined
  if (known === undefined) {
    throw mistake(
      place,
      'trainer',
      `is of no kind that there is: '${String(trainer.kind)}'`,
      'Choose gradientBoosting() or logisticRegression().',
    )
  }
  const parameters: Record<string, number | string | boolean> = {}
  for (const [name, value] of Object.entries(trainer.parameters ?? {})) {
    if (value === undefined) continue
    const accepts = Object.hasOwn(known, name) ? known[name] : undefined
    if (accepts === undefined) {
      throw mistake(
        place,
        `trainer.${name}`,
        `is not a parameter of ${trainer.kind}`,
        `Its parameters are ${listed(Object.keys(known))}.`,
      )
    }
    if (accepts !== 'number' && !isOneOf(accepts, value))
      throw mistake(place, `trainer.${name}`, `is unknown: '${String(value)}'`, `Choose one of ${listed(accepts)}.`)
    if (accepts === 'number' && (typeof value !== 'number' || !Number.isFinite(value)))
      throw mistake(place, `trainer.${name}`, 'is not a number', 'Give a finite number.')
    parameters[name] = value
  }
  return { kind: trainer.kind, parameters }
}
