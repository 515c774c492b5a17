import { type ParameterTable, type ParameterValues, resolveParameters } from './parameters.ts'

/** The parameters of logistic regression: defaults, ranges and meanings. */
export const logisticRegressionParameters = {
  l2: {
    default: 1,
    min: 1e-6,
    max: Number.MAX_VALUE,
    meaning:
      'L2 penalty on the weights of standardised columns (half of it times the sum of squares); the intercept is free',
  },
  max_iterations: { default: 100, min: 1, max: 10_000, whole: true, meaning: 'Newton steps at most' },
  tolerance: { default: 1e-8, min: 0, max: 1, above: true, meaning: 'stop when no mean gradient is larger' },
  max_categories: {
    default: 100,
    min: 1,
    max: 2000,
    whole: true,
    meaning: 'most frequent categories of a column with weights of their own; the others share one',
  },
} as const satisfies ParameterTable

/** Resolved parameters of logistic regression. */
export type LogisticRegressionParameters = ParameterValues<typeof logisticRegressionParameters>

/** Defaults filled in; throws `parameter_invalid` for unknown names and values out of range. */
export function resolveLogisticRegression(given?: Readonly<Record<string, unknown>>): LogisticRegressionParameters {
  return resolveParameters('logistic regression', logisticRegressionParameters, given)
}
