import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { overviewQuery, type RunRow, runsQuery } from '../../api/queries.ts'
import { formatFixed, formatRange, formatShare, plural } from '../../format/number.ts'
import { formatMinute } from '../../format/time.ts'
import { Card, type Column, DataTable, EmptyState, Page, QueryView, TextLink } from '../../ui/index.ts'
import { VersionLink } from '../model/version-link.tsx'
import { RunStatusBadge } from './run-status.tsx'
import { StartTraining } from './start-training.tsx'

const route = getRouteApi('/runs')

/** Training attempts of all models, the latest first; two that are ticked can be held against each other. */
export function RunsPage() {
  const { model } = route.useSearch()
  const query = useQuery(runsQuery(model))
  return (
    <Page
      name="Runs"
      description="Every training attempt with what it was given and what it came to, those that were stopped included."
      actions={<StartTraining {...(model === undefined ? {} : { model })} kind="primary" />}
    >
      <QueryView query={query}>{({ runs }) => <Runs runs={runs} />}</QueryView>
    </Page>
  )
}

function Runs({ runs }: { readonly runs: readonly RunRow[] }) {
  const [ticked, setTicked] = useState<readonly string[]>([])
  const tick = (id: string): void =>
    // The third tick unties the first: two are compared.
    setTicked((before) => (before.includes(id) ? before.filter((one) => one !== id) : [...before, id].slice(-2)))
  const [first, second] = ticked
  return (
    <Card
      flush
      title={plural(runs.length, 'run')}
      over={runs.length === 200 ? 'the latest 200' : 'the latest first'}
      actions={
        <div className="flex flex-wrap items-center gap-3">
          <ModelChoice />
          {first === undefined || second === undefined ? (
            <span className="text-xs text-faint">Tick two runs to compare them</span>
          ) : (
            <TextLink to="/runs/compare" search={{ first, second }}>
              Compare the two
            </TextLink>
          )}
        </div>
      }
    >
      <DataTable
        caption="Runs"
        rows={runs}
        rowKey={({ id }) => id}
        columns={columnsOf(ticked, tick)}
        empty={
          <EmptyState title="No runs yet.">
            Start one here, or with <code>noonmark train</code>.
          </EmptyState>
        }
      />
    </Card>
  )
}

function ModelChoice() {
  const { model } = route.useSearch()
  const navigate = useNavigate()
  const models = useQuery(overviewQuery).data?.models ?? []
  return (
    <label className="flex items-center gap-2 text-xs text-muted">
      Model
      <select
        value={model ?? ''}
        onChange={({ target: { value } }) =>
          void navigate({ to: '/runs', search: value === '' ? {} : { model: value } })
        }
        className="rounded-lg border border-line-strong bg-surface px-2 py-1 text-sm text-ink"
      >
        <option value="">all</option>
        {models.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  )
}

function columnsOf(ticked: readonly string[], tick: (id: string) => void): readonly Column<RunRow>[] {
  return [
    {
      id: 'tick',
      header: <span className="sr-only">Compare</span>,
      className: 'w-px',
      cell: ({ id }) => (
        <input
          type="checkbox"
          aria-label={`Compare run ${id.slice(-8)}`}
          checked={ticked.includes(id)}
          onChange={() => tick(id)}
        />
      ),
    },
    {
      id: 'run',
      header: 'Run',
      value: ({ started_at, id }) => `${started_at} ${id}`,
      cell: ({ id, model, started_at }) => (
        <>
          <TextLink to="/runs/$id" params={{ id }} className="font-mono text-xs">
            {id.slice(-8)}
          </TextLink>
          <div className="text-xs text-faint">
            {model} · {formatMinute(started_at)}
          </div>
        </>
      ),
    },
    { id: 'trainer', header: 'Trainer', from: 'md', value: ({ trainer }) => trainer.kind },
    {
      id: 'status',
      header: 'Status',
      value: ({ status }) => status,
      cell: ({ status, progress, error, checks }) => (
        <>
          <RunStatusBadge status={status} />
          <div className="max-w-72 text-xs text-faint">
            {progressText(progress) ?? error?.message ?? failedText(checks)}
          </div>
        </>
      ),
    },
    {
      id: 'version',
      header: 'Version',
      from: 'sm',
      value: ({ version }) => version,
      cell: ({ version }) =>
        version === null ? <span className="text-muted">none</span> : <VersionLink version={version} />,
    },
    {
      id: 'auc',
      header: 'AUC on validation rows',
      align: 'right',
      value: ({ metrics }) => metrics?.validation.auc ?? null,
      cell: ({ metrics }) =>
        metrics === null ? (
          '–'
        ) : (
          <>
            {formatFixed(metrics.validation.auc)}{' '}
            <span className="text-xs whitespace-nowrap text-muted">
              {formatRange(metrics.validation.auc_low, metrics.validation.auc_high)}
            </span>
            <div className="text-xs text-faint">{plural(metrics.validation.rows, 'row')}</div>
          </>
        ),
    },
  ]
}

function progressText(progress: RunRow['progress']): string | null {
  if (progress === null) return null
  return `${progress.step}${progress.total > 0 ? `, ${formatShare(progress.done / progress.total, 0)}` : ''}`
}

function failedText(checks: RunRow['checks']): string | null {
  const failed = checks.filter(({ passed }) => !passed).length
  return failed === 0 ? null : `${plural(failed, 'check')} failed`
}
