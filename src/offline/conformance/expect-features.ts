import { expect } from 'vitest'
import { type NaiveRow, naiveFeature } from '../../aggregate/index.ts'
import type { AggregateSpec, ResolvedFeature, SourceSpec } from '../../define/index.ts'
import { columnValue, compileExpression, statuses } from '../../values/index.ts'
import type { FeatureColumn } from '../offline-engine.ts'
import { randomView, type SpinePoint } from './random-rows.ts'

/** A feature of the random view. */
export function resolvedFeature(aggregate: AggregateSpec, source: SourceSpec): ResolvedFeature {
  return { feature: { name: 'feature', aggregate, type: aggregate.type, digest: '' }, view: randomView, source }
}

/** Expects one answer a spine row, each equal to the oracle's: exactly, or within 1e-9 of the magnitudes summed. */
export function expectFeatures(
  rows: readonly NaiveRow[],
  source: SourceSpec,
  spine: readonly SpinePoint[],
  specs: readonly AggregateSpec[],
  answers: readonly FeatureColumn[],
): void {
  expect(answers).toHaveLength(specs.length)
  specs.forEach((aggregate, place) => {
    const answer = answers[place]!
    expect(answer.statuses).toHaveLength(spine.length)
    spine.forEach(({ key, at }, i) => {
      const expected = naiveFeature(rows, resolvedFeature(aggregate, source), key, at)
      const actual = { value: columnValue(answer.values, i), status: statuses[answer.statuses[i]!] }
      const slack = tolerance(rows, aggregate, key)
      if (slack > 0 && typeof expected.value === 'number' && typeof actual.value === 'number') {
        expect(actual.status).toBe(expected.status)
        expect(Math.abs(actual.value - expected.value)).toBeLessThanOrEqual(slack)
      } else expect(actual, JSON.stringify({ aggregate, key, at })).toEqual(expected)
    })
  })
}

function tolerance(rows: readonly NaiveRow[], spec: AggregateSpec, [town, gate]: SpinePoint['key']): number {
  const isRounded = spec.type === 'float' && (spec.function === 'sum' || spec.function === 'mean')
  if (!isRounded || spec.value === null) return 0
  const evaluate = compileExpression(spec.value)
  return rows
    .filter(({ row }) => row.town === town && row.gate === gate)
    .reduce((sum, { row }) => sum + 1e-9 * Math.abs(Number(evaluate(row) ?? 0)), 0)
}
