import { describe, expect, it } from 'vitest'
import { decodeModelArtifact, encodeModelArtifact, type ModelArtifact, predictBatch, predictRow } from './artifact.ts'
import type { LinearModel } from './linear-model.ts'
import { rowCoder } from './row-coder.ts'
import { sigmoid, type TreeEnsemble } from './tree-ensemble.ts'

const inputs = [
  { name: 'distance', kind: 'number' },
  { name: 'carrier', kind: 'category', categories: ['AA', 'UA', 'ß'] },
] as const

const linear: LinearModel = {
  objective: 'binary',
  intercept: 0.5,
  isCategory: Int32Array.of(0, 1),
  mean: Float64Array.of(10, 0),
  scale: Float64Array.of(2, 1),
  missingWeight: Float64Array.of(0.25, -1),
  weightStart: Int32Array.of(0, 1, 4),
  weights: Float64Array.of(3, 0.1, 0.2, 0.3),
}

const trees: TreeEnsemble = {
  objective: 'binary',
  featureCount: 2,
  baseScore: 0.5,
  roots: Int32Array.of(0),
  feature: Int32Array.of(1),
  threshold: Float64Array.of(Number.NaN),
  left: Int32Array.of(~0),
  right: Int32Array.of(~1),
  missingLeft: Int32Array.of(0),
  categoryStart: Int32Array.of(0, 1),
  categoryWords: Int32Array.of(0b101),
  leafValue: Float64Array.of(1, -1),
}

const artifacts: ModelArtifact[] = [
  { kind: 'linear', inputs, linear },
  { kind: 'trees', inputs, trees },
]

describe.each(artifacts)('a trained model of $kind', (artifact) => {
  it('comes back from its bytes as it was, and equal models have equal bytes', () => {
    const bytes = encodeModelArtifact(artifact)
    expect(decodeModelArtifact(bytes)).toEqual(artifact)
    expect(encodeModelArtifact(decodeModelArtifact(bytes))).toEqual(bytes)
  })

  it('can be read from the middle of a larger buffer', () => {
    const bytes = encodeModelArtifact(artifact)
    const within = new Uint8Array(bytes.length + 7)
    within.set(bytes, 3)
    expect(decodeModelArtifact(within.subarray(3, 3 + bytes.length))).toEqual(artifact)
  })

  it('is refused when a byte was changed, a part is missing, or it is newer', () => {
    const bytes = encodeModelArtifact(artifact)
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at] = changed[at]! ^ 0x40
      expect(() => decodeModelArtifact(changed)).toThrow(
        expect.objectContaining({ code: at === 4 ? 'artifact_newer' : 'artifact_invalid' }),
      )
      expect(() => decodeModelArtifact(bytes.subarray(0, at))).toThrow(
        expect.objectContaining({ code: 'artifact_invalid' }),
      )
    }
  })

  it('predicts columns and single rows alike, bit for bit', () => {
    const distance = Float64Array.of(12, Number.NaN, -3, 0.1, 12)
    const carrier = Float64Array.of(0, 1, 2, Number.NaN, 9)
    const batch = predictBatch(artifact, [distance, carrier], 5)
    batch.forEach((probability, row) => {
      expect(predictRow(artifact, Float64Array.of(distance[row]!, carrier[row]!))).toBe(probability)
    })
  })
})

describe('a linear model', () => {
  const predict = (...row: number[]) => predictRow(artifacts[0]!, Float64Array.from(row))

  it('adds standardised numbers and the weights of categories', () => {
    expect(predict(12, 1)).toBe(sigmoid(0.5 + 3 + 0.2))
  })

  it('uses the missing weight for missing values and for codes that it never saw', () => {
    expect(predict(Number.NaN, 0)).toBe(sigmoid(0.5 + 0.25 + 0.1))
    expect(predict(10, Number.NaN)).toBe(sigmoid(0.5 + 0 - 1))
    expect(predict(10, 3)).toBe(sigmoid(0.5 + 0 - 1))
    expect(predict(10, -1)).toBe(sigmoid(0.5 + 0 - 1))
  })
})

describe('coding a record', () => {
  const code = rowCoder([
    ...inputs,
    { name: 'late', kind: 'number' },
    { name: 'flag', kind: 'category', categories: ['false', 'true'] },
  ])

  it('keeps numbers, counts booleans as 0 and 1 and gives categories their codes', () => {
    expect(code({ distance: 12n, carrier: 'ß', late: true, flag: true })).toEqual(Float64Array.of(12, 2, 1, 1))
  })

  it('makes missing values, unseen categories and misplaced text missing', () => {
    const nan = Number.NaN
    expect(code({ distance: null, carrier: 'ZZ' })).toEqual(Float64Array.of(nan, nan, nan, nan))
    expect(code({ distance: '12', carrier: 'toString', late: 0, flag: 'true' })).toEqual(
      Float64Array.of(nan, nan, 0, 1),
    )
  })

  it('writes into the row it is given', () => {
    const row = new Float64Array(4)
    expect(code({ distance: 1 }, row)).toBe(row)
  })
})
