import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes } from './canonical.ts'
import { decodeEntityKey, encodeEntityKey } from './entity-key.ts'
import { compareText } from './order.ts'

describe('entity keys', () => {
  const types = ['string', 'int', 'bool', 'timestamp'] as const
  const key = fc.tuple(
    fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.maxSafeInteger(),
  )

  it('come back from their bytes', () => {
    fc.assert(
      fc.property(key, (values) => {
        expect(decodeEntityKey(encodeEntityKey(types, values)!)).toEqual(values)
      }),
    )
  })

  it('sort as their columns do, one after the other', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const columns = [compareText(a[0], b[0]), a[1] - b[1], Number(a[2]) - Number(b[2]), a[3] - b[3]]
        const expected = columns.find((order) => order !== 0) ?? 0
        expect(Math.sign(compareBytes(encodeEntityKey(types, a)!, encodeEntityKey(types, b)!))).toBe(
          Math.sign(expected),
        )
      }),
    )
  })

  it("tell ('1','12') from ('11','2')", () => {
    const encode = (...values: string[]) => encodeEntityKey(['string', 'string'], values)
    expect(encode('1', '12')).not.toEqual(encode('11', '2'))
    expect(encode('a\0', 'b')).not.toEqual(encode('a', '\0b'))
  })

  it('do not fold Unicode', () => {
    expect(encodeEntityKey(['string'], ['é'])).not.toEqual(encodeEntityKey(['string'], ['e\u0301']))
  })

  it('are null where a column is null, and refused over 1 KiB or of another type', () => {
    expect(encodeEntityKey(['string', 'int'], ['a', null])).toBeNull()
    expect(() => encodeEntityKey(['string'], ['x'.repeat(1025)])).toThrow('longer than 1024 bytes')
    expect(() => encodeEntityKey(['float'], [1.5])).toThrow('cannot be of type float')
  })
})
