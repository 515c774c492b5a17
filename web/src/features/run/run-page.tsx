import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { RunReport } from '../../../../src/http/reports.ts'
import { request } from '../../api/client.ts'
import { queryClient, runQuery } from '../../api/queries.ts'
import { formatFixed, formatRange, formatSeconds, plural } from '../../format/number.ts'
import { formatMinute } from '../../format/time.ts'
import { Button, Card, EmptyState, ErrorState, Facts, Grid, Page, QueryView, Stat, TextLink } from '../../ui/index.ts'
import { CheckList } from '../check/check-list.tsx'
import { Digest, TrainingSetCard } from '../model/training-set.tsx'
import { VersionLink } from '../model/version-link.tsx'
import { LogCard } from './log-view.tsx'
import { LossChart } from './loss-chart.tsx'
import { ParametersCard } from './parameters.tsx'
import { RunProgress, RunStatusBadge } from './run-status.tsx'

const route = getRouteApi('/runs/$id')

/** One training attempt: how far it is, what it says, what it was given, what it came to. */
export function RunPage() {
  const { id } = route.useParams()
  const query = useQuery(runQuery(id))
  return <QueryView query={query}>{(run) => <Run run={run} />}</QueryView>
}

function Run({ run }: { readonly run: RunReport }) {
  const { id, model, status, trainer, version } = run
  const failed = run.checks.some(({ passed }) => !passed)
  // What was stopped before its trainer began has no curve to wait for.
  const fitted = !run.ended || run.curve !== null || run.validation !== null
  const checks =
    run.checks.length === 0 && !run.ended ? null : (
      <CheckList checks={run.checks} over={version === null ? 'before anything was fitted' : `of ${version}`} />
    )
  return (
    <Page
      kind={
        <>
          Run of{' '}
          <TextLink to="/models/$name" params={{ name: model }}>
            {model}
          </TextLink>
        </>
      }
      name={id.slice(-8)}
      badges={<RunStatusBadge status={status} />}
      description={`${trainer}, started ${formatMinute(run.started_at)}`}
      actions={<Actions run={run} />}
    >
      <p role="status" className="sr-only">
        The run is {status}
      </p>
      {run.error === null ? null : <RunError error={run.error} />}
      {run.ended ? null : (
        <Card title="Progress">
          <RunProgress run={run} />
        </Card>
      )}
      {run.validation === null ? null : <Outcome run={run} />}
      {failed ? checks : null}
      {fitted ? (
        <Grid>
          <Card title="Loss" over="after each iteration, mean over rows">
            {run.curve === null || run.curve.points.length === 0 ? (
              <EmptyState compact title={run.ended ? 'No curve was kept of this run.' : 'No iteration yet.'}>
                {run.ended ? null : 'The curve grows while the trainer works.'}
              </EmptyState>
            ) : (
              <LossChart curves={[{ name: id.slice(-8), curve: run.curve }]} over={lossOver(run)} />
            )}
          </Card>
          <LogCard key={id} id={id} />
        </Grid>
      ) : (
        <LogCard key={id} id={id} />
      )}
      {failed ? null : checks}
      <Grid>
        <ParametersCard ended={run.ended} parameters={run.parameters} trainer={trainer} seed={run.seed} />
        <Card title="To repeat it" over="everything that the result depends on">
          <Facts
            facts={[
              [
                'Run',
                <code key="id" className="font-mono text-xs">
                  {id}
                </code>,
              ],
              ['Commit', <Commit key="git" git={run.git} />],
              ['Seed', run.seed],
              ...Object.entries(run.environment).map(([name, value]) => [name, value] as const),
              [
                'Training set',
                run.training_set === null ? '–' : <Digest key="set" digest={run.training_set.content} />,
              ],
            ]}
          />
        </Card>
      </Grid>
      {run.training_set === null ? null : <TrainingSetCard set={run.training_set} />}
    </Page>
  )
}

/** The commit that a run was started from. */
export function Commit({ git }: { readonly git: RunReport['git'] }) {
  if (git === null) return 'not in Git'
  return (
    <>
      <Digest digest={git.commit} />
      {git.dirty ? <span className="text-warn"> with changes that are not committed</span> : null}
    </>
  )
}

function lossOver({ training_set: set, curve }: RunReport): string {
  if (set === null) return ''
  const count = curve?.points.at(-1)?.iteration
  const iterations = count === undefined ? '' : `${plural(count, 'iteration')}, `
  return `${iterations}${plural(set.rows.training, 'training row')} and ${plural(set.rows.validation, 'validation row')}`
}

function Outcome({ run }: { readonly run: RunReport }) {
  const { validation, baseline, version, duration_ms: duration } = run
  if (validation === null) return null
  const over = plural(validation.rows, 'validation row')
  const beside = (value: number | null | undefined): string =>
    value == null ? over : `baseline ${formatFixed(value, 4)}`
  return (
    <Card title="What it came to" over={version === null ? over : `${version} on ${over}`}>
      <Grid columns={4}>
        <Stat
          label="AUC"
          value={formatFixed(validation.auc)}
          interval={formatRange(validation.auc_low, validation.auc_high)}
          over={
            baseline === null
              ? over
              : `baseline ${formatFixed(baseline.auc)} ${formatRange(baseline.auc_low, baseline.auc_high)}`
          }
        />
        <Stat label="Log loss" value={formatFixed(validation.log_loss, 4)} over={beside(baseline?.log_loss)} />
        <Stat label="Brier score" value={formatFixed(validation.brier, 4)} over={beside(baseline?.brier)} />
        <Stat
          label="Version"
          value={version === null ? 'none' : <VersionLink version={version} />}
          over={duration === null || duration === 0 ? 'registered' : `after ${formatSeconds(duration / 1000)}`}
        />
      </Grid>
    </Card>
  )
}

function RunError({ error }: { readonly error: NonNullable<RunReport['error']> }) {
  return (
    <Card title="Why it ended">
      <div role="alert" className="space-y-1 text-sm">
        <p className="font-medium break-words text-bad">{error.message}</p>
        <p className="text-muted">{error.hint}</p>
        <p className="flex flex-wrap gap-x-4 text-xs text-faint">
          <code className="font-mono">{error.code}</code>
          {error.path === undefined ? null : <code className="font-mono">{error.path}</code>}
        </p>
      </div>
    </Card>
  )
}

function Actions({ run }: { readonly run: RunReport }) {
  const { id, ended } = run
  const cancel = useMutation({
    mutationFn: () => request(`/v1/runs/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['run', id] }),
  })
  return (
    <div className="flex flex-wrap items-center gap-3">
      {cancel.error === null ? null : <ErrorState error={cancel.error} />}
      <TextLink to="/runs/compare" search={{ first: id }} className="text-sm">
        Compare with another run
      </TextLink>
      {ended ? null : (
        <Button disabled={cancel.isPending || cancel.isSuccess} onClick={() => cancel.mutate()}>
          {cancel.isPending || cancel.isSuccess ? 'Cancelling' : 'Cancel the run'}
        </Button>
      )}
    </div>
  )
}
