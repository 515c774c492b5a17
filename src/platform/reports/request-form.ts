import { z } from 'zod'
import type { DeploymentSpec, Manifest } from '../../define/index.ts'
import { momentRowSchema } from '../../http/moment-schema.ts'
import type { DeploymentReport } from '../../http/reports.ts'
import type { PredictionRecord } from '../../serve/index.ts'
import { jsonValue } from '../../values/index.ts'
import type { ReportSources } from './report-sources.ts'

/** What a form for a request needs: the schema of a row, and a row that was answered lately. */
export async function requestForm(
  { predictions }: Pick<ReportSources, 'predictions'>,
  manifest: Manifest,
  { name, model }: DeploymentSpec,
): Promise<DeploymentReport['request']> {
  const moment = manifest.moments[manifest.models[model]?.moment ?? '']
  const schema =
    moment === undefined ? {} : z.toJSONSchema(momentRowSchema(moment), { io: 'input', unrepresentable: 'any' })
  // An example out of what can be read; what cannot is said where predictions are listed.
  const { records } = await predictions.newest({ limit: 1, deployment: name, onDamage: () => undefined })
  const [record] = records
  return {
    path: `/v1/moments/${moment?.name ?? ''}/predictions`,
    schema: { ...schema },
    example: record === undefined ? null : rowOf(record),
    example_of: record?.predictionId ?? null,
  }
}

/** The row of a logged prediction as a request would send it, at the instant that it is sent. */
function rowOf({ key, entities, request }: PredictionRecord): Record<string, unknown> {
  const fields = (values: PredictionRecord['key']) =>
    Object.fromEntries(values.map(({ name, type, value }) => [name, jsonValue(type, value)]))
  const roles = entities.map(({ role, key: columns }) => {
    const named = fields(columns)
    return [role, columns.length === 1 ? Object.values(named)[0] : named]
  })
  return { ...fields(key), ...Object.fromEntries(roles), ...fields(request) }
}
