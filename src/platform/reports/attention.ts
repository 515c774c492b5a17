import type { Attention, Overview } from '../../http/reports.ts'
import type { LatestReport } from '../../monitor/index.ts'
import type { TrafficSummary } from '../../serve/index.ts'
import type { FolderStatus } from '../folder-status.ts'
import { byGravity, driftIn, momentIn, psiLevel } from './monitor-figures.ts'
import type { ReportSources } from './report-sources.ts'

/** What is looked at for what needs a person. */
export interface AttentionSources {
  readonly overview: Omit<Overview, 'attention'>
  /** Traffic of the last 24 hours by deployment. */
  readonly recent: Readonly<Record<string, TrafficSummary>>
  readonly latest: LatestReport | null
  readonly folder: FolderStatus | null
  readonly roles: ReturnType<ReportSources['roles']>
}

/** A share of answers by fallbacks from which on it is said, and from which on it is grave. */
const [someFallbacks, manyFallbacks] = [0.01, 0.2]
/** A frontier that lies so far back on the real clock stands still. */
const stuckMs = 60_000
/** Columns that are named in one message. */
const mostNamed = 3

/** What a person should look at, the gravest first. */
export function attentionOf(sources: AttentionSources): Attention[] {
  const { overview } = sources
  return byGravity([
    ...ofProject(sources),
    ...overview.deployments.flatMap((deployment) => ofDeployment(sources, deployment)),
    ...overview.models.flatMap(ofModel),
    ...ofSources(overview),
  ])
}

function ofProject({ overview, folder, roles, latest }: AttentionSources): Attention[] {
  const found: Attention[] = []
  const subject = { kind: 'project', name: overview.project } as const
  if (folder?.state === 'invalid' && folder.error !== null) {
    const { message, hint, file, line } = folder.error
    const where = file === null ? '' : `${file}${line === null ? '' : `:${line}`}: `
    found.push({ severity: 'warning', subject, message: `The folder cannot be applied. ${where}${message}`, hint })
  }
  if (overview.applied === null)
    found.push({ severity: 'warning', subject, message: 'Nothing is applied yet.', hint: 'Run noonmark apply.' })
  for (const { role, running } of roles) {
    if (running) continue
    const message =
      role === 'writer'
        ? 'The writer does not answer: events are refused, and features stand still. Predictions go on.'
        : 'The worker does not answer: nothing is trained, built or measured meanwhile. Predictions go on.'
    const hint = 'It is started again by itself; look at its lines in the terminal if it stays away.'
    found.push({ severity: 'critical', subject: { kind: 'role', name: role }, message, hint })
  }
  const answered = overview.deployments.some(({ traffic }) => traffic.last_at !== null)
  if (latest === null && answered) {
    const message = 'No monitor report was made yet: performance, parity and drift are not known.'
    found.push({ severity: 'notice', subject, message, hint: 'Run noonmark monitors run, or wait for the next one.' })
  }
  return found
}

type DeploymentRow = Overview['deployments'][number]

function ofDeployment(sources: AttentionSources, row: DeploymentRow): Attention[] {
  return [
    ...standing(row),
    ...fallbacks(sources, row),
    ...performance(row),
    ...parity(sources, row),
    ...drift(sources, row),
  ]
}

const about = ({ name }: DeploymentRow): Attention['subject'] => ({ kind: 'deployment', name })

function standing(row: DeploymentRow): Attention[] {
  const { state, reason, model, name } = row
  if (state === 'ready') return []
  const hints = {
    held: `Pin another champion, or release it: noonmark rollback ${name} --release.`,
    pending: `Train it here, or pin a version that is registered: noonmark versions list ${model}.`,
    refused: `Pin another version: noonmark versions list ${model}.`,
    no_version: `Train and deploy one: noonmark train ${model}.`,
  }
  const severity = state === 'refused' ? 'critical' : state === 'pending' ? 'warning' : 'notice'
  return [{ severity, subject: about(row), message: reason ?? state, hint: hints[state] }]
}

function fallbacks({ recent }: AttentionSources, row: DeploymentRow): Attention[] {
  const { count = 0, answered_by = [], reasons = [] } = recent[row.name] ?? {}
  const fallen = answered_by.reduce((sum, one) => sum + (one.answered_by === 'champion' ? 0 : one.count), 0)
  // Without a champion that could answer, that is what is to be mended.
  if (row.state !== 'ready' || count === 0 || fallen / count < someFallbacks) return []
  const severity = fallen / count < manyFallbacks ? 'warning' : 'critical'
  const why = reasons[0] === undefined ? '' : `, most often for ${reasons[0].reason} (${reasons[0].count})`
  return [
    {
      severity,
      subject: about(row),
      message: `A fallback gave ${fallen} of ${count} answers of the last 24 hours${why}.`,
      hint: 'Look at the reasons and at single predictions of the deployment.',
    },
  ]
}

function performance(row: DeploymentRow): Attention[] {
  const { live, validation, baseline } = row.performance ?? {}
  if (live === undefined || live.value === null) return []
  const shown = (value: number): string => value.toFixed(3)
  const over = `on ${live.over.rows} rows with a known outcome`
  const hint = 'Look at the days and at drift; train again on newer data where the world has changed.'
  if (baseline?.value != null && live.high !== null && live.high < baseline.value) {
    const message = `AUC is ${shown(live.value)} ${over}: less than the ${shown(baseline.value)} of the baseline in validation.`
    return [{ severity: 'critical', subject: about(row), message, hint }]
  }
  if (validation?.low != null && live.high !== null && live.high < validation.low) {
    const message = `AUC is ${shown(live.value)} (at most ${shown(live.high)}) ${over}; in validation it was ${shown(validation.value ?? 0)} (at least ${shown(validation.low)}).`
    return [{ severity: 'warning', subject: about(row), message, hint }]
  }
  return []
}

function parity({ latest }: AttentionSources, row: DeploymentRow): Attention[] {
  const differing = (momentIn(latest, row.moment)?.parity.features ?? []).filter((feature) =>
    feature.examples.some(({ deployment }) => deployment === row.name),
  )
  if (differing.length === 0) return []
  const named = differing
    .slice(0, mostNamed)
    .map(({ feature, role, differing: values, compared }) => `${feature} for ${role} (${values} of ${compared})`)
  const more = differing.length > mostNamed ? ` and ${differing.length - mostNamed} more` : ''
  return [
    {
      severity: 'critical',
      subject: about(row),
      message: `Served values differ from what the tables say: ${named.join(', ')}${more}.`,
      hint: 'Look at the examples under parity: what was served, and what was computed again.',
    },
  ]
}

function drift({ latest }: AttentionSources, row: DeploymentRow): Attention[] {
  const measured = driftIn(momentIn(latest, row.moment), row.name)
  if (measured === null) return []
  const columns = [...measured.inputs, ...(measured.score === null ? [] : [measured.score])]
  const much = columns
    .filter(({ psi, psi_by_chance }) => psiLevel(psi, psi_by_chance) === 'much')
    .toSorted((a, b) => (b.psi ?? 0) - (a.psi ?? 0))
  if (much.length === 0) return []
  const named = much.slice(0, mostNamed).map(({ column, psi }) => `${column} (PSI ${psi?.toFixed(2)})`)
  const more = much.length > mostNamed ? ` and ${much.length - mostNamed} more` : ''
  return [
    {
      severity: 'warning',
      subject: about(row),
      message: `What is served is no longer what ${measured.version} was trained on: ${named.join(', ')}${more}, over ${measured.rows} moments.`,
      hint: 'Look at the distributions; train again where the change stays.',
    },
  ]
}

function ofModel({ name, last_run: run }: Overview['models'][number]): Attention[] {
  if (run === null || (run.status !== 'failed' && run.status !== 'stopped')) return []
  const why = run.error === null ? '' : `: ${run.error}`
  return [
    {
      severity: run.status === 'failed' ? 'warning' : 'notice',
      subject: { kind: 'run', name: run.id },
      message: `The last run of ${name} ${run.status === 'failed' ? 'failed' : 'was stopped by a check'}${why}`,
      hint: `Look at it: noonmark runs show ${run.id.slice(-8)}.`,
    },
  ]
}

function ofSources({ clock, feature_views }: AttentionSources['overview']): Attention[] {
  const views = new Map(feature_views.map((view) => [view.source, view]))
  return [...views.values()].flatMap(({ source, frontier, lag_ms }): Attention[] => {
    const subject = { kind: 'source', name: source } as const
    if (frontier === null) {
      const message = `Nobody has said up to when rows of ${source} are applied: its features are unavailable.`
      return [{ severity: 'warning', subject, message, hint: 'The writer says so once it runs.' }]
    }
    // A replay clock is moved by hand; between two steps nothing stands still.
    if (clock.replay || lag_ms === null || lag_ms < stuckMs) return []
    const message = `Rows of ${source} are applied up to ${frontier}, ${Math.round(lag_ms / 1000)} s ago.`
    return [{ severity: 'warning', subject, message, hint: 'Look at the lines of the writer.' }]
  })
}
