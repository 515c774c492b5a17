import type { SqlDialect } from '../sql/dialect.ts'

const comparisons = { eq: '=', ne: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=' } as const
const calculations = { add: '+', subtract: '-', multiply: '*', divide: '/' } as const

/** How DuckDB writes expressions. */
export const duckdbDialect: SqlDialect = {
  name: 'duckdb',
  identifier: (name) => `"${name.replaceAll('"', '""')}"`,
  literal(type, value) {
    switch (type) {
      case 'bool':
        return value === true ? 'true' : 'false'
      case 'int64':
        return `CAST('${BigInt(value)}' AS BIGINT)`
      case 'string':
        return text(String(value))
      default:
        // Written as text: a bare 0.1 would be a decimal.
        return `CAST('${Number(value)}' AS DOUBLE)`
    }
  },
  compare: (op, left, right) => `(${left} ${comparisons[op]} ${right})`,
  calculate: (op, left, right) => `(${left} ${calculations[op]} ${right})`,
  finite: (name) => `(CASE WHEN isfinite(${name}) THEN ${name} END)`,
  and: (left, right) => `(${left} AND ${right})`,
  or: (left, right) => `(${left} OR ${right})`,
  not: (operand) => `(NOT ${operand})`,
  isNull: (operand) => `(${operand} IS NULL)`,
}

/** A text constant. SQL text ends at a NUL character, so that one is concatenated. */
export function text(value: string): string {
  const parts = value.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`)
  return parts.length === 1 ? parts[0]! : `(${parts.join(' || chr(0) || ')})`
}
