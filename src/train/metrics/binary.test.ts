import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { categoryColumn, numberColumn } from '../matrix.ts'
import { areaUnderCurve } from './auc.ts'
import { evaluateBinary } from './binary.ts'
import { calibrationOf } from './calibration.ts'
import { rocCurve } from './roc.ts'
import { evaluateBySlice } from './slice.ts'

const rows = fc
  .array(fc.tuple(fc.nat(1), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 3 })), {
    minLength: 1,
    maxLength: 80,
  })
  .map((all) => ({
    labels: Uint8Array.from(all, ([label]) => label),
    probabilities: Float64Array.from(all, ([, twentieths]) => twentieths / 20),
    weights: Float64Array.from(all, ([, , weight]) => weight),
  }))

/** A row of weight w is w rows. */
function repeated({
  labels,
  probabilities,
  weights,
}: {
  labels: Uint8Array
  probabilities: Float64Array
  weights: Float64Array
}) {
  const copies = [...labels.keys()].flatMap((row) => Array.from({ length: weights[row]! }, () => row))
  return {
    labels: Uint8Array.from(copies, (row) => labels[row]!),
    probabilities: Float64Array.from(copies, (row) => probabilities[row]!),
  }
}

describe('the evaluation of probabilities', () => {
  it('knows the log loss and the Brier score of a small example', () => {
    const found = evaluateBinary(Uint8Array.of(1, 0, 1), Float64Array.of(0.8, 0.4, 0.5))
    expect(found.log_loss).toBeCloseTo(-(Math.log(0.8) + Math.log(0.6) + Math.log(0.5)) / 3, 12)
    expect(found.brier).toBeCloseTo((0.04 + 0.16 + 0.25) / 3, 12)
    expect(found).toMatchObject({ rows: 3, positives: 2, auc: 1 })
  })

  it('takes a weight as that many rows', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const weighted = evaluateBinary(all.labels, all.probabilities, all.weights)
        const copies = repeated(all)
        const plain = evaluateBinary(copies.labels, copies.probabilities)
        for (const name of [
          'auc',
          'log_loss',
          'brier',
          'positive_rate',
          'mean_probability',
          'calibration_error',
        ] as const) {
          if (plain[name] === null) expect(weighted[name]).toBeNull()
          else expect(weighted[name]).toBeCloseTo(plain[name], 10)
        }
      }),
    )
  })

  it('is a JSON value of nulls, not a crash, for one class and for no rows', () => {
    const one = evaluateBinary(Uint8Array.of(0, 0), Float64Array.of(0, 1))
    expect(one).toMatchObject({ auc: null, auc_low: null, auc_high: null, positives: 0, brier: 0.5 })
    expect(Number.isFinite(one.log_loss)).toBe(true)
    const none = evaluateBinary(new Uint8Array(0), new Float64Array(0))
    expect(JSON.parse(JSON.stringify(none))).toEqual(none)
    expect(none).toMatchObject({ rows: 0, auc: null, log_loss: null, calibration: [], calibration_error: null })
  })

  it('refuses other labels, missing probabilities and unequal lengths', () => {
    const invalid = expect.objectContaining({ code: 'evaluation_invalid' })
    expect(() => evaluateBinary(Uint8Array.of(2), Float64Array.of(0.5))).toThrow(invalid)
    expect(() => evaluateBinary(Uint8Array.of(1), Float64Array.of(Number.NaN))).toThrow(invalid)
    expect(() => evaluateBinary(Uint8Array.of(1), Float64Array.of(0.5, 0.5))).toThrow(invalid)
    expect(() => evaluateBinary(Uint8Array.of(1), Float64Array.of(0.5), Float64Array.of(-1))).toThrow(invalid)
  })
})

describe('calibration', () => {
  it('puts every row into one of at most ten bins, equal probabilities together', () => {
    fc.assert(
      fc.property(rows, ({ labels, probabilities }) => {
        const { bins } = calibrationOf(labels, probabilities)
        expect(bins.length).toBeLessThanOrEqual(10)
        expect(bins.reduce((sum, bin) => sum + bin.rows, 0)).toBe(labels.length)
        bins.slice(1).forEach((bin, at) => {
          expect(bin.low).toBeGreaterThan(bins[at]!.high)
        })
      }),
    )
  })

  it('has bins of equal size where probabilities differ', () => {
    const probabilities = Float64Array.from({ length: 1000 }, (_, row) => row / 1000)
    const { bins, error } = calibrationOf(new Uint8Array(1000), probabilities)
    expect(bins.map((bin) => bin.rows)).toEqual(Array.from({ length: 10 }, () => 100))
    expect(error).toBeCloseTo(0.4995, 12)
  })

  it('is perfect for the rate itself', () => {
    expect(calibrationOf(Uint8Array.of(1, 0, 0, 0), new Float64Array(4).fill(0.25)).error).toBe(0)
  })
})

describe('the ROC curve', () => {
  it('climbs from (0, 0) to (1, 1) and has the AUC as its area where no point is left out', () => {
    fc.assert(
      fc.property(rows, ({ labels, probabilities }) => {
        const curve = rocCurve(labels, probabilities, undefined, 1e6)
        const auc = areaUnderCurve(labels, probabilities)
        if (auc === null) {
          expect(curve).toEqual([])
          return
        }
        let area = 0
        curve.slice(1).forEach((point, at) => {
          const before = curve[at]!
          const width = point.false_positive_rate - before.false_positive_rate
          expect(width).toBeGreaterThanOrEqual(0)
          area += (width * (point.true_positive_rate + before.true_positive_rate)) / 2
        })
        expect(area).toBeCloseTo(auc, 10)
        expect(curve.at(-1)).toMatchObject({ false_positive_rate: 1, true_positive_rate: 1 })
      }),
    )
  })

  it('is thinned to about the points asked for', () => {
    const probabilities = Float64Array.from({ length: 5000 }, (_, row) => ((row * 7919) % 5000) / 5000)
    const curve = rocCurve(
      Uint8Array.from(probabilities, (_, row) => row % 2),
      probabilities,
      undefined,
      51,
    )
    expect(curve.length).toBeGreaterThan(40)
    expect(curve.length).toBeLessThanOrEqual(53)
  })
})

describe('the evaluation by slice', () => {
  it('evaluates each value alone, the greatest first, missing values too', () => {
    const labels = Uint8Array.of(1, 0, 1, 0, 1, 1)
    const probabilities = Float64Array.of(0.9, 0.1, 0.2, 0.3, 0.5, 0.6)
    const column = categoryColumn('origin', ['SFO', 'SFO', 'JFK', 'SFO', null, 'JFK'])
    const slices = evaluateBySlice(column, labels, probabilities)
    expect(slices.map(({ value, rows, auc }) => [value, rows, auc])).toEqual([
      ['SFO', 3, 1],
      ['JFK', 2, null],
      [null, 1, null],
    ])
    expect(evaluateBySlice(column, labels, probabilities, undefined, 3).map(({ value }) => value)).toEqual(['SFO'])
    expect(evaluateBySlice(numberColumn('n', [1, 1, 2, 2, 2, 2]), labels, probabilities)[0]!.value).toBe('2')
  })
})
