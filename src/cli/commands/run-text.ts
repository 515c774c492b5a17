import type { Run, Version, VersionMetrics } from '../../registry/index.ts'
import { versionName } from '../../registry/index.ts'
import { formatInstant } from '../../values/index.ts'
import { textTable } from '../table.ts'

const figure = (value: unknown, digits = 4): string => (typeof value === 'number' ? value.toFixed(digits) : '-')

/** Metrics on the validation rows as a table, the baseline's beside them. */
export function metricsText({ validation, baseline }: VersionMetrics): string {
  const row = (name: string, metrics: Readonly<Record<string, unknown>>) => [
    name,
    Number(metrics.rows),
    `${figure(metrics.auc)} (${figure(metrics.auc_low)} - ${figure(metrics.auc_high)})`,
    figure(metrics.log_loss),
    figure(metrics.brier),
    figure(metrics.calibration_error),
  ]
  return textTable(
    ['validation', 'rows', 'AUC (95 % interval)', 'log loss', 'Brier', 'calibration error'],
    [row('model', validation), ...(baseline === null ? [] : [row('baseline', baseline)])],
  )
}

/** Checks, one a line. */
export function checksText(checks: Run['checks']): string {
  return checks
    .map(({ passed, name, summary }) => `${passed ? 'passed' : 'FAILED'}  ${name}\n        ${summary}`)
    .join('\n')
}

/** A run as people read it. */
export function runText(run: Run): string {
  const lines = [
    `run ${run.id}: ${run.model}, ${run.trainer.kind}, ${run.status}${run.version === null ? '' : `, version ${run.version}`}`,
  ]
  const set = run.trainingSet
  if (set !== null)
    lines.push(
      `training set ${set.content.slice(0, 12)}: ${set.rows.training} rows train, ${set.rows.validation} validate, of ${set.rows.spine} moments; labels ${Object.entries(
        set.labelStatus,
      )
        .map(([status, rows]) => `${status} ${rows}`)
        .join(', ')}`,
    )
  if (run.metrics !== null) lines.push('', metricsText(run.metrics))
  if (run.checks.length > 0) lines.push('', checksText(run.checks))
  if (run.error !== null) lines.push('', `error: ${run.error.message}`, ` mend: ${run.error.hint} (${run.error.code})`)
  return lines.join('\n')
}

/** A version with its lineage, down to the files. */
export function versionText(version: Version): string {
  const { trainingSet: set } = version
  const inputs = version.spec.inputs.map((input) => [
    input.column,
    input.type,
    input.input === 'feature'
      ? `${input.view}:${input.feature} for ${input.role}`
      : input.input === 'derive'
        ? `derive, code ${input.code.slice(0, 12)}`
        : `${input.reference.reference} of the moment`,
    input.input === 'feature' ? input.digest.slice(0, 12) : '',
  ])
  return [
    `${versionName(version)}  ${version.passed ? 'passed its checks' : 'DID NOT PASS ITS CHECKS'}`,
    `digest     ${version.digest}`,
    `made       ${formatInstant(version.createdAtMs)} by run ${version.run}${version.git === null ? '' : `, commit ${version.git.commit.slice(0, 12)}${version.git.dirty ? ' with changes' : ''}`}`,
    `trainer    ${version.spec.trainer.kind}, seed ${version.seed}`,
    `parameters ${Object.entries(version.parameters)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`,
    `moment     ${version.spec.moment}`,
    `label      ${version.spec.label.source}, within ${version.spec.label.withinMs / 3_600_000} h`,
    '',
    metricsText(version.metrics),
    '',
    checksText(version.checks),
    '',
    textTable(['input', 'type', 'from', 'means'], inputs),
    '',
    `training set ${set.content}`,
    `  moments ${set.fromMs === null ? 'from the first' : `from ${formatInstant(set.fromMs)}`} ${set.toMs === null ? 'to the last' : `to ${formatInstant(set.toMs)}`}, cut at ${formatInstant(set.cutMs)}`,
    `  ${set.rows.training} rows train, ${set.rows.validation} validate, of ${set.rows.spine} moments; as_of logged for ${set.loggedAsOf}`,
    ...set.tables.flatMap((table) => [
      `  table ${table.source} ${table.digest.slice(0, 12)}`,
      ...table.files.map((file) => `    ${file.path}  ${file.rows} rows  sha256 ${file.sha256.slice(0, 12)}`),
    ]),
  ].join('\n')
}
