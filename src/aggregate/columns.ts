import type { AggregateSpec } from '../define/index.ts'
import {
  type Column,
  columnValue,
  type ExpressionNode,
  expressionType,
  literalValue,
  type Table,
  type Value,
} from '../values/index.ts'

/**
 * An expression over whole columns, with the null logic of `compileExpression`. Text and int64 come out of columns and
 * literals only, all else is doubles with NaN for null.
 */
export function evaluateColumn(node: ExpressionNode, table: Table): Column {
  switch (node.op) {
    case 'column': {
      const column = table.columns[node.name]
      if (column === undefined) throw new TypeError(`the table has no column ${node.name}`)
      return column
    }
    case 'literal':
      return literalColumn(node, table.rows)
    case 'not':
      return mapped(doubles(node.operand, table), (value) => 1 - value)
    case 'is_null': {
      const isNull = nullTest(evaluateColumn(node.operand, table))
      return bools(Float64Array.from({ length: table.rows }, (_, row) => (isNull(row) ? 1 : 0)))
    }
    case 'and':
    case 'or': {
      const [left, right] = [doubles(node.left, table), doubles(node.right, table)]
      const decisive = node.op === 'or' ? 1 : 0 // one true decides an or, one false an and
      // Without one both are the other truth, 1 + 1 or 0 + 0, or the sum is NaN: null.
      return bools(left.map((a, row) => (a === decisive || right[row] === decisive ? decisive : a + right[row]! && 1)))
    }
    default:
      return evaluateBinary(node, table)
  }
}

type BinaryNode = Extract<ExpressionNode, { left: ExpressionNode }>

function evaluateBinary(node: BinaryNode, table: Table): Column {
  const apply = operators[node.op as keyof typeof operators] // and/or are handled by the caller
  const type = expressionType(node.left)
  const result = new Float64Array(table.rows)
  if (type === 'string' || type === 'int64') {
    const [left, right] = [evaluateColumn(node.left, table), evaluateColumn(node.right, table)]
    for (let row = 0; row < result.length; row++) {
      const [a, b] = [columnValue(left, row), columnValue(right, row)]
      result[row] = a === null || b === null ? Number.NaN : Number(apply(a, b))
    }
    return bools(result)
  }
  const [left, right] = [doubles(node.left, table), doubles(node.right, table)]
  for (let row = 0; row < result.length; row++) {
    const [a, b] = [left[row]!, right[row]!]
    const value = Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Number(apply(a, b))
    result[row] = Number.isFinite(value) ? value + 0 : Number.NaN
  }
  return expressionType(node) === 'float' ? { type: 'float', values: result } : bools(result)
}

const operators = {
  eq: (a: Value, b: Value) => a === b,
  ne: (a: Value, b: Value) => a !== b,
  lt: (a: Value, b: Value) => a < b,
  lte: (a: Value, b: Value) => a <= b,
  gt: (a: Value, b: Value) => a > b,
  gte: (a: Value, b: Value) => a >= b,
  add: (a: Value, b: Value) => Number(a) + Number(b),
  subtract: (a: Value, b: Value) => Number(a) - Number(b),
  multiply: (a: Value, b: Value) => Number(a) * Number(b),
  divide: (a: Value, b: Value) => Number(a) / Number(b),
} as const

const bools = (values: Float64Array): Column => ({ type: 'bool', values })
const mapped = (values: Float64Array, change: (value: number) => number): Column => bools(values.map(change))

/** The doubles of an expression that has some. */
function doubles(node: ExpressionNode, table: Table): Float64Array {
  const column = evaluateColumn(node, table)
  if (column.type === 'string' || column.type === 'int64') throw new TypeError(`${column.type} has no doubles`)
  return column.values
}

function literalColumn(node: Extract<ExpressionNode, { op: 'literal' }>, rows: number): Column {
  const value = literalValue(node)
  if (node.type === 'string') return { type: 'string', codes: new Int32Array(rows), dictionary: [String(value)] }
  if (node.type === 'int64') {
    return { type: 'int64', values: new BigInt64Array(rows).fill(BigInt(value)), nulls: new Uint8Array(rows) }
  }
  return { type: node.type, values: new Float64Array(rows).fill(Number(value)) }
}

/** Whether a row of a column is null. */
export function nullTest(column: Column): (row: number) => boolean {
  if (column.type === 'string') return (row) => column.codes[row]! < 0
  if (column.type === 'int64') return (row) => column.nulls[row] === 1
  return (row) => Number.isNaN(column.values[row]!)
}

/** What the rows of a table add to a feature of partials; NaN where a row adds nothing. */
export type EnteringColumn =
  | { readonly kind: 'doubles'; readonly values: Float64Array }
  | { readonly kind: 'int64'; readonly values: BigInt64Array; readonly enters: Uint8Array }

/** The column form of `PreparedTiles.enter`. */
export function enteringColumn(spec: AggregateSpec, table: Table): EnteringColumn {
  const passes = spec.where === null ? null : doubles(spec.where, table)
  if (spec.value === null) {
    return { kind: 'doubles', values: passes?.map((pass) => (pass === 1 ? 1 : Number.NaN)) ?? ones(table.rows) }
  }
  const column = evaluateColumn(spec.value, table)
  if (column.type === 'int64' && spec.function !== 'count') {
    const enters = column.nulls.map((isNull, row) => (isNull === 1 || (passes !== null && passes[row] !== 1) ? 0 : 1))
    return { kind: 'int64', values: column.values, enters }
  }
  const isNull = nullTest(column)
  const values = new Float64Array(table.rows)
  const source = column.type === 'string' || column.type === 'int64' ? null : column.values
  for (let row = 0; row < values.length; row++) {
    const enters = (passes === null || passes[row] === 1) && !isNull(row)
    values[row] = enters ? (source === null ? 1 : source[row]!) : Number.NaN
  }
  return { kind: 'doubles', values }
}

const ones = (rows: number) => new Float64Array(rows).fill(1)

/** The column form of `PreparedLatest`: which rows can be the last one, and the value that each would give. */
export function latestColumn(
  spec: AggregateSpec,
  table: Table,
): { readonly enters: (row: number) => boolean; readonly value: (row: number) => Value | null } {
  const passes = spec.where === null ? null : doubles(spec.where, table)
  const column = spec.value === null ? null : evaluateColumn(spec.value, table)
  if (column === null) throw new TypeError('latest needs a value')
  const isNull = nullTest(column)
  return {
    enters: (row) => (passes === null || passes[row] === 1) && !(spec.ignoreNulls && isNull(row)),
    value: (row) => columnValue(column, row),
  }
}
