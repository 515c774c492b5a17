/** How a model is fitted. Parameters are checked by the trainer of that kind. */
export interface TrainerSpec {
  readonly kind: 'gradient-boosting' | 'logistic-regression'
  readonly parameters: Readonly<Record<string, number | string | boolean>>
}

/** Parameters of gradient boosting; what is left out takes the trainer's default. */
export interface GradientBoostingParameters {
  readonly trees?: number
  readonly learning_rate?: number
  readonly leaves?: number
  readonly max_depth?: number
  readonly min_rows_leaf?: number
  readonly l2?: number
  readonly feature_fraction?: number
  readonly row_fraction?: number
  readonly max_bins?: number
  readonly early_stopping_rounds?: number
}

/** Parameters of logistic regression. */
export interface LogisticRegressionParameters {
  readonly l2?: number
  readonly max_iterations?: number
}

/** Gradient-boosted trees, our own. */
export function gradientBoosting(parameters: GradientBoostingParameters = {}): TrainerSpec {
  return Object.freeze({ kind: 'gradient-boosting', parameters: Object.freeze({ ...parameters }) })
}

/** Logistic regression with L2 regularisation, our own. */
export function logisticRegression(parameters: LogisticRegressionParameters = {}): TrainerSpec {
  return Object.freeze({ kind: 'logistic-regression', parameters: Object.freeze({ ...parameters }) })
}
