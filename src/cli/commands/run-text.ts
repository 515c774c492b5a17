import {
  type RunJson,
  type TrainingSetJson,
  type VersionJson,
  type VersionLineageJson,
  type VersionMetrics,
  versionLineageOf,
} from '../../registry/index.ts'
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
export function checksText(checks: RunJson['checks']): string {
  return checks
    .map(({ passed, name, summary }) => `${passed ? 'passed' : 'FAILED'}  ${name}\n        ${summary}`)
    .join('\n')
}

/** A run as people read it. */
export function runText(run: RunJson): string {
  const { progress, training_set: set } = run
  const lines = [
    `run ${run.id}: ${run.model}, ${run.trainer.kind}, ${run.status}${run.version === null ? '' : `, version ${run.version}`}`,
  ]
  if (progress !== null)
    lines.push(`${progress.step}${progress.total > 0 ? ` ${progress.done} of ${progress.total}` : ''}`)
  if (set !== null)
    lines.push(
      `training set ${set.content.slice(0, 12)}: ${set.rows.training} rows train, ${set.rows.validation} validate, of ${set.rows.spine} moments; labels ${Object.entries(
        set.label_status,
      )
        .map(([status, rows]) => `${status} ${rows}`)
        .join(', ')}`,
    )
  if (run.metrics !== null) lines.push('', metricsText(run.metrics))
  if (run.checks.length > 0) lines.push('', checksText(run.checks))
  if (run.error !== null) {
    const { message, path, hint, code } = run.error
    lines.push('', `error: ${message}`, ...(path === undefined ? [] : [`   at: ${path}`]), ` mend: ${hint} (${code})`)
  }
  return lines.join('\n')
}

/** A version with its lineage, down to the files. */
export function versionText(version: VersionJson): string {
  const lineage = versionLineageOf(version)
  return [
    `${version.version}  ${version.passed ? 'passed its checks' : 'DID NOT PASS ITS CHECKS'}`,
    ...madeText(lineage),
    `label      ${version.spec.label.source}, within ${version.spec.label.withinMs / 3_600_000} h`,
    '',
    metricsText(version.metrics),
    '',
    checksText(version.checks),
    '',
    inputsText(lineage),
    '',
    ...trainingSetText(version.training_set),
  ].join('\n')
}

/** What a version was made from. */
export function versionLineageText(lineage: VersionLineageJson): string {
  return [
    lineage.version,
    ...madeText(lineage),
    `label      ${lineage.label}`,
    '',
    inputsText(lineage),
    '',
    ...trainingSetText(lineage.training_set),
  ].join('\n')
}

function madeText({ digest, created_at, run, git, trainer, seed, parameters, moment }: VersionLineageJson): string[] {
  const commit = git === null ? '' : `, commit ${git.commit.slice(0, 12)}${git.dirty ? ' with changes' : ''}`
  return [
    `digest     ${digest}`,
    `made       ${created_at} by run ${run}${commit}`,
    `trainer    ${trainer}, seed ${seed}`,
    `parameters ${Object.entries(parameters)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`,
    `moment     ${moment}`,
  ]
}

function inputsText({ inputs }: VersionLineageJson): string {
  return textTable(
    ['input', 'type', 'from', 'means'],
    inputs.map(({ column, type, from, digest }) => [column, type, from, digest?.slice(0, 12) ?? '']),
  )
}

function trainingSetText(set: TrainingSetJson): string[] {
  return [
    `training set ${set.content}`,
    `  moments ${set.from === null ? 'from the first' : `from ${set.from}`} ${set.to === null ? 'to the last' : `to ${set.to}`}, cut at ${set.cut}`,
    `  ${set.rows.training} rows train, ${set.rows.validation} validate, of ${set.rows.spine} moments; as_of logged for ${set.logged_as_of}`,
    ...set.tables.flatMap((table) => [
      `  table ${table.source} ${table.digest.slice(0, 12)}`,
      ...table.files.map((file) => `    ${file.path}  ${file.rows} rows  sha256 ${file.sha256.slice(0, 12)}`),
    ]),
  ]
}
