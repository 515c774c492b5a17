import fc from 'fast-check'
import type { ExpressionNode } from '../../values/index.ts'
import { node } from './random-rows.ts'

const number = fc.oneof(
  fc.constantFrom(0, 1, -1, 2.5, 0.1, 1e308, -1e308, 1e-308, 5e-324, Number.MAX_SAFE_INTEGER),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)

type Trees = { readonly bool: ExpressionNode; readonly float: ExpressionNode }

const { bool, float } = fc.letrec<Trees>((tie) => {
  const numbers: fc.Arbitrary<ExpressionNode> = fc.oneof(
    { depthSize: 'medium' },
    fc.constantFrom(node('amount'), node('pieces')),
    number.map((value): ExpressionNode => ({ op: 'literal', type: 'float', value: value + 0 })),
    fc
      .record({ op: fc.constantFrom('add', 'subtract', 'multiply', 'divide'), left: tie('float'), right: tie('float') })
      .map((parts): ExpressionNode => parts),
  )
  const comparisons = fc.constantFrom('eq', 'ne', 'lt', 'lte', 'gt', 'gte')
  const equalities = fc.constantFrom('eq', 'ne')
  const of = (nodes: fc.Arbitrary<ExpressionNode>, ops: fc.Arbitrary<'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte'>) =>
    fc.record({ op: ops, left: nodes, right: nodes }).map((parts): ExpressionNode => parts)
  const texts = fc.oneof(
    fc.constant(node('label')),
    fc
      .constantFrom('a', 'é', '', "it's", 'a text of more than twelve bytes', 'nul \0 inside')
      .map((value): ExpressionNode => ({ op: 'literal', type: 'string', value })),
  )
  const wholes = fc.oneof(
    fc.constant(node('units')),
    fc
      .constantFrom('0', '7', '9223372036854775807', '-9223372036854775808', '9007199254740993')
      .map((value): ExpressionNode => ({ op: 'literal', type: 'int64', value })),
  )
  const times = fc.oneof(
    fc.constantFrom(node('planned'), node('published')),
    fc.integer({ min: -1e9, max: 1e9 }).map((value): ExpressionNode => ({ op: 'literal', type: 'timestamp', value })),
  )
  const conditions: fc.Arbitrary<ExpressionNode> = fc.oneof(
    { depthSize: 'medium' },
    fc.constant(node('open')),
    of(tie('float'), comparisons),
    of(texts, equalities),
    of(wholes, comparisons),
    of(times, comparisons),
    fc
      .record({ op: fc.constantFrom('and', 'or', 'eq', 'ne'), left: tie('bool'), right: tie('bool') })
      .map((parts): ExpressionNode => parts),
    tie('bool').map((operand): ExpressionNode => ({ op: 'not', operand })),
    fc.oneof(tie('bool'), tie('float'), texts, times).map((operand): ExpressionNode => ({ op: 'is_null', operand })),
  )
  return { bool: conditions, float: numbers }
})

/** A tree over the columns of the random source, with every operator and with results that are not finite. */
export const randomExpression: fc.Arbitrary<ExpressionNode> = fc.oneof(bool, float)
