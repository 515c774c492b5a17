import type { FeatureUse } from '../../../../src/http/reports.ts'
import type { DistributionSeries } from '../../charts/index.ts'

/** A feature in training and as served, over the same bins. */
export type DistributionReport = FeatureUse['distributions'][number]

const names = { training: 'training', now: 'served' } as const
const colors = { training: 3, now: 1 } as const
const sides = ['training', 'now'] as const

/** The bins of numbers as series of a chart; null where the feature has categories. Missing values stand apart from it. */
export function rangesOf({ bins }: DistributionReport): DistributionSeries[] | null {
  const ranges = bins.filter(({ bin }) => bin === 'range')
  if (ranges.length === 0) return null
  return sides.map((side) => ({
    name: names[side],
    color: colors[side],
    bins: ranges.map((bin) => ({ low: bin.above, high: bin.up_to, count: bin[side], share: bin[`${side}_share`] })),
  }))
}

/** The bins of categories as series of rows. */
export function categoriesOf({ bins }: DistributionReport) {
  return sides.map((side) => ({
    name: names[side],
    color: colors[side],
    values: bins
      .filter(({ bin }) => bin !== 'range')
      .map((bin) => ({
        value: bin.bin === 'category' ? bin.category : bin.bin === 'missing' ? 'missing' : null,
        count: bin[side],
        share: bin[`${side}_share`],
      })),
  }))
}
