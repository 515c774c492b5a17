import type { ModelReport, VersionRow } from '../../../../src/http/reports.ts'
import { formatFixed, formatInterval, plural } from '../../format/number.ts'
import { formatMinute } from '../../format/time.ts'
import { Badge, Card, type Column, DataTable, EmptyState, TextLink } from '../../ui/index.ts'
import { RunStatusBadge } from '../run/run-status.tsx'
import { VersionLink } from './version-link.tsx'

const columns: readonly Column<VersionRow>[] = [
  {
    id: 'version',
    header: 'Version',
    value: ({ number }) => number,
    cell: ({ version, created_at }) => (
      <>
        <VersionLink version={version} />
        <div className="text-xs text-faint">{formatMinute(created_at)}</div>
      </>
    ),
  },
  {
    id: 'checks',
    header: 'Checks',
    value: ({ checks }) => checks.failed,
    cell: ({ passed, checks }) => (
      <Badge tone={passed ? 'good' : 'bad'}>
        {passed ? `${checks.passed} passed` : `${checks.failed} of ${checks.passed + checks.failed} failed`}
      </Badge>
    ),
  },
  { id: 'trainer', header: 'Trainer', from: 'md', value: ({ trainer }) => trainer },
  {
    id: 'auc',
    header: 'AUC',
    align: 'right',
    value: ({ validation }) => validation.auc,
    cell: ({ validation }) => (
      <>
        {formatInterval(validation.auc, validation.auc_low, validation.auc_high)}
        <div className="text-xs text-faint">{plural(validation.rows, 'row')}</div>
      </>
    ),
  },
  {
    id: 'loss',
    header: 'Log loss',
    align: 'right',
    from: 'md',
    value: ({ validation }) => validation.log_loss,
    cell: ({ validation }) => formatFixed(validation.log_loss, 4),
  },
  {
    id: 'baseline',
    header: 'Baseline AUC',
    align: 'right',
    from: 'lg',
    value: ({ baseline }) => baseline?.auc ?? null,
    cell: ({ baseline }) => (
      <span className="text-muted">
        {baseline === null ? '–' : formatInterval(baseline.auc, baseline.auc_low, baseline.auc_high)}
      </span>
    ),
  },
  {
    id: 'deployed',
    header: 'Deployed',
    from: 'sm',
    cell: ({ deployed }) =>
      deployed.length === 0 ? (
        <span className="text-muted">nowhere</span>
      ) : (
        <ul>
          {deployed.map(({ deployment, part }) => (
            <li key={`${deployment} ${part}`}>
              {part} in{' '}
              <TextLink to="/deployments/$name" params={{ name: deployment }}>
                {deployment}
              </TextLink>
            </li>
          ))}
        </ul>
      ),
  },
]

/** Every version of a model, and the runs that made it or failed to. */
export function VersionsTab({ model }: { readonly model: ModelReport }) {
  return (
    <div className="space-y-4">
      <Card
        flush
        title={plural(model.versions.length, 'version')}
        over="each judged on the validation rows of its own training set"
      >
        <DataTable
          caption={`Versions of ${model.name}`}
          columns={columns}
          rows={model.versions}
          rowKey={({ version }) => version}
          sort={{ id: 'version', descending: true }}
        />
      </Card>
      <RunsCard model={model} />
    </div>
  )
}

/** The latest runs of a model. */
export function RunsCard({ model }: { readonly model: ModelReport }) {
  return (
    <Card
      flush
      title="Runs"
      over="the latest first"
      actions={
        <TextLink to="/runs" search={{ model: model.name }} className="text-sm">
          All runs of {model.name}
        </TextLink>
      }
    >
      <DataTable
        caption={`Runs of ${model.name}`}
        rows={model.runs}
        rowKey={({ id }) => id}
        empty={<EmptyState compact title="No runs yet." />}
        columns={[
          {
            id: 'run',
            header: 'Run',
            value: ({ id }) => id,
            cell: ({ id }) => (
              <TextLink to="/runs/$id" params={{ id }} className="font-mono text-xs">
                {id.slice(-8)}
              </TextLink>
            ),
          },
          {
            id: 'status',
            header: 'Status',
            value: ({ status }) => status,
            cell: ({ status }) => <RunStatusBadge status={status} />,
          },
          {
            id: 'version',
            header: 'Version',
            cell: ({ version }) =>
              version === null ? <span className="text-muted">none</span> : <VersionLink version={version} />,
          },
          { id: 'auc', header: 'AUC', align: 'right', value: ({ auc }) => auc, cell: ({ auc }) => formatFixed(auc) },
          {
            id: 'started',
            header: 'Started',
            align: 'right',
            from: 'sm',
            value: ({ started_at }) => started_at,
            cell: ({ started_at }) => formatMinute(started_at),
          },
        ]}
      />
    </Card>
  )
}
