import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { categoryColumn, type FeatureMatrix, featureMatrix, numberColumn } from '../matrix.ts'
import { binMatrix, numberBounds } from './gradient-boosting-bins.ts'
import { pairScales, setPair } from './gradient-boosting-loss.ts'
import { BoostingMemory } from './gradient-boosting-memory.ts'
import { type GradientBoostingParameters, resolveGradientBoosting } from './gradient-boosting-parameters.ts'
import { Random } from './gradient-boosting-random.ts'
import { BoostingTeam } from './gradient-boosting-team.ts'
import { type GrownTree, TreeGrower } from './gradient-boosting-tree.ts'

interface Example {
  matrix: FeatureMatrix
  gradients: Float64Array
  hessians: Float64Array
  parameters: GradientBoostingParameters
}

const number = fc.option(fc.integer({ min: -3, max: 3 }), { freq: 4 })
const category = fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { freq: 6 })
// Gradients and hessians in 64ths have exact sums, so a limit is met in every order of adding or in none.
const row = fc.tuple(
  number,
  number,
  category,
  fc.constantFrom('x', 'y', 'z'),
  fc.integer({ min: -64, max: 64 }).map((parts) => parts / 64),
  fc.integer({ min: 1, max: 16 }).map((parts) => parts / 64),
)

const example = fc
  .tuple(
    fc.array(row, { minLength: 2, maxLength: 24 }),
    fc.record({
      leaves: fc.integer({ min: 2, max: 8 }),
      max_depth: fc.nat(3),
      min_rows_leaf: fc.integer({ min: 1, max: 4 }),
      min_hessian_leaf: fc.constantFrom(0, 0.3),
      l2: fc.constantFrom(0, 0.7),
    }),
  )
  .map(([rows, given]): Example => {
    const matrix = featureMatrix([
      numberColumn(
        'n',
        rows.map(([value]) => value),
      ),
      numberColumn(
        'm',
        rows.map(([, value]) => value),
      ),
      categoryColumn(
        'c',
        rows.map(([, , text]) => text),
      ),
      categoryColumn(
        'o',
        rows.map(([, , , text]) => text),
      ),
    ])
    // Without smoothing, extra penalty and least steps the best set of categories is found exactly.
    const exact = { category_one_hot: 0, category_smoothing: 0, category_l2: 0, category_min_rows: 1 }
    return {
      matrix,
      gradients: Float64Array.from(rows, ([, , , , gradient]) => gradient),
      hessians: Float64Array.from(rows, ([, , , , , hessian]) => hessian),
      parameters: resolveGradientBoosting({ ...exact, ...given }),
    }
  })

interface Grown {
  tree: GrownTree
  /** Grouped by leaf. */
  rows: Int32Array
}

function grow({ matrix, gradients, hessians, parameters }: Example, threads = 1): Grown {
  const { features, columns } = binMatrix(matrix, parameters.bins, new Random(1))
  const size = { rows: matrix.rows, heldRows: 0, features: features.length, threads, leaves: parameters.leaves }
  const memory = new BoostingMemory(size)
  const scales = pairScales(matrix.rows, 1)
  for (let row = 0; row < matrix.rows; row++) {
    memory.rows[row] = row
    setPair(memory.pairs, row, gradients[row]!, hessians[row]!, scales)
    columns.forEach((column, feature) => {
      memory.binsOf(feature)[4 * row] = column[row]!
    })
  }
  memory.drawn.fill(1, 0, features.length)
  const team = new BoostingTeam(memory, features, parameters)
  return { tree: new TreeGrower(memory, team, parameters, scales).grow(matrix.rows), rows: memory.rows }
}

const sum = (values: Float64Array, rows: readonly number[]) => rows.reduce((total, at) => total + values[at]!, 0)
const score = ({ gradients, hessians, parameters }: Example, rows: readonly number[]) =>
  sum(gradients, rows) ** 2 / (sum(hessians, rows) + parameters.l2)
const gainOf = (one: Example, left: readonly number[], right: readonly number[]) =>
  score(one, left) + score(one, right) - score(one, [...left, ...right])

/** The best gain over every partition that any feature allows, each made of the rows themselves; 0 where none is allowed. */
function naiveBestGain(one: Example, rows: readonly number[], categoriesLeft = 255): number {
  const { min_rows_leaf: minRows, min_hessian_leaf: minHessian } = one.parameters
  let best = 0
  const offer = (goesLeft: (value: number) => boolean, values: Float64Array) => {
    const left = rows.filter((at) => goesLeft(values[at]!))
    const right = rows.filter((at) => !goesLeft(values[at]!))
    if (left.length < minRows || right.length < minRows) return
    if (sum(one.hessians, left) < minHessian || sum(one.hessians, right) < minHessian) return
    best = Math.max(best, gainOf(one, left, right))
  }
  for (const { kind, values } of one.matrix.columns) {
    const distinct = [...new Set(rows.map((at) => values[at]!))]
    if (kind === 'number') {
      for (const bound of distinct) {
        offer((value) => value <= bound, values)
        offer((value) => value <= bound || Number.isNaN(value), values)
      }
    } else {
      for (let set = 1; set < 2 ** distinct.length - 1; set++) {
        const members = new Set(distinct.filter((_, at) => (set >> at) & 1))
        if (members.size > categoriesLeft) continue
        offer((value) => members.has(value), values)
      }
    }
  }
  return best
}

/** The rows below a reference, in ascending order. */
function rowsBelow(tree: GrownTree, grouped: Int32Array, reference: number): number[] {
  if (reference >= 0) {
    const node = tree.nodes[reference]!
    return [...rowsBelow(tree, grouped, node.left), ...rowsBelow(tree, grouped, node.right)].sort((a, b) => a - b)
  }
  const leaf = tree.leaves[~reference]!
  return [...grouped.subarray(leaf.begin, leaf.end)].sort((a, b) => a - b)
}

describe('threads that have not begun', () => {
  it('are done without: the tree is that of one thread', () => {
    // Enough rows and columns that threads would share every phase.
    const rows = 20_000
    const noise = (row: number, column: number) => ((row * (7919 + 31 * column) + column * 104_729) % 1009) / 64
    const one: Example = {
      matrix: featureMatrix(
        Array.from({ length: 14 }, (_, column) =>
          numberColumn(
            `c${column}`,
            Array.from({ length: rows }, (_, row) => noise(row, column)),
          ),
        ),
      ),
      gradients: Float64Array.from({ length: rows }, (_, row) => Math.round(noise(row, 3) - noise(row, 5)) / 64),
      hessians: new Float64Array(rows).fill(0.25),
      parameters: resolveGradientBoosting({ leaves: 15 }),
    }
    const [alone, apart] = [grow(one), grow(one, 3)]
    expect(alone.tree.nodes.length).toBeGreaterThan(1)
    expect(apart).toEqual(alone)
  })
})

describe('a grown tree', () => {
  it('gives every row to one leaf, whose value is the Newton step of its rows', () => {
    fc.assert(
      fc.property(example, (one) => {
        const { tree, rows: grouped } = grow(one)
        const root = tree.nodes.length === 0 ? ~0 : 0
        expect(rowsBelow(tree, grouped, root)).toEqual([...one.gradients.keys()])
        tree.leaves.forEach((leaf, at) => {
          const rows = rowsBelow(tree, grouped, ~at)
          expect(leaf.value).toBeCloseTo(-sum(one.gradients, rows) / (sum(one.hessians, rows) + one.parameters.l2), 8)
        })
      }),
    )
  })

  it('reports the gain of its splits as it is when counted from the rows', () => {
    fc.assert(
      fc.property(example, (one) => {
        const { tree, rows: grouped } = grow(one)
        for (const node of tree.nodes) {
          const [left, right] = [rowsBelow(tree, grouped, node.left), rowsBelow(tree, grouped, node.right)]
          expect(node.split.gain).toBeCloseTo(gainOf(one, left, right), 8)
          expect(node.split.left.rows).toBe(left.length)
          expect(left.length).toBeGreaterThanOrEqual(one.parameters.min_rows_leaf)
          expect(right.length).toBeGreaterThanOrEqual(one.parameters.min_rows_leaf)
        }
      }),
    )
  })

  it('splits at the best of all bounds and sets of categories, and leaves nothing unsplit that has a gain', () => {
    fc.assert(
      fc.property(example, (one) => {
        // Contiguous sets are the best ones without a penalty only, and where small sides are allowed.
        const parameters = { ...one.parameters, l2: 0, min_rows_leaf: 1, min_hessian_leaf: 0 }
        const free = { ...one, parameters }
        const { tree, rows: grouped } = grow(free)
        tree.nodes.forEach((node, at) => {
          expect(node.split.gain).toBeCloseTo(naiveBestGain(free, rowsBelow(tree, grouped, at)), 8)
        })
        if (tree.leaves.length >= parameters.leaves || parameters.max_depth > 0) return
        tree.leaves.forEach((_, at) => {
          expect(naiveBestGain(free, rowsBelow(tree, grouped, ~at))).toBeLessThan(1e-8)
        })
      }),
    )
  })

  it('splits one category against the rest where that is asked for', () => {
    fc.assert(
      fc.property(example, (one) => {
        const parameters = { ...one.parameters, category_one_hot: 255 }
        const single = { ...one, parameters, matrix: featureMatrix(one.matrix.columns.slice(2)) }
        const { tree, rows: grouped } = grow(single)
        tree.nodes.forEach((node, at) => {
          expect(node.split.gain).toBeCloseTo(naiveBestGain(single, rowsBelow(tree, grouped, at), 1), 8)
        })
      }),
    )
  })

  it('splits number columns best under penalties and limits as well', () => {
    fc.assert(
      fc.property(example, (one) => {
        const numbers = { ...one, matrix: featureMatrix(one.matrix.columns.slice(0, 2)) }
        const { tree, rows: grouped } = grow(numbers)
        tree.nodes.forEach((node, at) => {
          expect(node.split.gain).toBeCloseTo(naiveBestGain(numbers, rowsBelow(tree, grouped, at)), 8)
        })
      }),
    )
  })

  it('always splits the leaf with the greatest gain next', () => {
    fc.assert(
      fc.property(example, (one) => {
        const numbers = {
          ...one,
          parameters: { ...one.parameters, max_depth: 0 },
          matrix: featureMatrix(one.matrix.columns.slice(0, 2)),
        }
        const { tree, rows: grouped } = grow(numbers)
        tree.nodes.forEach((node, at) => {
          const open = tree.nodes.flatMap(({ left, right }, before) => {
            return before < at ? [left, right].filter((child) => child < 0 || child >= at) : []
          })
          for (const child of open) {
            expect(naiveBestGain(numbers, rowsBelow(tree, grouped, child))).toBeLessThan(node.split.gain + 1e-8)
          }
        })
      }),
    )
  })

  it('keeps to the leaves and the depth it is given', () => {
    fc.assert(
      fc.property(example, (one) => {
        const { tree } = grow(one)
        const depth = (reference: number): number => {
          if (reference < 0) return 0
          const node = tree.nodes[reference]!
          expect(node.left < 0 || node.left > reference).toBe(true)
          return 1 + Math.max(depth(node.left), depth(node.right))
        }
        expect(tree.leaves.length).toBeLessThanOrEqual(one.parameters.leaves)
        const { max_depth: most } = one.parameters
        if (most > 0) expect(depth(tree.nodes.length === 0 ? -1 : 0)).toBeLessThanOrEqual(most)
      }),
    )
  })
})

describe('the bounds of bins', () => {
  const values = fc.array(fc.oneof(fc.integer({ min: 0, max: 12 }), fc.double({ noNaN: true, min: -5, max: 5 })), {
    maxLength: 200,
  })

  it('separate every two values while there are enough bins, and end in Infinity', () => {
    fc.assert(
      fc.property(values, (all) => {
        const sorted = Float64Array.from(all).sort()
        const distinct = [...new Set(sorted.map((value) => value + 0))]
        const bounds = numberBounds(sorted, 255)
        expect(bounds.length).toBe(Math.max(distinct.length, 1))
        expect(bounds.at(-1)).toBe(Number.POSITIVE_INFINITY)
        distinct.forEach((value, at) => {
          expect(value <= bounds[at]! && (at === 0 || value > bounds[at - 1]!)).toBe(true)
        })
      }),
    )
  })

  it('are at most as many as asked for, ascending', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 20 }), (all, bins) => {
        const bounds = numberBounds(Float64Array.from(all).sort(), bins)
        expect(bounds.length).toBeLessThanOrEqual(bins)
        bounds.slice(1).forEach((bound, at) => {
          expect(bound).toBeGreaterThan(bounds[at]!)
        })
      }),
    )
  })

  it('share many distinct values evenly', () => {
    const bounds = numberBounds(
      Float64Array.from({ length: 10_000 }, (_, at) => at),
      10,
    )
    expect([...bounds.slice(0, -1)].map((bound) => Math.round(bound / 100))).toEqual([
      10, 20, 30, 40, 50, 60, 70, 80, 90,
    ])
  })

  it('give a value that fills a bin alone one of its own', () => {
    const many = Array.from({ length: 900 }, () => 50)
    const bounds = numberBounds(Float64Array.from([...Array.from({ length: 100 }, (_, at) => at), ...many]).sort(), 5)
    expect([...bounds].some((bound) => bound > 49 && bound < 50)).toBe(true)
    expect([...bounds].some((bound) => bound >= 50 && bound < 51)).toBe(true)
  })
})
