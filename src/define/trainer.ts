/** How a model is fitted. Parameters are checked by the trainer of that kind. */
export interface TrainerSpec {
  readonly kind: 'gradient-boosting' | 'logistic-regression'
  readonly parameters: Readonly<Record<string, number | string | boolean>>
}

/** The kinds of trainers. */
export const trainerKinds: readonly TrainerSpec['kind'][] = ['gradient-boosting', 'logistic-regression']

/** Parameters of gradient boosting; what is left out takes the trainer's default. */
export interface GradientBoostingOptions {
  /** Trees at most. */
  readonly trees?: number
  /** The share of each tree that is added. */
  readonly learning_rate?: number
  /** Leaves of a tree at most. */
  readonly leaves?: number
  /** Splits from root to leaf at most; 0 is no limit. */
  readonly max_depth?: number
  readonly min_rows_leaf?: number
  readonly min_hessian_leaf?: number
  readonly min_gain?: number
  readonly l2?: number
  readonly bins?: number
  readonly feature_fraction?: number
  readonly row_fraction?: number
  /** Stop after this many trees without a better validation metric; 0 never stops. */
  readonly early_stopping_rounds?: number
  readonly early_stopping_metric?: 'log_loss' | 'auc'
  readonly category_one_hot?: number
  readonly category_smoothing?: number
  readonly category_l2?: number
  readonly category_set?: number
  readonly category_min_rows?: number
}

/** Parameters of logistic regression. */
export interface LogisticRegressionOptions {
  /** L2 penalty on the weights. */
  readonly l2?: number
  readonly max_iterations?: number
}

/** Gradient-boosted trees, our own. */
export function gradientBoosting(parameters: GradientBoostingOptions = {}): TrainerSpec {
  return Object.freeze({ kind: 'gradient-boosting', parameters: Object.freeze({ ...parameters }) })
}

/** Logistic regression with L2 regularisation, our own. */
export function logisticRegression(parameters: LogisticRegressionOptions = {}): TrainerSpec {
  return Object.freeze({ kind: 'logistic-regression', parameters: Object.freeze({ ...parameters }) })
}
