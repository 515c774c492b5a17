import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  alignMatrix,
  categoryColumn,
  featureMatrix,
  matrixInputs,
  numberColumn,
  requireLearnable,
  selectRows,
} from './matrix.ts'

const texts = fc.array(fc.option(fc.constantFrom('b', 'a', 'ß', 'Z', '', '10', '9')), { maxLength: 20 })

describe('a category column', () => {
  it('gives codes that depend on the set of texts, not on the order of the rows', () => {
    fc.assert(
      fc.property(texts, (rows) => {
        const forward = categoryColumn('c', rows)
        const backward = categoryColumn('c', [...rows].reverse())
        expect(forward.categories).toEqual(backward.categories)
        expect(forward.categories).toEqual([...new Set(rows.filter((text) => text !== null))].sort())
        expect(Array.from(forward.values, (code) => forward.categories![code] ?? null)).toEqual(rows)
      }),
    )
  })

  it('makes missing what the categories given do not name', () => {
    expect(categoryColumn('c', ['x', 'y', null], ['y']).values).toEqual(Float64Array.of(Number.NaN, 0, Number.NaN))
  })
})

describe('a number column', () => {
  it('takes null and undefined as missing and booleans as 0 and 1', () => {
    expect(numberColumn('n', [1.5, null, undefined, true, 7n]).values).toEqual(
      Float64Array.of(1.5, Number.NaN, Number.NaN, 1, 7),
    )
  })
})

describe('a feature matrix', () => {
  const matrix = featureMatrix([numberColumn('n', [1, 2, 3]), categoryColumn('c', ['b', null, 'a'])])

  it('refuses columns of different length, a name used twice and a code without category', () => {
    const invalid = (path: string) => expect.objectContaining({ code: 'training_data_invalid', path })
    expect(() => featureMatrix([numberColumn('a', [1]), numberColumn('b', [])])).toThrow(invalid('b'))
    expect(() => featureMatrix([numberColumn('a', [1]), numberColumn('a', [1])])).toThrow(invalid('a'))
    const values = Float64Array.of(2)
    expect(() => featureMatrix([{ name: 'c', kind: 'category', values, categories: ['x'] }])).toThrow(invalid('c'))
  })

  it('is aligned to the columns, the order and the codes of a model', () => {
    const inputs = [
      { name: 'c', kind: 'category', categories: ['x', 'a'] } as const,
      { name: 'n', kind: 'number' } as const,
    ]
    const aligned = alignMatrix(matrix, inputs)
    expect(matrixInputs(aligned)).toEqual(inputs)
    expect(aligned.columns[0]!.values).toEqual(Float64Array.of(Number.NaN, Number.NaN, 1))
    expect(() => alignMatrix(matrix, [{ name: 'm', kind: 'number' }])).toThrow(expect.objectContaining({ path: 'm' }))
    expect(() => alignMatrix(matrix, [{ name: 'c', kind: 'number' }])).toThrow(expect.objectContaining({ path: 'c' }))
  })

  it('gives the rows named, in the order named', () => {
    expect(selectRows(matrix, [2, 0, 2]).columns[0]!.values).toEqual(Float64Array.of(3, 1, 3))
  })

  it('can be learnt from only with labels of both kinds and sound weights', () => {
    const labels = Uint8Array.of(0, 1, 1)
    expect(() => requireLearnable({ matrix, labels })).not.toThrow()
    const invalid = expect.objectContaining({ code: 'training_data_invalid' })
    expect(() => requireLearnable({ matrix, labels: Uint8Array.of(0, 1) })).toThrow(invalid)
    expect(() => requireLearnable({ matrix, labels: Uint8Array.of(0, 1, 2) })).toThrow(invalid)
    expect(() => requireLearnable({ matrix, labels, weights: Float64Array.of(1, -1, 1) })).toThrow(invalid)
    expect(() => requireLearnable({ matrix: featureMatrix([]), labels: new Uint8Array(0) })).toThrow(invalid)
    const oneClass = expect.objectContaining({ code: 'training_one_class' })
    expect(() => requireLearnable({ matrix, labels: Uint8Array.of(1, 1, 1) })).toThrow(oneClass)
    expect(() => requireLearnable({ matrix, labels, weights: Float64Array.of(0, 1, 1) })).toThrow(oneClass)
  })
})
