import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeModelArtifact, encodeModelArtifact, predictBatch, predictRow } from '../../artifact/artifact.ts'
import {
  categoryColumn,
  columnValues,
  featureMatrix,
  type LabelledMatrix,
  numberColumn,
  selectRows,
} from '../matrix.ts'
import { logLoss } from '../metrics/loss.ts'
import { trainLogisticRegression } from './logistic-regression.ts'
import { solveSymmetric } from './logistic-regression-newton.ts'

const number = fc.option(
  fc.double({ min: -100, max: 100, noNaN: true }).map((value) => (Math.abs(value) < 1e-100 ? 0 : value)),
  { freq: 5 },
)
const text = fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { freq: 5 })
const example = fc
  .array(fc.tuple(number, text, fc.nat(1), fc.integer({ min: 1, max: 3 })), { minLength: 4, maxLength: 30 })
  .filter((rows) => new Set(rows.map(([, , label]) => label)).size === 2)
  .map((rows): LabelledMatrix & { weights: Float64Array } => ({
    matrix: featureMatrix([
      numberColumn(
        'n',
        rows.map(([value]) => value),
      ),
      categoryColumn(
        'c',
        rows.map(([, value]) => value),
      ),
    ]),
    labels: Uint8Array.from(rows, ([, , label]) => label),
    weights: Float64Array.from(rows, ([, , , weight]) => weight),
  }))

/** The regression as a textbook writes it: a dense table of columns with names, the intercept first. */
function dense({ matrix, weights }: LabelledMatrix & { weights: Float64Array }): number[][] {
  const [n, c] = [matrix.columns[0]!.values, matrix.columns[1]!.values]
  const known = [...n.keys()].filter((row) => !Number.isNaN(n[row]!))
  const total = known.reduce((sum, row) => sum + weights[row]!, 0)
  const mean = known.reduce((sum, row) => sum + weights[row]! * n[row]!, 0) / total
  const deviation = Math.sqrt(known.reduce((sum, row) => sum + weights[row]! * (n[row]! - mean) ** 2, 0) / total)
  return Array.from(n, (value, row) => {
    const standard = Number.isNaN(value) || !(deviation > 1e-12 * Math.abs(mean)) ? 0 : (value - mean) / deviation
    const indicator = Number.isNaN(value) && known.length > 0 ? 1 : 0
    return [
      1,
      standard,
      indicator,
      ...[0, 1, 2, 3].map((code) => (c[row] === code ? 1 : 0)),
      Number.isNaN(c[row]!) ? 1 : 0,
    ]
  })
}

/** Plain gradient descent with a step that cannot overshoot, run for long. */
function descend(one: LabelledMatrix & { weights: Float64Array }, l2: number): number[] {
  const table = dense(one)
  const weights = Array.from(table[0]!, () => 0)
  const steepest = table.reduce(
    (sum, row, at) => sum + (one.weights[at]! * row.reduce((all, x) => all + x * x, 0)) / 4,
    l2,
  )
  for (let round = 0; round < 20_000; round++) {
    const gradient = weights.map((weight, at) => (at === 0 ? 0 : l2 * weight))
    table.forEach((row, at) => {
      const score = row.reduce((sum, x, place) => sum + x * weights[place]!, 0)
      const slope = one.weights[at]! * (1 / (1 + Math.exp(-score)) - one.labels[at]!)
      row.forEach((x, place) => {
        gradient[place]! += slope * x
      })
    })
    if (Math.max(...gradient.map(Math.abs)) < 1e-9) break
    gradient.forEach((slope, at) => {
      weights[at]! -= slope / steepest
    })
  }
  return table.map((row) => 1 / (1 + Math.exp(-row.reduce((sum, x, at) => sum + x * weights[at]!, 0))))
}

describe('logistic regression', () => {
  it('ends where plain gradient descent over a dense table ends', async () => {
    await fc.assert(
      fc.asyncProperty(example, async (one) => {
        const { artifact, converged } = await trainLogisticRegression({ training: one, parameters: { l2: 1 } })
        expect(converged).toBe(true)
        const found = predictBatch(artifact, columnValues(one.matrix), one.matrix.rows)
        descend(one, 1).forEach((probability, row) => {
          expect(found[row]).toBeCloseTo(probability, 5)
        })
      }),
      { numRuns: 25 },
    )
  })

  it('ends where the gradient is nought: the residuals are orthogonal to every column, but for the penalty', async () => {
    await fc.assert(
      fc.asyncProperty(example, fc.constantFrom(0.001, 0.1, 10), async (one, l2) => {
        const { artifact } = await trainLogisticRegression({ training: one, parameters: { l2 } })
        const { linear } = artifact
        const found = predictBatch(artifact, columnValues(one.matrix), one.matrix.rows)
        const codes = [0, 1, 2, 3].map((code) => linear.weights[linear.weightStart[1]! + code] ?? 0)
        const weights = [0, linear.weights[0]!, linear.missingWeight[0]!, ...codes, linear.missingWeight[1]!]
        const table = dense(one)
        weights.forEach((weight, at) => {
          const pull = table.reduce(
            (sum, row, place) => sum + row[at]! * one.weights[place]! * (found[place]! - one.labels[place]!),
            0,
          )
          expect(Math.abs(pull + l2 * weight)).toBeLessThan(1e-6)
        })
      }),
      { numRuns: 50 },
    )
  })

  it('takes a weight as that many rows', async () => {
    await fc.assert(
      fc.asyncProperty(example, async (one) => {
        const copies = [...one.labels.keys()].flatMap((row) => Array.from({ length: one.weights[row]! }, () => row))
        const labels = Uint8Array.from(copies, (row) => one.labels[row]!)
        const repeated = await trainLogisticRegression({ training: { matrix: selectRows(one.matrix, copies), labels } })
        const weighted = await trainLogisticRegression({ training: one })
        const columns = columnValues(one.matrix)
        const [first, second] = [repeated, weighted].map(({ artifact }) =>
          predictBatch(artifact, columns, one.matrix.rows),
        )
        first!.forEach((probability, row) => {
          expect(probability).toBeCloseTo(second![row]!, 7)
        })
      }),
      { numRuns: 25 },
    )
  })

  const rows = 3000
  const wave = (row: number, by: number) => Math.sin(row * by) * 10
  const matrix = featureMatrix([
    numberColumn(
      'far',
      Array.from({ length: rows }, (_, row) => 1e9 + wave(row, 1.7)),
    ),
    numberColumn('flat', new Float64Array(rows).fill(0.1)),
    categoryColumn(
      'place',
      Array.from({ length: rows }, (_, row) => `p${Math.floor(Math.sqrt(row))}`),
    ),
    numberColumn(
      'near',
      Array.from({ length: rows }, (_, row) => wave(row, 2.9)),
    ),
  ])
  const labels = Uint8Array.from({ length: rows }, (_, row) => (wave(row, 2.9) + wave(row, 0.3) > 0 ? 1 : 0))
  const training = { matrix, labels }

  it('learns far from nought, from constants and from many categories, and predicts so through its bytes', async () => {
    const losses: number[] = []
    const result = await trainLogisticRegression({
      training,
      validation: training,
      parameters: { max_categories: 10 },
      onProgress: ({ validationLoss }) => losses.push(validationLoss!),
    })
    expect(result.converged).toBe(true)
    expect(result.importance[0]!.name).toBe('near')
    expect(result.importance.find(({ name }) => name === 'flat')!.deviation).toBe(0)
    const { linear } = result.artifact
    const places = linear.weights.subarray(linear.weightStart[2], linear.weightStart[3])
    expect(new Set(places).size).toBe(11)
    const again = decodeModelArtifact(encodeModelArtifact(result.artifact))
    const found = predictBatch(again, columnValues(matrix), rows)
    expect(logLoss(labels, found)).toBe(result.validationLoss)
    expect(result.trainLoss).toBeCloseTo(result.validationLoss!, 9)
    expect(losses.at(-1)).toBe(result.validationLoss)
    expect(
      predictRow(
        again,
        Float64Array.from(matrix.columns, ({ values }) => values[5]!),
      ),
    ).toBe(found[5])
  })

  it('gives the same bytes each time', async () => {
    const [one, other] = [await trainLogisticRegression({ training }), await trainLogisticRegression({ training })]
    expect(encodeModelArtifact(one.artifact)).toEqual(encodeModelArtifact(other.artifact))
  })

  it('stays finite where a column parts the labels wholly', async () => {
    const parted = { matrix: featureMatrix([numberColumn('x', labels)]), labels }
    const { artifact, converged } = await trainLogisticRegression({ training: parted, parameters: { l2: 1e-6 } })
    expect(converged).toBe(true)
    expect(predictRow(artifact, Float64Array.of(1))).toBeGreaterThan(0.999)
  })

  it('can be cancelled, and refuses wrong parameters, one label only and too many coefficients', async () => {
    const cancelled = trainLogisticRegression({ training, signal: AbortSignal.abort() })
    await expect(cancelled).rejects.toMatchObject({ code: 'training_cancelled' })
    for (const parameters of [{ l2: 0 }, { C: 1 }]) {
      await expect(trainLogisticRegression({ training, parameters })).rejects.toMatchObject({
        code: 'parameter_invalid',
      })
    }
    const oneLabel = trainLogisticRegression({ training: { matrix, labels: new Uint8Array(rows) } })
    await expect(oneLabel).rejects.toMatchObject({ code: 'training_one_class' })
    const texts = Array.from({ length: rows }, (_, row) => `t${row}`)
    const wide = featureMatrix([categoryColumn('t', texts), categoryColumn('u', texts)])
    const many = trainLogisticRegression({ training: { matrix: wide, labels }, parameters: { max_categories: 1500 } })
    await expect(many).rejects.toMatchObject({ code: 'training_data_invalid' })
  })
})

describe('the solver', () => {
  it('finds x in A x = b', () => {
    const cell = fc.double({ min: -3, max: 3, noNaN: true })
    const system = fc
      .integer({ min: 1, max: 6 })
      .chain((size) =>
        fc.tuple(
          fc.array(cell, { minLength: size * size, maxLength: size * size }),
          fc.array(cell, { minLength: size, maxLength: size }),
        ),
      )
    fc.assert(
      fc.property(system, ([cells, x]) => {
        const size = x.length
        // M M' + I is symmetric and positive definite whatever M is.
        const whole = Array.from({ length: size }, (_, row) =>
          Array.from({ length: size }, (_, column) =>
            x.reduce(
              (sum, _, at) => sum + cells[row * size + at]! * cells[column * size + at]!,
              row === column ? 1 : 0,
            ),
          ),
        )
        const right = Float64Array.from(whole, (row) => row.reduce((sum, value, at) => sum + value * x[at]!, 0))
        const found = solveSymmetric(
          Float64Array.from(whole.flatMap((row, at) => row.map((value, column) => (column <= at ? value : 0)))),
          right,
        )
        x.forEach((value, at) => {
          expect(found[at]).toBeCloseTo(value, 6)
        })
      }),
    )
  })
})
