import { useState } from 'react'
import type { DeploymentReport, FeatureParityReport } from '../../../../src/http/reports.ts'
import { formatCount, formatShare, plural } from '../../format/number.ts'
import { formatInstant, formatMinute, formatPeriod } from '../../format/time.ts'
import { keyText, valueText } from '../../format/value.ts'
import {
  Badge,
  Button,
  Card,
  type Column,
  DataTable,
  Dialog,
  EmptyState,
  Grid,
  Stat,
  TextLink,
} from '../../ui/index.ts'

/** Whether what was served equals what the offline engine computes for the same instant, feature by feature. */
export function ParityTab({ report: { parity, report, moment } }: { readonly report: DeploymentReport }) {
  const [shown, setShown] = useState<FeatureParityReport | null>(null)
  if (parity === null || report === null) {
    return (
      <Card>
        <EmptyState title="Parity was not measured yet.">
          <code>noonmark monitors run</code> computes every served value again from tables alone.
        </EmptyState>
      </Card>
    )
  }
  const { counts, predictions, predictions_compared, features, reasons } = parity
  const period = report.from === null || report.to === null ? '' : ` · ${formatPeriod(report.from, report.to)}`
  return (
    <div className="space-y-4">
      <Card>
        <Grid columns={4}>
          <Stat
            label="Equal"
            value={formatShare(counts.compared === 0 ? null : counts.equal / counts.compared, 2)}
            over={`${formatCount(counts.equal)} of ${plural(counts.compared, 'served value')}`}
            {...(counts.differing > 0 ? {} : { tone: 'good' as const })}
          />
          <Stat
            label="Differing"
            value={formatCount(counts.differing)}
            over={`of ${plural(counts.compared, 'served value')}`}
            {...(counts.differing > 0 ? { tone: 'bad' as const } : {})}
          />
          <Stat
            label="Not comparable"
            value={formatCount(counts.not_comparable)}
            over={
              Object.entries(reasons)
                .map(([reason, count]) => `${reason.replaceAll('_', ' ')} ${formatCount(count)}`)
                .join(', ') || 'of all served values'
            }
          />
          <Stat
            label="Predictions"
            value={formatCount(predictions_compared)}
            over={`of ${formatCount(predictions)} logged at ${moment}${period}`}
          />
        </Grid>
        <p className="mt-4 text-xs text-faint">
          Every served value was computed again offline, at the instant that its answer logged as its as_of. Measured{' '}
          {formatMinute(report.made_at)}.
        </p>
      </Card>
      <Card title="By feature" over={`of the moment ${moment}${period}`} flush>
        <DataTable
          caption="Parity by feature"
          columns={columns(setShown)}
          rows={features}
          rowKey={({ role, feature }) => `${role} ${feature}`}
          sort={{ id: 'differing', descending: true }}
          empty={<EmptyState compact title="No feature was served." />}
        />
      </Card>
      <Dialog
        open={shown !== null}
        onOpenChange={(open) => (open ? undefined : setShown(null))}
        title={shown === null ? '' : `${shown.role}: ${shown.feature}`}
        description={
          shown === null ? '' : `${formatCount(shown.differing)} of ${plural(shown.compared, 'value')} differ`
        }
      >
        {shown === null ? null : (
          <DataTable
            caption="Examples of differences"
            columns={exampleColumns}
            rows={shown.examples}
            rowKey={({ prediction_id }) => prediction_id}
            inset={false}
          />
        )}
      </Dialog>
    </div>
  )
}

const columns = (show: (feature: FeatureParityReport) => void): readonly Column<FeatureParityReport>[] => [
  {
    id: 'feature',
    header: 'Feature',
    value: ({ role, feature }) => `${role} ${feature}`,
    cell: ({ role, feature }) => {
      const [view = '', name = ''] = feature.split(':')
      return (
        <>
          <TextLink to="/feature-views/$name" params={{ name: view }} search={{ feature: name }}>
            {name}
          </TextLink>
          <div className="text-xs text-faint">
            {role} · {view}
          </div>
        </>
      )
    },
  },
  {
    id: 'compared',
    header: 'Compared',
    align: 'right',
    from: 'sm',
    value: ({ compared }) => compared,
    cell: ({ compared }) => formatCount(compared),
  },
  {
    id: 'equal',
    header: 'Equal',
    align: 'right',
    value: ({ equal }) => equal,
    cell: ({ equal }) => formatCount(equal),
  },
  {
    id: 'differing',
    header: 'Differing',
    align: 'right',
    value: ({ differing }) => differing,
    cell: ({ differing }) => (
      <span className={differing > 0 ? 'font-semibold text-bad' : undefined}>{formatCount(differing)}</span>
    ),
  },
  {
    id: 'not',
    header: 'Not comparable',
    align: 'right',
    from: 'md',
    value: ({ not_comparable }) => not_comparable,
    cell: ({ not_comparable }) => formatCount(not_comparable),
  },
  {
    id: 'examples',
    header: <span className="sr-only">Examples</span>,
    align: 'right',
    cell: (feature) =>
      feature.examples.length === 0 ? null : (
        <Button className="py-0.5 text-xs" onClick={() => show(feature)}>
          {plural(feature.examples.length, 'example')}
        </Button>
      ),
  },
]

const exampleColumns: readonly Column<FeatureParityReport['examples'][number]>[] = [
  {
    id: 'prediction',
    header: 'Prediction',
    cell: ({ prediction_id, entity, as_of }) => (
      <>
        <TextLink to="/predictions/$id" params={{ id: prediction_id }}>
          {keyText(entity)}
        </TextLink>
        <div className="text-xs text-faint">as of {formatInstant(as_of)} UTC</div>
      </>
    ),
  },
  { id: 'served', header: 'Served', align: 'right', cell: ({ served }) => <ValueWithStatus {...served} /> },
  {
    id: 'recomputed',
    header: 'Offline',
    align: 'right',
    cell: ({ recomputed }) => <ValueWithStatus {...recomputed} />,
  },
  {
    id: 'difference',
    header: 'Difference',
    align: 'right',
    cell: ({ difference }) => (difference === null ? '–' : valueText(difference)),
  },
]

function ValueWithStatus({ value, status }: { readonly value: unknown; readonly status: string }) {
  return (
    <>
      {valueText(value)} {status === 'present' ? null : <Badge>{status}</Badge>}
    </>
  )
}
