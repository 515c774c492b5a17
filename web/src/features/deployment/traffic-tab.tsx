import type { DeploymentReport } from '../../../../src/http/reports.ts'
import { answererColor, LineChart, ShareBar } from '../../charts/index.ts'
import { formatCount, formatMilliseconds, formatShare, plural } from '../../format/number.ts'
import { windowText } from '../../format/over.ts'
import { formatMinute } from '../../format/time.ts'
import { Card, type Column, DataTable, EmptyState, Grid } from '../../ui/index.ts'

interface ReasonRow {
  readonly reason: string
  readonly count: number
}

/** Answers and their times over the window, who gave them, and why it was no version. */
export function TrafficTab({ report: { traffic } }: { readonly report: DeploymentReport }) {
  const { series, step, answered_by, reasons, count, complete, last_at } = traffic
  if (count === 0) {
    return (
      <Card>
        <EmptyState title="Nobody asked in this window.">
          {last_at === null
            ? 'It was never asked. Send a request from the last tab but one, or from your application.'
            : `The last answer was ${formatMinute(last_at)}. The window is ${windowText(traffic)}.`}
        </EmptyState>
      </Card>
    )
  }
  const x = series.map(({ at }) => Date.parse(at))
  const over = `${plural(count, 'answer')} · ${windowText(traffic)}${complete ? '' : ' · earlier answers are still being read'}`
  const fallbacks = series.some((point) => point.fallbacks > 0)
  return (
    <div className="space-y-4">
      <Grid>
        <Card title={`Answers by ${step}`}>
          <LineChart
            label={`Answers by ${step}`}
            x={x}
            over={over}
            yMin={0}
            format={formatCount}
            series={[
              { name: 'All answers', color: 1, values: series.map((point) => point.count), area: true },
              ...(fallbacks
                ? [{ name: 'Of fallbacks', color: 2 as const, values: series.map((point) => point.fallbacks) }]
                : []),
            ]}
          />
        </Card>
        <Card title="Time to answer">
          <LineChart
            label={`Time to answer by ${step}: p50, p95 and p99`}
            x={x}
            over={`${over}; without the write of the log, each within 5 % of the exact quantile`}
            yMin={0}
            format={formatMilliseconds}
            series={[
              { name: 'p50', color: 1, values: series.map(({ p50 }) => p50) },
              { name: 'p95', color: 4, values: series.map(({ p95 }) => p95) },
              { name: 'p99', color: 5, values: series.map(({ p99 }) => p99) },
            ]}
          />
        </Card>
      </Grid>
      <Grid>
        <Card title="Who answered" over={over}>
          <ShareBar
            label="Who answered"
            parts={answered_by.map((part) => ({
              name: part.answered_by,
              count: part.count,
              share: part.share,
              color: answererColor(part.answered_by),
            }))}
          />
        </Card>
        <Card title="Why it was no version" over={`of ${plural(count, 'answer')}`} flush={reasons.length > 0}>
          {reasons.length === 0 ? (
            <p className="text-sm text-muted">Every answer came from a version.</p>
          ) : (
            <DataTable
              caption="Reasons of fallbacks"
              columns={reasonColumns(count)}
              rows={reasons}
              rowKey={({ reason }) => reason}
            />
          )}
        </Card>
      </Grid>
    </div>
  )
}

const reasonColumns = (all: number): readonly Column<ReasonRow>[] => [
  {
    id: 'reason',
    header: 'Reason',
    value: ({ reason }) => reason,
    cell: ({ reason }) => <code className="font-mono text-[0.85em] break-all">{reason}</code>,
  },
  {
    id: 'count',
    header: 'Answers',
    align: 'right',
    value: ({ count }) => count,
    cell: ({ count }) => formatCount(count),
  },
  {
    id: 'share',
    header: 'Share',
    align: 'right',
    cell: ({ count }) => formatShare(count / all),
  },
]
