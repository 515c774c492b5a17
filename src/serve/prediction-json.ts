import { formatInstant, jsonValue } from '../values/index.ts'
import type { NamedValue, PredictionRecord } from './prediction-record.ts'

/** A record as it stands on the wire: snake_case, ISO 8601, int64 as text. */
export function predictionJson(record: PredictionRecord): Record<string, unknown> {
  const fields = (values: readonly NamedValue[]) =>
    Object.fromEntries(values.map(({ name, type, value }) => [name, jsonValue(type, value)]))
  const { latency } = record
  return {
    format: record.format,
    prediction_id: record.predictionId,
    project: record.project,
    deployment: record.deployment,
    moment: record.moment,
    key: fields(record.key),
    item: record.item,
    at: formatInstant(record.at),
    as_of: Object.fromEntries(Object.entries(record.asOf).map(([source, at]) => [source, formatInstant(at)])),
    tables: record.tables,
    entities: Object.fromEntries(record.entities.map(({ role, key }) => [role, fields(key)])),
    request: fields(record.request),
    features: record.features.map(({ role, view, feature, digest, type, value, status }) => ({
      role,
      feature: `${view}:${feature}`,
      value: jsonValue(type, value),
      status,
      digest,
    })),
    derived: fields(record.derived),
    output: record.output,
    model: record.model,
    model_version: record.version,
    arm: record.arm,
    action: record.action,
    propensity: record.propensity,
    parent: record.parent,
    group: record.group,
    answered_by: record.answeredBy,
    reason: record.reason,
    detail: record.detail,
    latency_ms: {
      wait: latency.waitMs,
      lookup: latency.lookupMs,
      derive: latency.deriveMs,
      model: latency.modelMs,
    },
    manifest: record.manifest,
    logged_at: formatInstant(record.loggedAt),
  }
}
