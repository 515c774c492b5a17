import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defineRecord, encodeIndexValue, indexValue } from './record.ts'

const compareBytes = (a: string, b: string) => Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))

describe('an encoded index value', () => {
  it('sorts by its bytes as numbers do by size', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true }),
      fc.integer(),
      fc.constantFrom(0, -0, 5e-324, -5e-324, Infinity, -Infinity),
    )
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(compareBytes(encodeIndexValue(a), encodeIndexValue(b))).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
    )
  })

  it('sorts null before false, true, numbers and text', () => {
    const values = [null, false, true, -Infinity, -1, 0, 1, Infinity, '', 'a']
    const encoded = values.map(encodeIndexValue)
    expect([...encoded].sort(compareBytes)).toEqual(encoded)
    expect(encodeIndexValue(undefined)).toBe(encodeIndexValue(null))
  })

  it('cannot be NaN, and a field that holds no plain value is no index', () => {
    expect(() => encodeIndexValue(Number.NaN)).toThrow(/NaN/)
    expect(() => indexValue({ where: {} }, 'where')).toThrow(/"where" is of type object/)
  })
})

describe('a kind of record', () => {
  it('cannot have an index that is called like what every record has', () => {
    expect(() => defineRecord<{ id: string }>({ kind: 'run', version: 1, indexes: ['id'] })).toThrow(/"id"/)
    expect(() => defineRecord<{ name: string }>({ kind: 'run', version: 0, indexes: [] })).toThrow(/version/)
  })

  it('takes only fields with plain values as indexes', () => {
    // @ts-expect-error a nested field cannot be found by
    defineRecord<{ name: string; parameters: object }>({ kind: 'run', version: 1, indexes: ['parameters'] })
  })
})
