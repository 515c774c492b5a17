import type { ModelSpec } from '../../define/index.ts'
import type { ServedColumn } from '../../http/reports.ts'
import type { ColumnDrift, DeploymentDrift, FeatureHealth, MomentReport } from '../../monitor/index.ts'
import { distributionOf, driftIn, statusShares } from './monitor-figures.ts'

/** What a deployment is asked, column by column, the greatest drift first: inputs, and the score beside them. */
export function servedColumns(moment: MomentReport, deployment: string, model: ModelSpec | undefined): ServedColumn[] {
  const drift = driftIn(moment, deployment)
  if (drift === null) return healthOnly(moment, model)
  const columns = [...drift.inputs, ...(drift.score === null ? [] : [drift.score])]
  return columns.toSorted((a, b) => (b.psi ?? -1) - (a.psi ?? -1)).map((column) => servedColumn(moment, drift, column))
}

function servedColumn(moment: MomentReport, drift: DeploymentDrift, column: ColumnDrift): ServedColumn {
  const { from, served } = column
  const origin = from.kind === 'feature' ? from : null
  const health = origin === null ? undefined : healthOf(moment, origin.role, origin.feature)
  return {
    column: column.column,
    feature: origin?.feature ?? null,
    role: origin?.role ?? null,
    over: { rows: served.rows, from: drift.from, to: drift.to, version: from.kind === 'score' ? drift.version : null },
    nulls: served.missing,
    training_nulls: {
      rows: column.training.rows,
      nulls: column.training.missing,
      share: column.training.rows > 0 ? column.training.missing / column.training.rows : 0,
    },
    statuses: health === undefined ? [] : statusShares(health),
    distribution: distributionOf(drift, column),
  }
}

const healthOf = (moment: MomentReport, role: string, feature: string): FeatureHealth | undefined =>
  moment.features.find((one) => one.role === role && one.feature === feature)

/** Before there is a version to hold served values against: their nulls and statuses. */
function healthOnly(moment: MomentReport, model: ModelSpec | undefined): ServedColumn[] {
  return (model?.inputs ?? []).flatMap((input) => {
    if (input.input !== 'feature') return []
    const feature = `${input.view}:${input.feature}`
    const health = healthOf(moment, input.role, feature)
    if (health === undefined) return []
    return [
      {
        column: input.column,
        feature,
        role: input.role,
        over: { rows: health.rows, from: moment.from, to: moment.to, version: null },
        nulls: health.nulls,
        training_nulls: null,
        statuses: statusShares(health),
        distribution: null,
      },
    ]
  })
}
