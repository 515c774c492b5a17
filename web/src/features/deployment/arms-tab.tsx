import type { DeploymentReport, Pinned } from '../../../../src/http/reports.ts'
import { DistributionChart } from '../../charts/index.ts'
import { formatFixed, formatInterval, plural } from '../../format/number.ts'
import { windowText } from '../../format/over.ts'
import { formatMinute } from '../../format/time.ts'
import { Badge, Card, type Column, DataTable, EmptyState, toneOf, VersionLink } from '../../ui/index.ts'
import { AgreementCard } from './agreement-card.tsx'
import { partColor, partName } from './parts.ts'

/** The versions of a deployment, what they say, and how far the shadow agrees with the champion. */
export function ArmsTab({ report }: { readonly report: DeploymentReport }) {
  const { versions, scores, agreement, traffic } = report
  const seen = scores.filter(({ count }) => count > 0)
  // A handful of answers would be drawn as high as thousands; the words below the chart name them all.
  const most = Math.max(0, ...seen.map(({ count }) => count))
  const drawn = seen.filter(({ count }) => count >= most / 100)
  return (
    <div className="space-y-4">
      <Card title="Pinned versions" flush={versions.length > 0}>
        {versions.length === 0 ? (
          <p className="text-sm text-muted">No version is pinned, so the fallbacks answer.</p>
        ) : (
          <DataTable
            caption="Pinned versions"
            columns={columns}
            rows={versions}
            rowKey={({ part, version }) => `${part} ${version}`}
          />
        )}
      </Card>
      <Card title="What they say" over={`probabilities, ${windowText(traffic)}`}>
        {seen.length === 0 ? (
          <EmptyState compact title="Nobody answered in this window." />
        ) : (
          <DistributionChart
            label="Distribution of probabilities by version"
            height={220}
            series={drawn.map(({ version, part, bins }) => ({
              name: version === null ? partName(part) : `${partName(part)} ${version}`,
              color: partColor(part),
              bins,
            }))}
            over={seen
              .map(
                ({ version, part, count, mean }) =>
                  `${version ?? partName(part)}: ${plural(count, 'answer')}, mean ${formatFixed(mean)}`,
              )
              .join(' · ')}
          />
        )}
      </Card>
      {agreement.length === 0 ? (
        <Card title="Champion against shadow">
          <EmptyState compact title="There is no shadow.">
            A shadow answers beside the champion, and nobody but this page sees what it says:{' '}
            <code>noonmark deploy model:2 --to {report.name} --shadow</code>.
          </EmptyState>
        </Card>
      ) : (
        agreement.map((one) => <AgreementCard key={`${one.champion} ${one.shadow}`} agreement={one} />)
      )}
    </div>
  )
}

const columns: readonly Column<Pinned>[] = [
  { id: 'part', header: 'Part', value: ({ part }) => part, cell: ({ part }) => partName(part) },
  {
    id: 'version',
    header: 'Version',
    value: ({ version }) => version,
    cell: ({ version }) => <VersionLink version={version} />,
  },
  {
    id: 'state',
    header: 'State',
    cell: ({ state, reason }) => (
      <>
        <Badge tone={toneOf(state)}>{state.replace('_', ' ')}</Badge>
        {reason === null ? null : <div className="text-xs text-warn">{reason}</div>}
      </>
    ),
  },
  {
    id: 'auc',
    header: 'AUC on validation rows',
    align: 'right',
    value: ({ validation }) => validation?.auc ?? null,
    cell: ({ validation }) =>
      validation === null ? (
        '–'
      ) : (
        <>
          <span className="whitespace-nowrap">
            {formatInterval(validation.auc, validation.auc_low, validation.auc_high)}
          </span>
          <div className="text-xs text-faint">{plural(validation.rows, 'row')}</div>
        </>
      ),
  },
  {
    id: 'baseline',
    header: 'Baseline on the same',
    align: 'right',
    from: 'md',
    cell: ({ baseline }) =>
      baseline === null ? (
        '–'
      ) : (
        <span className="whitespace-nowrap text-muted">
          {formatInterval(baseline.auc, baseline.auc_low, baseline.auc_high)}
        </span>
      ),
  },
  {
    id: 'created',
    header: 'Made',
    from: 'lg',
    align: 'right',
    cell: ({ created_at }) => (created_at === null ? '–' : formatMinute(created_at)),
  },
]
