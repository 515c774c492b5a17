import { describe, expect, it } from 'vitest'
import { categoryColumn, featureMatrix, numberColumn } from '../matrix.ts'
import { featuresNearLabel, singleFeatureAuc } from './single-feature.ts'

const size = 4000
const labels = Uint8Array.from({ length: size }, (_, row) => (((row * 48271) % 2147483647) % 3 === 0 ? 1 : 0))
const noise = (row: number) => ((row * 69621) % 2147483647) % 1000
const column = (of: (row: number, label: number) => number | null) =>
  numberColumn(
    'x',
    Array.from(labels, (label, row) => of(row, label)),
  )
const texts = (of: (row: number, label: number) => string | null) =>
  categoryColumn(
    'x',
    Array.from(labels, (label, row) => of(row, label)),
  )

describe('the AUC of a single feature', () => {
  it.each([
    ['a feature that grows with the label', column((row, label) => noise(row) + label * 2000), 'value'],
    ['a feature that falls with the label', column((row, label) => noise(row) - label * 2000), 'value'],
    ['a feature that is there only for one label', column((row, label) => (label ? noise(row) : null)), 'missing'],
    [
      'a feature that is missing only for one label',
      texts((row, label) => (label ? `t${noise(row)}` : null)),
      'missing',
    ],
    ['a code of the label in the middle of others', column((row, label) => (label ? 1 : (row % 2) * 2)), 'groups'],
    ['categories that spell the label', texts((row, label) => `${row % 7}-${label}`), 'groups'],
  ])('names %s', (_, one, by) => {
    const found = singleFeatureAuc(one, labels)
    expect(found.auc).toBeGreaterThan(0.98)
    expect(found.by).toBe(by)
    expect(featuresNearLabel(featureMatrix([one]), labels)).toEqual([found])
  })

  it.each([
    ['noise', column((row) => noise(row))],
    ['a column of unique texts', texts((row) => `id-${row}`)],
    ['a constant', column(() => 1)],
    ['a column without values', column(() => null)],
  ])('finds nothing in %s', (_, one) => {
    expect(singleFeatureAuc(one, labels).auc).toBeLessThan(0.6)
    expect(featuresNearLabel(featureMatrix([one]), labels)).toEqual([])
  })

  it('reads missing values as below or above all others, whichever fits', () => {
    const found = singleFeatureAuc(
      column((row, label) => (label && row % 2 ? null : noise(row) + label * 2000)),
      labels,
    )
    expect(found).toMatchObject({ auc: 1, by: 'value' })
  })

  it('reads a sample of many rows', () => {
    expect(
      singleFeatureAuc(
        column((_, label) => label),
        labels,
        100,
      ),
    ).toMatchObject({ auc: 1 })
  })

  it('is null for one class', () => {
    expect(
      singleFeatureAuc(
        column((row) => row),
        new Uint8Array(size),
      ).auc,
    ).toBeNull()
  })
})
