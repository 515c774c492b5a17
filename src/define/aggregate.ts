import {
  type BooleanExpression,
  type DtypeName,
  type Duration,
  durationMs,
  type Expression,
  type ExpressionNode,
  expressionType,
  hopMs,
  isExpression,
} from '../values/index.ts'
import { invalid } from './definition.ts'

/** The functions that features are made of. */
export type AggregateFunction = 'count' | 'sum' | 'mean' | 'min' | 'max' | 'share' | 'latest'

/** What an aggregate means: the whole of it, as it goes into the manifest and into the feature's digest. */
export interface AggregateSpec {
  readonly function: AggregateFunction
  /** What is aggregated; null for `count()` of rows. For `share` the condition. */
  readonly value: ExpressionNode | null
  /** Only rows for which this is true enter; null for all rows. */
  readonly where: ExpressionNode | null
  /** The window's length; null for lifetime. */
  readonly windowMs: number | null
  /** `latest` only: older than this is `expired`. */
  readonly maxAgeMs: number | null
  /** `latest` only: a row whose value is null is passed over. */
  readonly ignoreNulls: boolean
  /** The type of the result. */
  readonly type: DtypeName
}

/** An aggregate as its user writes it. `T` is what code sees: counts are never null, all others may be. */
export interface Aggregate<T = unknown> {
  readonly aggregate: AggregateSpec
  readonly description: string | undefined
  /** Carries the type; there is nothing at run time. */
  readonly $value?: T
  /** Only rows whose event lies within this window before the moment. */
  over(window: Duration): Aggregate<T>
  /** Only rows for which the condition is true. */
  where(condition: BooleanExpression): Aggregate<T>
  /** A sentence for the catalog. */
  describe(description: string): Aggregate<T>
}

function aggregate<T>(spec: AggregateSpec, description?: string): Aggregate<T> {
  return Object.freeze({
    aggregate: Object.freeze(spec),
    description,
    over(window: Duration) {
      const windowMs = durationMs(window, `${spec.function}().over`)
      hopMs(windowMs, `${spec.function}().over`)
      if (spec.function === 'latest') {
        throw invalid(
          'latest()',
          'over',
          'is not for latest values',
          "Say how old it may be: latest(column, { maxAge: '6h' }).",
        )
      }
      return aggregate<T>({ ...spec, windowMs }, description)
    },
    where(condition: BooleanExpression) {
      if (!isExpression(condition) || expressionType(condition.node) !== 'bool') {
        throw invalid(`${spec.function}()`, 'where', 'needs a condition', 'Write .where(row.delay.gte(15)).')
      }
      const where: ExpressionNode =
        spec.where === null ? condition.node : { op: 'and', left: spec.where, right: condition.node }
      return aggregate<T>({ ...spec, where }, description)
    },
    describe: (text: string) => aggregate<T>(spec, text),
  })
}

const plain = { where: null, windowMs: null, maxAgeMs: null, ignoreNulls: false }

function valueNode(name: AggregateFunction, value: Expression, types: readonly DtypeName[]): ExpressionNode {
  if (!isExpression(value))
    throw invalid(`${name}()`, 'value', 'is not a column or expression', `Write ${name}(row.column).`)
  const type = expressionType(value.node)
  if (!types.includes(type))
    throw invalid(`${name}()`, 'value', `cannot be ${type}`, `${name}() takes ${types.join(', ')}.`)
  return value.node
}

const anyType: readonly DtypeName[] = ['bool', 'int', 'int64', 'float', 'string', 'timestamp']

/** The number of rows, or of rows in which the column is not null. */
export function count(value?: Expression): Aggregate<number> {
  return aggregate({
    ...plain,
    function: 'count',
    value: value === undefined ? null : valueNode('count', value, anyType),
    type: 'int',
  })
}

/** The sum of the values that are not null; null over none. */
export function sum<T extends number | bigint>(value: Expression<T>): Aggregate<T | null> {
  const node = valueNode('sum', value, ['int', 'int64', 'float'])
  return aggregate({ ...plain, function: 'sum', value: node, type: expressionType(node) })
}

/** The mean of the values that are not null; null over none. */
export function mean(value: Expression<number>): Aggregate<number | null> {
  return aggregate({ ...plain, function: 'mean', value: valueNode('mean', value, ['int', 'float']), type: 'float' })
}

/** The smallest value; null over none. */
export function min<T extends number | bigint | Date>(value: Expression<T>): Aggregate<T | null> {
  const node = valueNode('min', value, ['int', 'int64', 'float', 'timestamp'])
  return aggregate({ ...plain, function: 'min', value: node, type: expressionType(node) })
}

/** The largest value; null over none. */
export function max<T extends number | bigint | Date>(value: Expression<T>): Aggregate<T | null> {
  const node = valueNode('max', value, ['int', 'int64', 'float', 'timestamp'])
  return aggregate({ ...plain, function: 'max', value: node, type: expressionType(node) })
}

/** The share of rows for which the condition is true among those for which it is not null; null over none. */
export function share(condition: BooleanExpression): Aggregate<number | null> {
  return aggregate({ ...plain, function: 'share', value: valueNode('share', condition, ['bool']), type: 'float' })
}

/** The value of the last row in Order. A null in that row is the value, unless `ignoreNulls`. Older than `maxAge`: null, status `expired`. */
export function latest<T>(
  value: Expression<T>,
  options: { readonly maxAge?: Duration; readonly ignoreNulls?: boolean } = {},
): Aggregate<T | null> {
  const node = valueNode('latest', value, anyType)
  return aggregate({
    ...plain,
    function: 'latest',
    value: node,
    maxAgeMs: options.maxAge === undefined ? null : durationMs(options.maxAge, 'latest().maxAge'),
    ignoreNulls: options.ignoreNulls ?? false,
    type: expressionType(node),
  })
}
