import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entityText, parseEntity } from './entity-key.ts'

describe('an entity in the address', () => {
  it('is read as it was written, whatever its key columns hold', () => {
    const entity = fc.dictionary(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), {
      minKeys: 1,
      maxKeys: 3,
      noNullPrototype: true,
    })
    fc.assert(
      fc.property(entity, (key) => {
        expect(parseEntity(entityText(key), Object.keys(key))).toEqual(key)
      }),
    )
  })

  it('is none where a column is missing', () => {
    expect(parseEntity('store=7', ['store', 'aisle'])).toBeNull()
    expect(parseEntity(undefined, ['airport'])).toBeNull()
  })
})
