import { noonmarkError } from '../errors.ts'
import type { DtypeName, DtypeValues } from './dtype.ts'
import { parseInstant } from './instant.ts'
import type { Row, Value } from './row.ts'

/** One tree for every engine: compiled to JavaScript for streams, rendered for each SQL dialect. It is plain JSON. */
export type ExpressionNode =
  | { readonly op: 'column'; readonly name: string; readonly type: DtypeName }
  | { readonly op: 'literal'; readonly type: DtypeName; readonly value: boolean | number | string }
  | { readonly op: ComparisonOperator; readonly left: ExpressionNode; readonly right: ExpressionNode }
  | { readonly op: ArithmeticOperator; readonly left: ExpressionNode; readonly right: ExpressionNode }
  | { readonly op: 'and' | 'or'; readonly left: ExpressionNode; readonly right: ExpressionNode }
  | { readonly op: 'not' | 'is_null'; readonly operand: ExpressionNode }

export type ComparisonOperator = 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte'
/** Arithmetic is on 64-bit floating point; what is not finite is null. */
export type ArithmeticOperator = 'add' | 'subtract' | 'multiply' | 'divide'

/** The type of an expression's values. */
export function expressionType(node: ExpressionNode): DtypeName {
  switch (node.op) {
    case 'column':
    case 'literal':
      return node.type
    case 'add':
    case 'subtract':
    case 'multiply':
    case 'divide':
      return 'float'
    default:
      return 'bool'
  }
}

/** The columns that an expression reads, each once, sorted. */
export function expressionColumns(node: ExpressionNode): string[] {
  const names = new Set<string>()
  const visit = (part: ExpressionNode): void => {
    if (part.op === 'column') names.add(part.name)
    if ('left' in part) {
      visit(part.left)
      visit(part.right)
    }
    if ('operand' in part) visit(part.operand)
  }
  visit(node)
  return [...names].sort()
}

/** The value of a literal node inside the platform. */
export function literalValue(node: { readonly type: DtypeName; readonly value: boolean | number | string }): Value {
  return node.type === 'int64' ? BigInt(node.value) : node.value
}

type Evaluate = (row: Row) => Value | null

/**
 * Compiles a tree to a function of a row. Null logic is SQL's: a comparison or arithmetic with null is null, and/or/not
 * follow Kleene, `is_null` is never null. Division by zero and every result that is not finite are null.
 */
export function compileExpression(node: ExpressionNode): Evaluate {
  switch (node.op) {
    case 'column': {
      const { name } = node
      return (row) => row[name] ?? null
    }
    case 'literal': {
      const value = literalValue(node)
      return () => value
    }
    case 'not': {
      const operand = compileExpression(node.operand)
      return (row) => {
        const value = operand(row)
        return value === null ? null : !value
      }
    }
    case 'is_null': {
      const operand = compileExpression(node.operand)
      return (row) => operand(row) === null
    }
    case 'and':
    case 'or': {
      const left = compileExpression(node.left)
      const right = compileExpression(node.right)
      const decisive = node.op === 'or' // one true decides an or, one false an and
      return (row) => {
        const a = left(row)
        if (a === decisive) return decisive
        const b = right(row)
        if (b === decisive) return decisive
        return a === null || b === null ? null : !decisive
      }
    }
    default:
      return compileBinary(node.op, compileExpression(node.left), compileExpression(node.right))
  }
}

function compileBinary(op: ComparisonOperator | ArithmeticOperator, left: Evaluate, right: Evaluate): Evaluate {
  const apply = operators[op]
  return (row) => {
    const a = left(row)
    if (a === null) return null
    const b = right(row)
    return b === null ? null : apply(a, b)
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value + 0 : null)

const operators: Record<ComparisonOperator | ArithmeticOperator, (a: Value, b: Value) => Value | null> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
  add: (a, b) => finite(Number(a) + Number(b)),
  subtract: (a, b) => finite(Number(a) - Number(b)),
  multiply: (a, b) => finite(Number(a) * Number(b)),
  divide: (a, b) => finite(Number(a) / Number(b)),
}

/** An expression as its user writes it: a value with a tree inside. */
export interface Expression<T = unknown> {
  readonly node: ExpressionNode
  /** Carries the type of the values; there is nothing at run time. */
  readonly $value?: T
  eq(other: Operand<T>): BooleanExpression
  ne(other: Operand<T>): BooleanExpression
  /** True where the value is one of those given. */
  in(values: readonly (T & {})[]): BooleanExpression
  isNull(): BooleanExpression
  isNotNull(): BooleanExpression
}

type Operand<T> = T | Expression<T>

export interface OrderedExpression<T> extends Expression<T> {
  lt(other: Operand<T>): BooleanExpression
  lte(other: Operand<T>): BooleanExpression
  gt(other: Operand<T>): BooleanExpression
  gte(other: Operand<T>): BooleanExpression
}

export interface NumberExpression extends OrderedExpression<number> {
  plus(other: Operand<number>): NumberExpression
  minus(other: Operand<number>): NumberExpression
  times(other: Operand<number>): NumberExpression
  /** Null where the divisor is zero. */
  dividedBy(other: Operand<number>): NumberExpression
}

export interface BooleanExpression extends Expression<boolean> {
  and(other: Operand<boolean>): BooleanExpression
  or(other: Operand<boolean>): BooleanExpression
  not(): BooleanExpression
}

/** The expression of a column of a type. */
export type ExpressionOf<N extends DtypeName> = N extends 'bool'
  ? BooleanExpression
  : N extends 'int' | 'float'
    ? NumberExpression
    : N extends 'int64' | 'timestamp'
      ? OrderedExpression<DtypeValues[N]>
      : Expression<DtypeValues[N]>

const orderedTypes: readonly DtypeName[] = ['int', 'int64', 'float', 'timestamp']

/** Whether two types may be compared with each other. */
function comparable(a: DtypeName, b: DtypeName): boolean {
  const number = (type: DtypeName) => type === 'int' || type === 'float'
  return a === b || (number(a) && number(b))
}

class Tree implements NumberExpression {
  readonly node: ExpressionNode
  declare readonly $value?: number

  constructor(node: ExpressionNode) {
    this.node = Object.freeze(node)
    Object.freeze(this)
  }

  eq(other: unknown) {
    return this.compare('eq', other)
  }
  ne(other: unknown) {
    return this.compare('ne', other)
  }
  lt(other: unknown) {
    return this.compare('lt', other)
  }
  lte(other: unknown) {
    return this.compare('lte', other)
  }
  gt(other: unknown) {
    return this.compare('gt', other)
  }
  gte(other: unknown) {
    return this.compare('gte', other)
  }
  plus(other: unknown) {
    return this.calculate('add', other)
  }
  minus(other: unknown) {
    return this.calculate('subtract', other)
  }
  times(other: unknown) {
    return this.calculate('multiply', other)
  }
  dividedBy(other: unknown) {
    return this.calculate('divide', other)
  }
  and(other: unknown) {
    return this.combine('and', other)
  }
  or(other: unknown) {
    return this.combine('or', other)
  }
  not() {
    return new Tree({ op: 'not', operand: this.bool('not') }) as unknown as BooleanExpression
  } // one class behind the typed faces
  isNull() {
    return new Tree({ op: 'is_null', operand: this.node }) as unknown as BooleanExpression
  } // as above
  isNotNull() {
    return this.isNull().not()
  }

  in(values: readonly unknown[]): BooleanExpression {
    const [first, ...rest] = values
    if (first === undefined) throw noonmarkError('definition_invalid', { message: '.in() needs at least one value.' })
    return rest.reduce<BooleanExpression>((all, value) => all.or(this.eq(value)), this.eq(first))
  }

  private compare(op: ComparisonOperator, other: unknown): BooleanExpression {
    const right = operandNode(other, expressionType(this.node))
    const [a, b] = [expressionType(this.node), expressionType(right)]
    const ordered = op === 'eq' || op === 'ne' || orderedTypes.includes(a)
    if (!comparable(a, b) || !ordered) {
      throw noonmarkError('definition_invalid', {
        message: `.${op}() cannot compare ${a} with ${b}.`,
        hint: 'Compare values of one type; only numbers and timestamps have an order.',
      })
    }
    return new Tree({ op, left: this.node, right }) as unknown as BooleanExpression // one class behind the typed faces
  }

  private calculate(op: ArithmeticOperator, other: unknown): NumberExpression {
    const right = operandNode(other, 'float')
    for (const type of [expressionType(this.node), expressionType(right)]) {
      if (type === 'int' || type === 'float') continue
      throw noonmarkError('definition_invalid', {
        message: `Arithmetic needs int or float, not ${type}.`,
        hint: 'Calculate with int and float columns only.',
      })
    }
    return new Tree({ op, left: this.node, right })
  }

  private combine(op: 'and' | 'or', other: unknown): BooleanExpression {
    const right = operandNode(other, 'bool')
    if (expressionType(right) !== 'bool')
      throw noonmarkError('definition_invalid', { message: `.${op}() needs a condition.` })
    return new Tree({ op, left: this.bool(op), right }) as unknown as BooleanExpression // one class behind the typed faces
  }

  private bool(op: string): ExpressionNode {
    if (expressionType(this.node) !== 'bool')
      throw noonmarkError('definition_invalid', {
        message: `.${op}() needs a condition, not ${expressionType(this.node)}.`,
      })
    return this.node
  }
}

/** Whether a value is an expression, also one made by another copy of this package. */
export function isExpression(value: unknown): value is Expression {
  return (
    typeof value === 'object' &&
    value !== null &&
    'node' in value &&
    typeof value.node === 'object' &&
    value.node !== null &&
    'op' in value.node
  )
}

function operandNode(value: unknown, type: DtypeName): ExpressionNode {
  if (isExpression(value)) return value.node
  if (value instanceof Date) return { op: 'literal', type: 'timestamp', value: value.getTime() }
  if (typeof value === 'bigint') return { op: 'literal', type: 'int64', value: value.toString() }
  if (typeof value === 'string') {
    return type === 'timestamp'
      ? { op: 'literal', type, value: parseInstant(value) }
      : { op: 'literal', type: 'string', value }
  }
  if (typeof value === 'boolean') return { op: 'literal', type: 'bool', value }
  if (typeof value === 'number' && Number.isFinite(value)) {
    return { op: 'literal', type: type === 'int' && Number.isSafeInteger(value) ? 'int' : 'float', value: value + 0 }
  }
  throw noonmarkError('definition_invalid', {
    message: `${String(value)} cannot stand in an expression.`,
    hint: 'Use a finite number, text, true, false, a Date, a bigint or another expression.',
  })
}

/** The expression that reads a column. */
export function column<N extends DtypeName>(name: string, type: N): ExpressionOf<N> {
  return new Tree({ op: 'column', name, type }) as unknown as ExpressionOf<N> // one class behind the typed faces
}
