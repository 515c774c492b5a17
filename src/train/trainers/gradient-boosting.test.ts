import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeModelArtifact, encodeModelArtifact, predictBatch, predictRow } from '../../artifact/artifact.ts'
import { categoryColumn, columnValues, type LabelledMatrix, numberColumn, selectRows } from '../matrix.ts'
import { areaUnderCurve } from '../metrics/auc.ts'
import { logLoss } from '../metrics/loss.ts'
import { type GradientBoostingOptions, trainGradientBoosting } from './gradient-boosting.ts'
import { Random } from './gradient-boosting-random.ts'
import type { TrainingProgress } from './progress.ts'

/** Rows whose label depends on numbers, a missing value and a category, with noise; returns the true probabilities too. */
function generate(rows: number, seed: number): LabelledMatrix & { truth: Float64Array } {
  const random = new Random(seed)
  const [a, b, c] = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)]
  const truth = new Float64Array(rows)
  const labels = new Uint8Array(rows)
  const texts: (string | null)[] = []
  for (let row = 0; row < rows; row++) {
    a[row] = random.next() * 4 - 2
    b[row] = random.next() < 0.2 ? Number.NaN : random.next() * 4 - 2
    c[row] = Math.floor(random.next() * 3)
    const place = Math.floor(random.next() * 41)
    texts.push(place === 40 ? null : `place ${place}`)
    const score =
      a[row]! * (c[row] === 1 ? 1.5 : -1) + (Number.isNaN(b[row]!) ? 1 : -b[row]!) + Math.sin(place * 2.3) * 1.5
    truth[row] = 1 / (1 + Math.exp(-score))
    labels[row] = random.next() < truth[row]! ? 1 : 0
  }
  const columns = [numberColumn('a', a), numberColumn('b', b), numberColumn('c', c), categoryColumn('place', texts)]
  return {
    matrix: { rows, columns: [...columns, numberColumn('constant', new Float64Array(rows).fill(7))] },
    labels,
    truth,
  }
}

const training = generate(4000, 1)
const validation = generate(2000, 2)
const small = { trees: 20, leaves: 8 }
const bytes = async (options: GradientBoostingOptions) =>
  encodeModelArtifact((await trainGradientBoosting(options)).artifact)

describe('gradient boosting', () => {
  it('comes near to the truth that made the labels', async () => {
    const { artifact } = await trainGradientBoosting({
      training: generate(15_000, 3),
      parameters: { trees: 80, leaves: 15 },
    })
    const found = predictBatch(artifact, columnValues(validation.matrix), 2000)
    const best = areaUnderCurve(validation.labels, validation.truth)!
    expect(areaUnderCurve(validation.labels, found)).toBeGreaterThan(best - 0.02)
    expect(logLoss(validation.labels, found)).toBeLessThan(logLoss(validation.labels, validation.truth)! + 0.04)
  })

  it.each([
    ['all rows', {}],
    ['a share of rows and columns', { row_fraction: 0.6, feature_fraction: 0.5 }],
    ['few bins, so that categories share one', { bins: 16 }],
  ])('predicts through its bytes what it predicted in training, bit for bit, with %s', async (_, given) => {
    const losses: TrainingProgress[] = []
    const { artifact } = await trainGradientBoosting({
      training,
      validation: { matrix: training.matrix, labels: training.labels },
      parameters: { ...small, ...given },
      onProgress: (progress) => losses.push(progress),
    })
    const again = decodeModelArtifact(encodeModelArtifact(artifact))
    const columns = columnValues(training.matrix)
    const batch = predictBatch(again, columns, training.matrix.rows)
    // Rows in training and validation follow the bins, the bytes are walked by raw values. All must end in the same leaves.
    expect(logLoss(training.labels, batch)).toBeCloseTo(losses.at(-1)!.validationLoss!, 12)
    expect(losses.at(-1)!.trainLoss).toBeCloseTo(losses.at(-1)!.validationLoss!, 12)
    for (let row = 0; row < 200; row++) {
      const values = Float64Array.from(columns, (column) => column[row]!)
      expect(predictRow(again, values)).toBe(batch[row])
    }
  })

  it('gives the same bytes for the same seed and others for another', async () => {
    const options = { training, parameters: { ...small, row_fraction: 0.5, feature_fraction: 0.6 } }
    const first = await bytes({ ...options, seed: 5 })
    expect(await bytes({ ...options, seed: 5 })).toEqual(first)
    expect(await bytes({ ...options, seed: 6 })).not.toEqual(first)
  })

  it('gives the same bytes and losses with any number of threads', async () => {
    const wide = (rows: number, seed: number): LabelledMatrix => {
      const { matrix, labels } = generate(rows, seed)
      const random = new Random(seed)
      const noise = Array.from({ length: 20 }, (_, at) =>
        numberColumn(
          `noise ${at}`,
          Float64Array.from(labels, (label) =>
            random.next() < 0.1 ? Number.NaN : Math.floor(random.next() * 300) + label,
          ),
        ),
      )
      return { matrix: { rows, columns: [...matrix.columns, ...noise] }, labels }
    }
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          rows: fc.integer({ min: 9_000, max: 14_000 }),
          heldRows: fc.integer({ min: 2, max: 9_000 }),
          seed: fc.nat(1000),
          weighted: fc.boolean(),
          row_fraction: fc.constantFrom(1, 0.7),
          feature_fraction: fc.constantFrom(1, 0.6),
          leaves: fc.integer({ min: 2, max: 31 }),
        }),
        async ({ rows, heldRows, seed, weighted, ...given }) => {
          const set = wide(rows, seed)
          const weights = Float64Array.from({ length: rows }, (_, row) => 1 + (row % 3) / 7)
          const held = wide(heldRows, seed + 1)
          const train = async (threads: number) => {
            const losses: TrainingProgress[] = []
            const trained = await bytes({
              training: weighted ? { ...set, weights } : set,
              validation: held,
              parameters: { trees: 3, ...given },
              seed,
              threads,
              onProgress: (progress) => losses.push(progress),
            })
            return { trained, losses }
          }
          const alone = await train(1)
          expect(alone.losses.length).toBe(3)
          for (const threads of [2, 3]) expect(await train(threads)).toEqual(alone)
        },
      ),
      { numRuns: 5 },
    )
  })

  it('counts more rows than a place of the kernel holds', async () => {
    const rows = 1_200_000
    const values = Float64Array.from({ length: rows }, (_, row) => row % 3)
    const labels = Uint8Array.from(values, (value, row) => (row % 7 <= value ? 1 : 0))
    const set = { matrix: { rows, columns: [numberColumn('x', values)] }, labels }
    const { artifact } = await trainGradientBoosting({
      training: set,
      parameters: { trees: 12, learning_rate: 1, l2: 0 },
    })
    for (const value of [0, 1, 2]) expect(predictRow(artifact, Float64Array.of(value))).toBeCloseTo((value + 1) / 7, 4)
  })

  it('stops when validation has not become better for a while and keeps the best trees', async () => {
    const parameters = { trees: 400, leaves: 31, learning_rate: 0.3, min_rows_leaf: 5, early_stopping_rounds: 5 }
    for (const metric of ['log_loss', 'auc']) {
      const losses: number[] = []
      const result = await trainGradientBoosting({
        training,
        validation,
        parameters: { ...parameters, early_stopping_metric: metric },
        onProgress: ({ validationLoss }) => losses.push(validationLoss!),
      })
      expect(result.treesGrown).toBe(result.trees + 5)
      expect(result.treesGrown).toBeLessThan(400)
      const found = predictBatch(result.artifact, columnValues(validation.matrix), 2000)
      expect(logLoss(validation.labels, found)).toBeCloseTo(result.validationLoss!, 12)
      if (metric === 'log_loss') expect(result.validationLoss).toBe(Math.min(...losses))
    }
  })

  it('takes a weight as that many rows', async () => {
    const weights = Float64Array.from({ length: 1500 }, (_, row) => 1 + (row % 2))
    const once = Array.from({ length: 1500 }, (_, row) => row)
    const twice = once.flatMap((row) => (row % 2 === 0 ? [row] : [row, row]))
    const take = (rows: number[]) => ({
      matrix: selectRows(training.matrix, rows),
      labels: Uint8Array.from(rows, (row) => training.labels[row]!),
    })
    // Limits that count rows, and quantiles, would see a difference; so there are none.
    const free = { trees: 5, leaves: 6, min_rows_leaf: 1, category_min_rows: 1, category_smoothing: 0, bins: 255 }
    const plainColumns = (set: ReturnType<typeof take>) => ({
      labels: set.labels,
      matrix: {
        rows: set.matrix.rows,
        columns: set.matrix.columns.filter(({ name }) => name === 'c' || name === 'place'),
      },
    })
    const weighted = await trainGradientBoosting({
      training: { ...plainColumns(take(once)), weights },
      parameters: free,
    })
    const repeated = await trainGradientBoosting({ training: plainColumns(take(twice)), parameters: free })
    const columns = columnValues(plainColumns(take(once)).matrix)
    const [one, other] = [weighted, repeated].map(({ artifact }) => predictBatch(artifact, columns, 1500))
    one!.forEach((probability, row) => {
      // A hessian keeps 22 bits.
      expect(probability).toBeCloseTo(other![row]!, 7)
    })
  })

  it('sends categories that it never saw, and those too rare for a bin, the way of missing values', async () => {
    const { artifact } = await trainGradientBoosting({ training, parameters: { ...small, bins: 8 } })
    const place = training.matrix.columns.findIndex(({ name }) => name === 'place')
    const counts = new Map<number, number>()
    for (const code of training.matrix.columns[place]!.values) counts.set(code, (counts.get(code) ?? 0) + 1)
    const rare = [...counts].filter(([code]) => !Number.isNaN(code)).sort((one, other) => one[1] - other[1])[0]![0]
    for (let row = 0; row < 100; row++) {
      const values = Float64Array.from(training.matrix.columns, (column) => column.values[row]!)
      const missing = predictRow(artifact, values.with(place, Number.NaN))
      expect(predictRow(artifact, values.with(place, rare))).toBe(missing)
    }
  })

  it('sends a missing value the way of most rows where training saw none', async () => {
    for (const share of [0.3, 0.7]) {
      const values = Float64Array.from({ length: 1000 }, (_, row) => (row < 1000 * share ? -1 : 1))
      const labels = Uint8Array.from(values, (value, row) => (value > 0 ? 1 : 0) ^ (row % 10 === 0 ? 1 : 0))
      const set = { matrix: { rows: 1000, columns: [numberColumn('x', values)] }, labels }
      const { artifact } = await trainGradientBoosting({ training: set, parameters: { trees: 3 } })
      const most = predictRow(artifact, Float64Array.of(share > 0.5 ? -1 : 1))
      expect(predictRow(artifact, Float64Array.of(Number.NaN))).toBe(most)
    }
  })

  it('tells neighbouring doubles apart, in training and from the bytes', async () => {
    const [low, high] = [1, 1 + Number.EPSILON]
    const values = Float64Array.from({ length: 200 }, (_, row) => (row % 2 === 0 ? low : high))
    const labels = Uint8Array.from(values, (value) => (value > 1 ? 1 : 0))
    const matrix = { rows: 200, columns: [numberColumn('x', values)] }
    const { artifact } = await trainGradientBoosting({ training: { matrix, labels } })
    expect(predictRow(artifact, Float64Array.of(low))).toBeLessThan(0.1)
    expect(predictRow(artifact, Float64Array.of(high))).toBeGreaterThan(0.9)
  })

  it('ranks inputs by the gain of their splits', async () => {
    const { importance } = await trainGradientBoosting({ training, parameters: small })
    expect(importance.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c', 'constant', 'place'])
    expect(importance.at(-1)).toEqual({ name: 'constant', gain: 0, splits: 0 })
    expect(importance.every(({ gain }, at) => at === 0 || gain <= importance[at - 1]!.gain)).toBe(true)
    expect(importance.reduce((sum, { splits }) => sum + splits, 0)).toBe(20 * 7)
  })

  it('predicts the rate of label 1 where there is nothing to split', async () => {
    const matrix = { rows: 40, columns: [numberColumn('constant', new Float64Array(40))] }
    const labels = Uint8Array.from({ length: 40 }, (_, row) => (row < 10 ? 1 : 0))
    const { artifact, trees } = await trainGradientBoosting({ training: { matrix, labels } })
    expect(trees).toBe(0)
    expect(predictRow(decodeModelArtifact(encodeModelArtifact(artifact)), Float64Array.of(1))).toBeCloseTo(0.25, 12)
  })

  it('reports each tree and its losses', async () => {
    const seen: TrainingProgress[] = []
    await trainGradientBoosting({
      training,
      validation,
      parameters: small,
      onProgress: (progress) => seen.push(progress),
    })
    expect(seen.map(({ iteration, iterations }) => [iteration, iterations])).toEqual(
      Array.from({ length: 20 }, (_, at) => [at + 1, 20]),
    )
    expect(seen.every(({ trainLoss }, at) => at === 0 || trainLoss! < seen[at - 1]!.trainLoss!)).toBe(true)
  })

  it('can be cancelled between trees', async () => {
    const controller = new AbortController()
    const run = trainGradientBoosting({
      training,
      parameters: { trees: 10_000 },
      signal: controller.signal,
      onProgress: ({ iteration }) => iteration === 3 && controller.abort(),
    })
    await expect(run).rejects.toMatchObject({ code: 'training_cancelled' })
  })

  it('refuses unknown parameters, naming those it has, and values out of range', async () => {
    const invalid = { code: 'parameter_invalid' }
    const unknown = trainGradientBoosting({ training, parameters: { num_leaves: 31 } })
    await expect(unknown).rejects.toMatchObject({
      ...invalid,
      path: 'num_leaves',
      hint: expect.stringContaining('leaves'),
    })
    for (const wrong of [
      { leaves: 1 },
      { leaves: 2.5 },
      { learning_rate: 0 },
      { l2: '1' },
      { early_stopping_metric: 'f1' },
    ]) {
      await expect(trainGradientBoosting({ training, parameters: wrong })).rejects.toMatchObject(invalid)
    }
    const rounds = trainGradientBoosting({ training, parameters: { early_stopping_rounds: 3 } })
    await expect(rounds).rejects.toMatchObject({ ...invalid, path: 'early_stopping_rounds' })
  })

  it('refuses a training set with one label only', async () => {
    const labels = new Uint8Array(4000)
    await expect(trainGradientBoosting({ training: { ...training, labels } })).rejects.toMatchObject({
      code: 'training_one_class',
    })
  })
})

describe('the random numbers', () => {
  it('are those of xoshiro128**', () => {
    // The first words of the reference implementation for the state 1, 2, 3, 4.
    const random = new Random(Uint32Array.of(1, 2, 3, 4))
    const expected = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849]
    expect(expected.map(() => random.uint32())).toEqual(expected)
  })

  it('depend on the seed alone', () => {
    const words = (seed: number) =>
      Array.from(
        { length: 4 },
        (
          (random) => () =>
            random.uint32()
        )(new Random(seed)),
      )
    expect(words(42)).toEqual(words(42))
    expect(new Set([0, 1, -1, 42, 43, 2 ** 40, 2 ** 40 + 1].map((seed) => words(seed).join())).size).toBe(7)
  })

  it('draw samples of the size asked for, ascending, each number equally often', () => {
    const random = new Random(3)
    const counts = new Float64Array(10)
    for (let draw = 0; draw < 5000; draw++) {
      const sample = random.sample(10, 3)
      expect(sample.length).toBe(3)
      expect(sample[0]! < sample[1]! && sample[1]! < sample[2]!).toBe(true)
      for (const at of sample) counts[at]!++
    }
    for (const count of counts) expect(Math.abs(count - 1500)).toBeLessThan(150)
  })
})
