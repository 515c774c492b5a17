import type { AggregateSpec, ResolvedFeature } from '../define/index.ts'
import { digestJson } from '../digest.ts'
import { type ExpressionNode, expressionType } from '../values/index.ts'

/** By how much floating-point aggregates may differ between paths, relative to the sum of |x| over the rows in the window. */
export const relativeTolerance = 1e-9

/** How two values of an aggregate are compared. */
export type Agreement =
  /** To the last bit: counts, sums of whole numbers, min, max, latest. */
  | 'exact'
  /** Within the tolerance of the value itself, which is all of it for values of 0 and 1. */
  | 'relative'
  /** Within the tolerance of the sum of |x|: where values cancel out this is more than that of the result. */
  | 'magnitude'

/** How an aggregate's values agree by the contract. */
export function agreementOf({ function: name, type }: AggregateSpec): Agreement {
  if (name === 'share') return 'relative'
  return name === 'mean' || (name === 'sum' && type === 'float') ? 'magnitude' : 'exact'
}

/**
 * The features whose values say how large the rows in the window are: the sums of the positive and of the negative values,
 * and how many there are. Expressions know no absolute value, but sum(|x|) is the one less the other.
 */
export function magnitudeFeatures({ feature, ...rest }: ResolvedFeature): ResolvedFeature[] {
  const { aggregate: spec } = feature
  const value = spec.value! // means and sums have one
  const zero: ExpressionNode = { op: 'literal', type: 'float', value: 0 }
  const beside = (condition: ExpressionNode): ExpressionNode =>
    spec.where === null ? condition : { op: 'and', left: spec.where, right: condition }
  // A sum of whole numbers may overflow where their mean does not; as doubles they cannot.
  const double: ExpressionNode = expressionType(value) === 'float' ? value : { op: 'add', left: value, right: zero }
  const total = { ...spec, function: 'sum', value: double, type: 'float' } as const
  const aggregates: readonly [string, AggregateSpec][] = [
    ['positive', { ...total, where: beside({ op: 'gte', left: value, right: zero }) }],
    ['negative', { ...total, where: beside({ op: 'lt', left: value, right: zero }) }],
    ['count', { ...spec, function: 'count', type: 'int' }],
  ]
  return aggregates.map(([part, aggregate]) => ({
    ...rest,
    feature: {
      name: `${feature.name}_${part}`,
      aggregate,
      type: aggregate.type,
      digest: digestJson([feature.digest, part]),
    },
  }))
}

/** The most by which two paths may differ, from the values of `magnitudeFeatures`; 0 where nothing is in the window. */
export function magnitudeBound(
  spec: AggregateSpec,
  positive: number | null,
  negative: number | null,
  count: number,
): number {
  const sum = (positive ?? 0) - (negative ?? 0)
  return relativeTolerance * (spec.function === 'mean' ? sum / Math.max(count, 1) : sum)
}
