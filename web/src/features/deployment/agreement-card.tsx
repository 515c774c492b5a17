import { useMemo } from 'react'
import type { Agreement } from '../../../../src/http/reports.ts'
import { DistributionChart } from '../../charts/index.ts'
import { formatCount, formatDifference, formatFixed, formatRange, formatShare, plural } from '../../format/number.ts'
import { overText } from '../../format/over.ts'
import { Badge, Card, type Column, DataTable, Facts, Grid, Stat } from '../../ui/index.ts'
import { partColor, partName } from './parts.ts'

/** A shadow beside the champion on the same moments: how far they say the same, and which is right. */
export function AgreementCard({ agreement }: { readonly agreement: Agreement }) {
  const {
    champion,
    shadow,
    pairs,
    mean_absolute_difference,
    mean_difference,
    correlation,
    thresholds,
    scores,
    labelled,
  } = agreement
  const series = useMemo(
    () =>
      (['champion', 'shadow'] as const).map((part) => ({
        name: `${partName(part)} ${part === 'champion' ? champion : shadow}`,
        color: partColor(part),
        bins: scores.map((bin) => ({
          low: bin.low,
          high: bin.high,
          count: bin[part],
          share: pairs === 0 ? 0 : bin[part] / pairs,
        })),
      })),
    [scores, champion, shadow, pairs],
  )
  const middle = thresholds.find(({ threshold }) => threshold === 0.5) ?? thresholds[0]
  return (
    <Card title={`${champion} against shadow ${shadow}`} over={overText(agreement.over, ['moment', 'moments'])}>
      <div className="mb-6 grid grid-cols-2 gap-x-6 gap-y-5 lg:grid-cols-4">
        {middle === undefined ? null : (
          <Stat
            label={`Same side of ${middle.threshold}`}
            value={formatShare(middle.agreement)}
            interval={formatRange(middle.low, middle.high, formatShare)}
            over={plural(pairs, 'moment that both answered', 'moments that both answered')}
          />
        )}
        <Stat
          label="Mean distance"
          value={formatFixed(mean_absolute_difference)}
          over={`of probabilities, ${plural(pairs, 'moment')}`}
        />
        <Stat
          label="Shadow less champion"
          value={formatDifference(mean_difference)}
          over={`mean ${formatFixed(agreement.shadow_mean)} less ${formatFixed(agreement.champion_mean)}`}
        />
        <Stat label="Correlation" value={formatFixed(correlation)} over={`Pearson's, ${plural(pairs, 'moment')}`} />
      </div>
      <Grid className="gap-x-10 gap-y-6">
        <div>
          <h3 className="mb-1 text-xs font-medium text-muted">What each said of the same moments</h3>
          <DistributionChart
            label={`Probabilities that ${champion} and ${shadow} gave the same moments`}
            height={250}
            series={series}
            over={plural(pairs, 'moment that both answered', 'moments that both answered')}
          />
        </div>
        <div className="space-y-5">
          <Labelled labelled={labelled} />
          <div>
            <h3 className="mb-1 text-xs font-medium text-muted">If at least so much were a yes</h3>
            <DataTable
              caption="Agreement by threshold"
              columns={thresholdColumns}
              rows={thresholds}
              rowKey={({ threshold }) => String(threshold)}
              inset={false}
            />
          </div>
        </div>
      </Grid>
    </Card>
  )
}

function Labelled({ labelled }: Pick<Agreement, 'labelled'>) {
  if (labelled === null)
    return <p className="text-sm text-muted">Which of them is right is not known before outcomes have matured.</p>
  const {
    rows,
    positives,
    champion_auc,
    shadow_auc,
    auc_difference,
    auc_difference_low: low,
    auc_difference_high: high,
  } = labelled
  return (
    <div>
      <h3 className="mb-2 text-xs font-medium text-muted">
        Which is right, on {plural(rows, 'moment')} whose outcome is known
      </h3>
      <Facts
        facts={[
          ['AUC', `${formatFixed(champion_auc)}, shadow ${formatFixed(shadow_auc)}`],
          [
            'Shadow less champion',
            <span key="difference">
              <span className="font-medium">{formatDifference(auc_difference)}</span>{' '}
              {formatRange(low, high, (value) => formatDifference(value))} <Verdict low={low} high={high} />
            </span>,
          ],
          ['Log loss', `${formatFixed(labelled.champion_log_loss)}, shadow ${formatFixed(labelled.shadow_log_loss)}`],
        ]}
      />
      <p className="mt-2 text-xs text-faint">
        Paired on the same moments, 95 % interval; {plural(positives, 'positive')}.
      </p>
    </div>
  )
}

function Verdict({ low, high }: { readonly low: number | null; readonly high: number | null }) {
  if (low === null || high === null) return null
  if (low > 0) return <Badge tone="good">shadow ranks better</Badge>
  if (high < 0) return <Badge tone="accent">champion ranks better</Badge>
  return <Badge>no difference shown</Badge>
}

const thresholdColumns: readonly Column<Agreement['thresholds'][number]>[] = [
  {
    id: 'threshold',
    header: 'At least',
    value: ({ threshold }) => threshold,
    cell: ({ threshold }) => formatFixed(threshold, 1),
  },
  {
    id: 'agreement',
    header: 'Same decision',
    align: 'right',
    value: ({ agreement }) => agreement,
    cell: ({ agreement, low, high }) => (
      <span className="whitespace-nowrap">
        {formatShare(agreement)}{' '}
        <span className="hidden text-muted sm:inline">{formatRange(low, high, formatShare)}</span>
      </span>
    ),
  },
  {
    id: 'champion_only',
    header: 'Champion only',
    align: 'right',
    value: ({ champion_only }) => champion_only,
    cell: ({ champion_only }) => formatCount(champion_only),
  },
  {
    id: 'shadow_only',
    header: 'Shadow only',
    align: 'right',
    value: ({ shadow_only }) => shadow_only,
    cell: ({ shadow_only }) => formatCount(shadow_only),
  },
]
