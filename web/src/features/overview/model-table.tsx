import type { OverviewModel } from '../../../../src/http/reports.ts'
import { formatInterval, formatShare, plural } from '../../format/number.ts'
import { formatMinute } from '../../format/time.ts'
import { Badge, type Column, DataTable, EmptyState, TextLink, toneOf, VersionLink } from '../../ui/index.ts'

const columns: readonly Column<OverviewModel>[] = [
  {
    id: 'name',
    header: 'Model',
    value: ({ name }) => name,
    cell: ({ name, tier, owner }) => (
      <>
        <TextLink to="/models/$name" params={{ name }}>
          {name}
        </TextLink>
        <div className="text-xs text-faint">
          {tier}
          {owner === null ? '' : ` · ${owner}`}
        </div>
      </>
    ),
  },
  {
    id: 'latest',
    header: 'Newest version',
    value: ({ latest }) => latest?.created_at ?? null,
    cell: ({ latest, versions }) =>
      latest === null ? (
        <span className="text-muted">none</span>
      ) : (
        <>
          <VersionLink version={latest.version} />{' '}
          <Badge tone={latest.passed ? 'good' : 'bad'}>{latest.passed ? 'checks passed' : 'checks failed'}</Badge>
          <div className="text-xs text-faint">
            {formatMinute(latest.created_at)} · of {plural(versions, 'version')}
          </div>
        </>
      ),
  },
  {
    id: 'auc',
    header: 'AUC on validation rows',
    align: 'right',
    value: ({ latest }) => latest?.validation.auc ?? null,
    cell: ({ latest }) =>
      latest === null ? (
        '–'
      ) : (
        <>
          <span className="whitespace-nowrap">
            {formatInterval(latest.validation.auc, latest.validation.auc_low, latest.validation.auc_high)}
          </span>
          <div className="text-xs text-faint">{plural(latest.validation.rows, 'row')}</div>
        </>
      ),
  },
  {
    id: 'baseline',
    header: 'Baseline on the same',
    align: 'right',
    from: 'md',
    value: ({ latest }) => latest?.baseline?.auc ?? null,
    cell: ({ latest }) =>
      latest?.baseline == null ? (
        '–'
      ) : (
        <span className="whitespace-nowrap text-muted">
          {formatInterval(latest.baseline.auc, latest.baseline.auc_low, latest.baseline.auc_high)}
        </span>
      ),
  },
  {
    id: 'run',
    header: 'Last run',
    from: 'lg',
    value: ({ last_run }) => last_run?.started_at ?? null,
    cell: ({ last_run }) =>
      last_run === null ? (
        <span className="text-muted">never trained</span>
      ) : (
        <>
          <TextLink to="/runs/$id" params={{ id: last_run.id }}>
            {last_run.id.slice(-6)}
          </TextLink>{' '}
          <Badge tone={toneOf(last_run.status)}>{last_run.status}</Badge>
          <div className="max-w-72 text-xs text-faint">
            {last_run.progress !== null && last_run.finished_at === null
              ? `${last_run.progress.step}${last_run.progress.total > 0 ? `, ${formatShare(last_run.progress.done / last_run.progress.total, 0)}` : ''}`
              : (last_run.error ?? formatMinute(last_run.finished_at ?? last_run.started_at))}
          </div>
        </>
      ),
  },
  {
    id: 'deployments',
    header: 'Answers in',
    from: 'xl',
    cell: ({ deployments }) =>
      deployments.length === 0 ? (
        <span className="text-muted">no deployment</span>
      ) : (
        <ul>
          {deployments.map((name) => (
            <li key={name}>
              <TextLink to="/deployments/$name" params={{ name }}>
                {name}
              </TextLink>
            </li>
          ))}
        </ul>
      ),
  },
]

/** Models, with the newest version of each beside its baseline. */
export function ModelTable({ models }: { readonly models: readonly OverviewModel[] }) {
  return (
    <DataTable
      caption="Models"
      columns={columns}
      rows={models}
      rowKey={({ name }) => name}
      empty={
        <EmptyState compact title="No model is defined.">
          Write one in <code>models/</code> and apply the folder.
        </EmptyState>
      }
    />
  )
}
