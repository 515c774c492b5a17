/** Metrics that checks may name. */
export type MetricName = 'auc' | 'log_loss' | 'brier'

/** A test that a version must pass, in the manifest. */
export type CheckSpec =
  | { readonly check: 'beats_baseline'; readonly metric: MetricName; readonly by: number }
  | {
      readonly check: 'slice'
      readonly column: string
      readonly metric: MetricName
      readonly tolerance: number
      readonly minRows: number
    }
  | {
      readonly check: 'example'
      readonly name: string
      readonly row: Readonly<Record<string, unknown>>
      readonly probability: { readonly atLeast?: number; readonly atMost?: number }
    }
  | {
      readonly check: 'leakage'
      readonly sampleRows: number
      readonly singleFeatureAuc: number
      readonly entityOverlap: 'report' | 'fail'
    }

/** The version must be better than the baseline rule by at least `by`, on the validation rows. */
export function beatsBaseline(metric: MetricName, options: { readonly by: number }): CheckSpec {
  return Object.freeze({ check: 'beats_baseline', metric, by: options.by })
}

/** A guardrail for each value of a column, such as an entity role. */
export function slice(column: string, options: { readonly minRows?: number } = {}) {
  return {
    /** No slice may be worse than the champion's by more than `tolerance`. Slices under `minRows` (200) rows are reported, not judged. */
    noWorseThanChampion(metric: MetricName, tolerance: number): CheckSpec {
      return Object.freeze({ check: 'slice', column, metric, tolerance, minRows: options.minRows ?? 200 })
    },
  }
}

/** A behavioural example: with these inputs, and all others missing, the probability must lie within the bounds. */
export function example(
  name: string,
  row: Readonly<Record<string, unknown>>,
  probability: { readonly atLeast?: number; readonly atMost?: number },
): CheckSpec {
  return Object.freeze({
    check: 'example',
    name,
    row: Object.freeze({ ...row }),
    probability: Object.freeze({ ...probability }),
  })
}

/**
 * No feature may know the future: column times against known times before any tree is grown, a sample of rows recomputed
 * from sources cut at the moment, entities in both training and validation, single features that nearly equal the label.
 */
export function noLeakage(
  options: {
    readonly sampleRows?: number
    readonly singleFeatureAuc?: number
    readonly entityOverlap?: 'report' | 'fail'
  } = {},
): CheckSpec {
  return Object.freeze({
    check: 'leakage',
    sampleRows: options.sampleRows ?? 200,
    singleFeatureAuc: options.singleFeatureAuc ?? 0.98,
    entityOverlap: options.entityOverlap ?? 'report',
  })
}
