import { type ParameterTable, type ParameterValues, resolveParameters } from './parameters.ts'

const unlimited = Number.MAX_VALUE

/** The parameters of gradient boosting: defaults, ranges and meanings. */
export const gradientBoostingParameters = {
  trees: { default: 100, min: 1, max: 100_000, whole: true, meaning: 'trees at most' },
  learning_rate: { default: 0.1, min: 0, max: 1, above: true, meaning: 'the share of each tree that is added' },
  leaves: { default: 31, min: 2, max: 8192, whole: true, meaning: 'leaves of a tree at most' },
  max_depth: { default: 0, min: 0, max: 1000, whole: true, meaning: 'splits from root to leaf at most; 0 is no limit' },
  min_rows_leaf: { default: 20, min: 1, max: unlimited, whole: true, meaning: 'rows in a leaf at least' },
  min_hessian_leaf: { default: 1e-3, min: 0, max: unlimited, meaning: 'sum of w p (1 - p) in a leaf at least' },
  min_gain: { default: 0, min: 0, max: unlimited, meaning: 'gain of a split at least' },
  l2: { default: 1, min: 0, max: unlimited, meaning: 'L2 penalty on leaf values' },
  bins: {
    default: 255,
    min: 2,
    max: 255,
    whole: true,
    meaning: 'bins of a column at most, besides the one for missing',
  },
  feature_fraction: { default: 1, min: 0, max: 1, above: true, meaning: 'share of the columns drawn for each tree' },
  row_fraction: { default: 1, min: 0, max: 1, above: true, meaning: 'share of the rows drawn for each tree' },
  early_stopping_rounds: {
    default: 0,
    min: 0,
    max: 100_000,
    whole: true,
    meaning: 'stop after this many trees without a better validation metric; 0 never stops',
  },
  early_stopping_metric: { default: 'log_loss', choices: ['log_loss', 'auc'], meaning: 'what early stopping watches' },
  category_one_hot: {
    default: 4,
    min: 0,
    max: 255,
    whole: true,
    meaning: 'a column of at most this many categories is split one category against the rest',
  },
  category_smoothing: {
    default: 10,
    min: 0,
    max: unlimited,
    meaning: 'added to the hessian when categories are ordered; categories with fewer rows in a node are not placed',
  },
  category_l2: { default: 10, min: 0, max: unlimited, meaning: 'added to l2 for splits by sets of categories' },
  category_set: { default: 32, min: 1, max: 255, whole: true, meaning: 'categories named by one split at most' },
  category_min_rows: {
    default: 100,
    min: 1,
    max: unlimited,
    whole: true,
    meaning: 'rows by which two candidate sets of categories differ at least',
  },
} as const satisfies ParameterTable

/** Resolved parameters of gradient boosting. */
export type GradientBoostingParameters = ParameterValues<typeof gradientBoostingParameters>

/** Defaults filled in; throws `parameter_invalid` for unknown names and values out of range. */
export function resolveGradientBoosting(given?: Readonly<Record<string, unknown>>): GradientBoostingParameters {
  return resolveParameters('gradient boosting', gradientBoostingParameters, given)
}
