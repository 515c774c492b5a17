import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes, decodeRow, encodeRow } from './canonical.ts'
import type { Row, Schema } from './row.ts'

const spec = (type: Schema[string]['type']) => ({ type, nullability: 'default' as const })
const schema: Schema = {
  zeta: spec('bool'),
  alpha: spec('int'),
  big: spec('int64'),
  f: spec('float'),
  é: spec('string'),
  at: spec('timestamp'),
}

const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
const row: fc.Arbitrary<Row> = fc.record({
  zeta: nullable(fc.boolean()),
  alpha: nullable(fc.maxSafeInteger()),
  big: nullable(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  f: nullable(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)),
  é: nullable(fc.string({ unit: 'grapheme' })),
  at: nullable(fc.integer({ min: -8e15, max: 8e15 })),
})

describe('canonical bytes of a row', () => {
  it('give back the row', () => {
    fc.assert(
      fc.property(row, (value) => {
        expect(decodeRow(schema, encodeRow(schema, value))).toEqual(value)
      }),
    )
  })

  it('are equal if and only if the rows are', () => {
    fc.assert(
      fc.property(row, row, (a, b) => {
        const equal = Object.keys(schema).every((name) => a[name] === b[name])
        expect(compareBytes(encodeRow(schema, a), encodeRow(schema, b)) === 0).toBe(equal)
      }),
    )
  })

  it('do not depend on the order of columns, nor on an optional column added later', () => {
    const shuffled = Object.fromEntries(Object.entries(schema).reverse())
    const wider = { added: spec('string'), ...schema }
    fc.assert(
      fc.property(row, (value) => {
        const bytes = encodeRow(schema, value)
        expect(encodeRow(shuffled, value)).toEqual(bytes)
        expect(encodeRow(wider, { ...value, added: null })).toEqual(bytes)
        expect(decodeRow(wider, bytes)).toEqual({ ...value, added: null })
      }),
    )
  })

  it('are read as int64 after the column was widened', () => {
    expect(decodeRow({ n: spec('int64') }, encodeRow({ n: spec('int') }, { n: -5 }))).toEqual({ n: -5n })
  })
})
