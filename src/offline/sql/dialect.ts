import type { ArithmeticOperator, ComparisonOperator, DtypeName, ExpressionNode } from '../../values/index.ts'

/**
 * How one SQL engine writes what expressions need. All parts take and give SQL text. In SQL a column is a boolean, a
 * 64-bit integer (`int64`), text, or a double: `int`, `float` and `timestamp` (milliseconds) are doubles as in JavaScript.
 */
export interface SqlDialect {
  readonly name: string
  /** A quoted name. */
  readonly identifier: (name: string) => string
  /** A constant of a type; an int64 is given as its digits. */
  readonly literal: (type: DtypeName, value: boolean | number | string) => string
  readonly compare: (op: ComparisonOperator, left: string, right: string) => string
  /** On doubles: may give infinities and NaN. */
  readonly calculate: (op: ArithmeticOperator, left: string, right: string) => string
  /** A double that is null where it is not finite. The text given is a name and may be repeated. */
  readonly finite: (name: string) => string
  readonly and: (left: string, right: string) => string
  readonly or: (left: string, right: string) => string
  readonly not: (operand: string) => string
  readonly isNull: (operand: string) => string
}

/** Expressions as SQL: `values` may be selected from the relation wrapped by `from`. */
export interface RenderedExpressions {
  readonly from: string
  readonly values: readonly string[]
}

/**
 * Renders expression trees over a relation, with the null logic that `compileExpression` has in JavaScript: comparison and
 * arithmetic with null are null, and/or/not follow Kleene, arithmetic that is not finite is null. The result of arithmetic
 * is tested where it arises, so each gets a name in an inner SELECT: the text grows with the tree, never by doubling.
 * @param from a relation that can stand after FROM, with an alias
 * @param column the name of a column of the relation for a column of the tree
 */
export function renderExpressions(
  dialect: SqlDialect,
  from: string,
  nodes: readonly ExpressionNode[],
  column: (name: string) => string,
): RenderedExpressions {
  const stages: string[][] = []
  let names = 0

  const render = (node: ExpressionNode): { sql: string; stage: number } => {
    switch (node.op) {
      case 'column':
        return { sql: column(node.name), stage: 0 }
      case 'literal':
        return { sql: dialect.literal(node.type, node.value), stage: 0 }
      case 'not':
      case 'is_null': {
        const operand = render(node.operand)
        return { sql: dialect[node.op === 'not' ? 'not' : 'isNull'](operand.sql), stage: operand.stage }
      }
      default: {
        const left = render(node.left)
        const right = render(node.right)
        const stage = Math.max(left.stage, right.stage)
        if (node.op === 'and' || node.op === 'or') return { sql: dialect[node.op](left.sql, right.sql), stage }
        if (isArithmetic(node.op)) {
          const name = dialect.identifier(`_arithmetic_${names++}`)
          stages[stage] ??= []
          stages[stage].push(`${dialect.calculate(node.op, left.sql, right.sql)} AS ${name}`)
          return { sql: dialect.finite(name), stage: stage + 1 }
        }
        return { sql: dialect.compare(node.op, left.sql, right.sql), stage }
      }
    }
  }

  const values = nodes.map((node) => render(node).sql)
  const wrapped = stages.reduce(
    (inner, columns, stage) => `(SELECT *, ${columns.join(', ')} FROM ${inner}) AS _stage_${stage}`,
    from,
  )
  return { from: wrapped, values }
}

function isArithmetic(op: ComparisonOperator | ArithmeticOperator): op is ArithmeticOperator {
  return op === 'add' || op === 'subtract' || op === 'multiply' || op === 'divide'
}
