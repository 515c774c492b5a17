import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Column, columnOf, columnValue, type Value } from '../values/index.ts'
import { binCount, binRows, type ColumnBins, profileColumn } from './column-bins.ts'

const number = fc.oneof(
  fc.constant(null),
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value + 0),
)
const few = fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 5 }))
const text = fc.option(
  fc.integer({ min: 0, max: 30 }).map((code) => `T${code}`),
  { nil: null },
)
const columns: fc.Arbitrary<Column> = fc.oneof(
  fc.array(number, { maxLength: 200 }).map((values) => columnOf('float', values)),
  fc.array(few, { maxLength: 100 }).map((values) => columnOf('int', values)),
  fc
    .array(fc.option(fc.bigInt({ min: -20n, max: 20n }), { nil: null }), { maxLength: 100 })
    .map((values) => columnOf('int64', values)),
  fc.array(fc.option(fc.boolean(), { nil: null }), { maxLength: 20 }).map((values) => columnOf('bool', values)),
  fc.array(text, { maxLength: 200 }).map((values) => columnOf('string', values)),
)
const rowsOf = (column: Column): number => (column.type === 'string' ? column.codes.length : column.values.length)

/** The bin of a value by the words of `ColumnBins`. */
function plainBin(bins: ColumnBins, value: Value | null): number {
  if (value === null) return binCount(bins)
  if (bins.kind === 'categories') {
    const place = bins.categories.indexOf(String(value))
    return place < 0 ? bins.categories.length : place
  }
  const plain = Number(value)
  if (bins.kind === 'values') {
    const place = bins.values.indexOf(plain)
    return place < 0 ? bins.values.length : place
  }
  return bins.edges.filter((edge) => edge < plain).length
}

describe('the bins of a column', () => {
  it('hold every row once, where a plain reading puts it, also rows of another time', () => {
    fc.assert(
      fc.property(fc.tuple(columns, columns), ([trained, other]) => {
        const profile = profileColumn('x', trained, rowsOf(trained))
        expect(profile.counts.reduce((sum, count) => sum + count, profile.missing)).toBe(rowsOf(trained))
        expect(profile.counts.length).toBe(binCount(profile.bins))
        const served = (other.type === 'string') === (trained.type === 'string') ? other : trained
        const found = binRows(profile.bins, served, rowsOf(served))
        expect([...found]).toEqual(Array.from(found, (_, row) => plainBin(profile.bins, columnValue(served, row))))
      }),
    )
  })

  it('are about tenths of the rows where values differ, and any row outside of training has a bin', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000)
    const { bins, counts, min, max, mean } = profileColumn('x', { type: 'float', values }, 1000)
    expect(counts).toEqual(new Array(10).fill(100))
    expect([min, max, mean]).toEqual([0, 999, expect.closeTo(499.5, 9)])
    expect([...binRows(bins, { type: 'float', values: Float64Array.of(-5, 5000) }, 2)]).toEqual([0, 9])
  })

  it('are single values where these are few: what training never saw is another bin', () => {
    const { bins, counts } = profileColumn('x', columnOf('int', [7, 7, 7, null]), 4)
    expect([bins, counts]).toEqual([{ kind: 'values', values: [7] }, [3, 0]])
    expect([...binRows(bins, columnOf('int', [7, 6, 8, null]), 4)]).toEqual([0, 1, 1, 2])
  })

  it('separate a value that nearly all rows have', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => (i < 980 ? 1 : i / 1000))
    const { bins, counts } = profileColumn('x', { type: 'float', values }, 1000)
    expect(bins).toEqual({ kind: 'ranges', edges: [0.999] })
    expect(counts).toEqual([20, 980])
  })

  it('do not depend on the order of rows', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 200 }), (texts) => {
        const [one, other] = [texts, [...texts].reverse()].map((values) =>
          profileColumn('x', columnOf('string', values), values.length),
        )
        expect(one).toEqual(other)
      }),
    )
  })
})
