import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32 } from './envelope.ts'
import {
  predictTreeEnsemble,
  predictTreeEnsembleBatch,
  scoreTreeEnsemble,
  sigmoid,
  type TreeEnsemble,
} from './tree-ensemble.ts'
import { decodeTreeEnsemble, encodeTreeEnsemble } from './tree-ensemble-encoding.ts'

/** A tree as a person would write it; the oracle walks it, `flatten` makes the arrays of it. */
type Tree =
  | { leaf: number }
  | { feature: number; threshold: number; missingLeft: boolean; left: Tree; right: Tree }
  | { feature: number; goLeft: number[]; missingLeft: boolean; left: Tree; right: Tree }

const featureCount = 4

function walk(tree: Tree, row: Float64Array): number {
  if ('leaf' in tree) return tree.leaf
  const value = row[tree.feature]!
  let left: boolean
  if (Number.isNaN(value)) left = tree.missingLeft
  else if ('threshold' in tree) left = value <= tree.threshold
  else left = tree.goLeft.includes(value)
  return walk(left ? tree.left : tree.right, row)
}

function flatten(trees: Tree[], baseScore: number): TreeEnsemble {
  const [feature, threshold, left, right, missingLeft]: number[][] = [[], [], [], [], []]
  const [words, starts, leaves]: number[][] = [[], [0], []]
  const add = (tree: Tree): number => {
    if ('leaf' in tree) return ~(leaves!.push(tree.leaf) - 1)
    const node = feature!.push(tree.feature) - 1
    threshold!.push('threshold' in tree ? tree.threshold : Number.NaN)
    missingLeft!.push(tree.missingLeft ? 1 : 0)
    if ('goLeft' in tree) {
      const size = tree.goLeft.length === 0 ? 0 : (Math.max(...tree.goLeft) >>> 5) + 1
      const set = new Int32Array(size)
      for (const code of tree.goLeft) set[code >>> 5]! |= 1 << (code & 31)
      words!.push(...set)
    }
    starts!.push(words!.length)
    left![node] = add(tree.left)
    right![node] = add(tree.right)
    return node
  }
  const roots = trees.map(add)
  return {
    objective: 'binary',
    featureCount,
    baseScore,
    roots: Int32Array.from(roots),
    feature: Int32Array.from(feature!),
    threshold: Float64Array.from(threshold!),
    left: Int32Array.from(left!),
    right: Int32Array.from(right!),
    missingLeft: Int32Array.from(missingLeft!),
    categoryStart: Int32Array.from(starts!),
    categoryWords: Int32Array.from(words!),
    leafValue: Float64Array.from(leaves!),
  }
}

const { tree } = fc.letrec<{ tree: Tree; leaf: Tree; number: Tree; category: Tree }>((tie) => ({
  tree: fc.oneof({ maxDepth: 5, withCrossShrink: true }, tie('leaf'), tie('number'), tie('category')),
  leaf: fc.record({ leaf: fc.double({ min: -2, max: 2, noNaN: true }) }),
  number: fc.record({
    feature: fc.nat(1),
    threshold: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.POSITIVE_INFINITY)),
    missingLeft: fc.boolean(),
    left: tie('tree'),
    right: tie('tree'),
  }),
  category: fc.record({
    feature: fc.integer({ min: 2, max: 3 }),
    goLeft: fc.uniqueArray(fc.nat(70), { maxLength: 12 }),
    missingLeft: fc.boolean(),
    left: tie('tree'),
    right: tie('tree'),
  }),
}))
const number = fc.oneof(fc.constant(Number.NaN), fc.integer({ min: -4, max: 4 }), fc.constant(1e300), fc.double())
const code = fc.oneof(fc.constant(Number.NaN), fc.nat(100))
const row = fc.tuple(number, number, code, code).map((values) => Float64Array.from(values))
const ensemble = fc.record({
  trees: fc.array(tree, { maxLength: 6 }),
  baseScore: fc.double({ min: -1, max: 1, noNaN: true }),
})

describe('a tree ensemble', () => {
  it('scores every row as the trees say, one after the other', () => {
    fc.assert(
      fc.property(ensemble, fc.array(row, { minLength: 1, maxLength: 20 }), ({ trees, baseScore }, rows) => {
        const model = flatten(trees, baseScore)
        for (const values of rows) {
          const expected = trees.reduce((sum, one) => sum + walk(one, values), baseScore)
          expect(scoreTreeEnsemble(model, values)).toBe(expected)
          expect(predictTreeEnsemble(model, values)).toBe(sigmoid(expected))
        }
      }),
    )
  })

  it('predicts columns and single rows alike, bit for bit, also past a block', () => {
    fc.assert(
      fc.property(ensemble, fc.array(row, { minLength: 1, maxLength: 9 }), ({ trees, baseScore }, few) => {
        const model = flatten(trees, baseScore)
        const rows = Array.from({ length: 600 }, (_, at) => few[at % few.length]!)
        const columns = Array.from({ length: featureCount }, (_, at) => Float64Array.from(rows, (one) => one[at]!))
        const batch = predictTreeEnsembleBatch(model, columns, rows.length)
        rows.forEach((one, at) => {
          expect(batch[at]).toBe(predictTreeEnsemble(model, one))
        })
      }),
      { numRuns: 20 },
    )
  })

  it('comes back from its bytes as it was', () => {
    fc.assert(
      fc.property(ensemble, ({ trees, baseScore }) => {
        const model = flatten(trees, baseScore)
        expect(decodeTreeEnsemble(encodeTreeEnsemble(model))).toEqual(model)
      }),
    )
  })

  it('is refused with a clear error when any byte was changed', () => {
    const bytes = encodeTreeEnsemble(
      flatten([{ feature: 1, threshold: 2, missingLeft: true, left: { leaf: 1 }, right: { leaf: 2 } }], 0),
    )
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at] = changed[at]! ^ 0x10
      const code = at === 4 ? 'artifact_newer' : 'artifact_invalid'
      expect(() => decodeTreeEnsemble(changed)).toThrow(expect.objectContaining({ code }))
    }
  })

  it('is refused when it is cut, longer, or something else', () => {
    const bytes = encodeTreeEnsemble(flatten([{ leaf: 1 }], 0))
    const invalid = expect.objectContaining({ code: 'artifact_invalid' })
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeTreeEnsemble(bytes.subarray(0, length))).toThrow(invalid)
    }
    expect(() => decodeTreeEnsemble(Uint8Array.of(...bytes, 0))).toThrow(invalid)
    expect(() => decodeTreeEnsemble(new TextEncoder().encode('PAR1 and much more that is no model'))).toThrow(invalid)
  })

  it('is refused when a child lies before its parent, so no walk can go round', () => {
    const model = flatten([{ feature: 0, threshold: 0, missingLeft: true, left: { leaf: 1 }, right: { leaf: 2 } }], 0)
    for (const wrong of [0, 7, ~7]) {
      const bytes = encodeTreeEnsemble({ ...model, left: Int32Array.of(wrong) })
      expect(() => decodeTreeEnsemble(bytes)).toThrow(expect.objectContaining({ code: 'artifact_invalid' }))
    }
  })
})

describe('the checksum', () => {
  it('is the CRC-32 that others compute', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
  })
})
