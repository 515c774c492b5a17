import type { AggregateSpec } from '../define/index.ts'
import { type ExpressionNode, formatDuration, formatInstant } from '../values/index.ts'

const signs = {
  eq: '=',
  ne: '!=',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  add: '+',
  subtract: '-',
  multiply: '*',
  divide: '/',
  and: 'and',
  or: 'or',
} as const

/** An expression as people read it: `arrival_delay >= 15 and not cancelled`. */
export function expressionText(node: ExpressionNode, inside = false): string {
  switch (node.op) {
    case 'column':
      return node.name
    case 'literal':
      if (node.type === 'timestamp' && typeof node.value === 'number') return formatInstant(node.value)
      return node.type === 'string' ? `'${node.value}'` : String(node.value)
    case 'not':
      return `not ${expressionText(node.operand, true)}`
    case 'is_null':
      return `${expressionText(node.operand, true)} is null`
    default: {
      const text = `${expressionText(node.left, true)} ${signs[node.op]} ${expressionText(node.right, true)}`
      return inside ? `(${text})` : text
    }
  }
}

/** A length of time as most people write it: a week is `7d`. */
export function durationText(ms: number): string {
  return formatDuration(ms).replace(/^(\d+)w$/, (_, weeks: string) => `${Number(weeks) * 7}d`)
}

/** An aggregate as its author wrote it: `share(arrival_delay >= 15).over('7d')`. */
export function aggregateText(spec: AggregateSpec): string {
  const { value, where, windowMs, maxAgeMs, ignoreNulls } = spec
  const options = [
    ...(maxAgeMs === null ? [] : [`maxAge: '${durationText(maxAgeMs)}'`]),
    ...(ignoreNulls ? ['ignoreNulls: true'] : []),
  ]
  const inputs = [
    ...(value === null ? [] : [expressionText(value)]),
    ...(options.length === 0 ? [] : [`{ ${options.join(', ')} }`]),
  ]
  return [
    `${spec.function}(${inputs.join(', ')})`,
    ...(where === null ? [] : [`.where(${expressionText(where)})`]),
    ...(windowMs === null ? [] : [`.over('${durationText(windowMs)}')`]),
  ].join('')
}
