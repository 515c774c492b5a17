import type { Agreement } from '../../http/reports.ts'
import type { DeploymentPerformance } from '../../monitor/index.ts'

/** Every shadow beside the champions that it stood beside: by what they say, and by what came true. */
export function agreementsOf({ agreements, comparisons }: DeploymentPerformance): Agreement[] {
  return agreements.map(({ champion, shadow, rows, from, to, thresholds, scores, ...means }) => {
    const labelled = comparisons.find((one) => one.champion === champion && one.shadow === shadow)
    return {
      champion,
      shadow,
      over: { rows, from, to, version: null },
      pairs: rows,
      champion_mean: means.champion_mean,
      shadow_mean: means.shadow_mean,
      mean_absolute_difference: means.mean_absolute_difference,
      mean_difference: means.mean_difference,
      correlation: means.correlation,
      thresholds: [...thresholds],
      scores: [...scores],
      labelled: labelled === undefined ? null : labelledOf(labelled),
    }
  })
}

function labelledOf({
  champion: _champion,
  shadow: _shadow,
  ...figures
}: DeploymentPerformance['comparisons'][number]): NonNullable<Agreement['labelled']> {
  return figures
}
