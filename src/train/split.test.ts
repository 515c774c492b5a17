import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SplitSpec } from '../define/index.ts'
import type { Table } from '../values/index.ts'
import { splitByTime } from './split.ts'

const tableAt = (instants: readonly number[]): Table => ({
  rows: instants.length,
  columns: { at: { type: 'timestamp', values: Float64Array.from(instants) } },
})
const spec = (change: Partial<SplitSpec> = {}): SplitSpec => ({
  from: null,
  validateFrom: null,
  validateShare: 0.2,
  to: null,
  ...change,
})
const all = () => true

describe('a split by time', () => {
  it('trains on what lies before an instant and validates on what lies at or after it, in the order of the rows', () => {
    const { training, validation } = splitByTime(tableAt([30, 10, 20, 40, 20]), all, spec({ validateFrom: 20 }))
    expect([...training]).toEqual([1])
    expect([...validation]).toEqual([0, 2, 3, 4])
  })

  it('gives every labelled row to exactly one side, and no other row', () => {
    const rows = fc.array(fc.record({ at: fc.integer({ min: -5, max: 5 }), labelled: fc.boolean() }), { minLength: 2 })
    fc.assert(
      fc.property(rows, fc.double({ min: 0.05, max: 0.95, noNaN: true }), (made, validateShare) => {
        const instants = made.map(({ at }) => at)
        const labelled = instants.filter((_, row) => made[row]!.labelled)
        fc.pre(new Set(labelled).size > 1)
        try {
          const { training, validation, validateFromMs } = splitByTime(
            tableAt(instants),
            (row) => made[row]!.labelled,
            spec({ validateShare }),
          )
          const both = [...training, ...validation].sort((a, b) => a - b)
          expect(both).toEqual(instants.flatMap((_, row) => (made[row]!.labelled ? [row] : [])))
          expect([...training].every((row) => instants[row]! < validateFromMs)).toBe(true)
          expect([...validation].every((row) => instants[row]! >= validateFromMs)).toBe(true)
        } catch (error) {
          // Where moments share the instant of the cut, the earliest ones may all validate.
          expect(error).toMatchObject({ code: 'training_set_empty' })
        }
      }),
    )
  })

  it('without an instant validates on the declared share of the labelled rows, the latest', () => {
    const instants = Array.from({ length: 100 }, (_, i) => (i * 37) % 100)
    const { training, validation, validateFromMs } = splitByTime(tableAt(instants), all, spec({ validateShare: 0.3 }))
    expect([training.length, validation.length, validateFromMs]).toEqual([70, 30, 70])
  })

  it('does not let rows without a label move the cut', () => {
    const instants = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1000, 1001, 1002]
    const { validation } = splitByTime(tableAt(instants), (row) => row < 10, spec())
    expect([...validation]).toEqual([8, 9])
  })

  it('refuses a side without rows, saying where the others lie', () => {
    const split = (instants: readonly number[], validateFrom: number) => () =>
      splitByTime(tableAt(instants), all, spec({ validateFrom }))
    expect(split([1, 2], 1)).toThrow(/on the training side of 1970-01-01T00:00:00.001Z; 2 lie on the other/)
    expect(split([1, 2], 3)).toThrow(/on the validation side/)
    expect(() => splitByTime(tableAt([1]), () => false, spec())).toThrow(
      expect.objectContaining({ code: 'training_set_empty' }),
    )
  })
})
