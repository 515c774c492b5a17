import {
  type BooleanExpression,
  type DtypeName,
  type Duration,
  durationMs,
  type Expression,
  type ExpressionNode,
  expressionType,
  isExpression,
} from '../values/index.ts'
import { invalid } from './definition.ts'
import { type Columns, type RowExpressions, rowExpressions, type Source } from './source.ts'

/** How several outcome rows within the horizon become one value. Null: several are an error. */
export type OutcomeAggregate = 'first' | 'last' | 'sum' | 'count' | 'min' | 'max' | 'mean'

/** An outcome in the manifest. */
export interface OutcomeSpec {
  readonly source: string
  readonly value: ExpressionNode
  readonly type: DtypeName
  readonly withinMs: number
  readonly aggregate: OutcomeAggregate | null
  /** Source column -> key field of the moment. */
  readonly on: readonly { readonly column: string; readonly field: string }[]
  /** What a mature moment without an outcome is labelled; null: it is dropped. */
  readonly absent: boolean | number | null
}

/** What came true after a moment. */
export interface Outcome<T = unknown> {
  readonly source: Source
  readonly value: ExpressionNode
  readonly withinMs: number
  readonly aggregate: OutcomeAggregate | null
  readonly on: Readonly<Record<string, string>> | undefined
  readonly absent: boolean | number | null
  readonly $value?: T
}

export interface OutcomeOptions<C extends Columns, T> {
  readonly value: (row: RowExpressions<C>) => Expression<T>
  /** The horizon: how long after the moment an outcome counts. */
  readonly within: Duration
  readonly aggregate?: OutcomeAggregate
  /** Source column -> field of the moment's key; equal names where left out. */
  readonly on?: { readonly [K in keyof C & string]?: string }
  /** The label of a mature moment without outcome. Left out: such rows are dropped. */
  readonly absent?: boolean | number
}

/**
 * Declares the label: rows of a source that come after the moment, matched by its key.
 * @throws definition_invalid
 */
export function outcome<C extends Columns>(
  source: Source<string, C>,
  options: OutcomeOptions<C, boolean>,
): Outcome<boolean>
export function outcome<C extends Columns>(
  source: Source<string, C>,
  options: OutcomeOptions<C, number>,
): Outcome<number>
export function outcome<C extends Columns>(
  source: Source<string, C>,
  options: OutcomeOptions<C, boolean> | OutcomeOptions<C, number>,
): Outcome {
  const owner = `outcome of ${source.name}`
  const value: BooleanExpression | Expression = options.value(rowExpressions(source))
  if (!isExpression(value))
    throw invalid(owner, 'value', 'is not an expression', 'Write value: (row) => row.arrival_delay.gte(15).')
  const type = expressionType(value.node)
  if (!['bool', 'int', 'float'].includes(type))
    throw invalid(owner, 'value', `cannot be ${type}`, 'A label is a condition or a number.')
  const withinMs = durationMs(options.within, `${owner} > within`)
  if (withinMs === 0) throw invalid(owner, 'within', 'is zero', 'Give the horizon, such as 2d.')
  return Object.freeze({
    source,
    value: value.node,
    withinMs,
    aggregate: options.aggregate ?? null,
    on: options.on as Readonly<Record<string, string>> | undefined,
    absent: options.absent ?? null,
  }) // optional values of a partial record are left out, never undefined
}
