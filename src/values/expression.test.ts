import { describe, expect, it } from 'vitest'
import { column, compileExpression, type Expression, expressionColumns, expressionType } from './expression.ts'
import type { Row } from './row.ts'

const delay = column('delay', 'float')
const seats = column('seats', 'int')
const late = column('late', 'bool')
const code = column('code', 'string')
const at = column('at', 'timestamp')
const big = column('big', 'int64')
const none: Row = { delay: null, seats: null, late: null, code: null, at: null, big: null }
const value = (expression: Expression, row: Row = {}) => compileExpression(expression.node)({ ...none, ...row })

describe('expressions', () => {
  it.each<[string, Expression, Row, unknown]>([
    ['compare numbers', delay.gte(15), { delay: 15 }, true],
    ['compare with null as null', delay.gte(15), {}, null],
    ['compare columns', delay.lt(seats), { delay: 1, seats: 2 }, true],
    ['compare timestamps with a Date', at.gt(new Date(5)), { at: 6 }, true],
    ['compare timestamps for equality', at.eq(new Date(6)), { at: 6 }, true],
    ['compare int64', big.lte(10n), { big: 11n }, false],
    ['find text in a list', code.in(['KL', 'AF']), { code: 'AF' }, true],
    ['miss text in a list', code.in(['KL', 'AF']), { code: 'LH' }, false],
    ['add', delay.plus(1).times(2), { delay: 3 }, 8],
    ['divide by zero to null', delay.dividedBy(0), { delay: 3 }, null],
    ['overflow to null', delay.times(1e300), { delay: 1e300 }, null],
    ['never give minus zero', delay.times(-1), { delay: 0 }, 0],
    ['see null', delay.isNull(), {}, true],
    ['see no null', delay.isNotNull(), {}, false],
    ['true or null is true', late.or(delay.gt(0)), { late: true }, true],
    ['false or null is null', late.or(delay.gt(0)), { late: false }, null],
    ['false and null is false', late.and(delay.gt(0)), { late: false }, false],
    ['null and false is false', late.and(delay.gt(0)), { delay: -1 }, false],
    ['true and null is null', late.and(delay.gt(0)), { late: true }, null],
    ['not null is null', late.not(), {}, null],
  ])('%s', (_name, expression, row, expected) => expect(value(expression, row)).toBe(expected))

  it('name their columns and their type', () => {
    const expression = delay.plus(seats).gt(3).and(late)
    expect(expressionColumns(expression.node)).toEqual(['delay', 'late', 'seats'])
    expect(expressionType(expression.node)).toBe('bool')
    expect(expressionType(seats.plus(1).node)).toBe('float')
  })

  it('are plain JSON', () => {
    const node = JSON.parse(JSON.stringify(big.gt(9007199254740993n).and(at.lt(new Date(3))).node))
    expect(compileExpression(node)({ big: 9007199254740994n, at: 2 })).toBe(true)
  })

  it('refuse what has no meaning, in a sentence', () => {
    const loose = (expression: unknown) =>
      expression as { gt(other: unknown): unknown; plus(other: unknown): unknown; and(other: unknown): unknown }
    expect(() => loose(code).gt('A')).toThrow('.gt() cannot compare string with string')
    expect(() => loose(delay).gt('A')).toThrow('.gt() cannot compare float with string')
    expect(() => loose(late).plus(1)).toThrow('Arithmetic needs int or float, not bool')
    expect(() => loose(delay).and(true)).toThrow('.and() needs a condition, not float')
    expect(() => loose(delay).gt(Number.NaN)).toThrow('NaN cannot stand in an expression')
  })
})
