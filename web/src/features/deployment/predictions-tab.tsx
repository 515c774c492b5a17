import { useInfiniteQuery } from '@tanstack/react-query'
import { type Prediction, predictionsQuery } from '../../api/predictions.ts'
import { formatFixed, formatMilliseconds, plural } from '../../format/number.ts'
import { formatInstant } from '../../format/time.ts'
import { keyText, outcomeText } from '../../format/value.ts'
import {
  Badge,
  Button,
  Card,
  type Column,
  DataTable,
  EmptyState,
  QueryView,
  Skeleton,
  TextLink,
  toneOf,
} from '../../ui/index.ts'

/** Single predictions, the latest first. */
export function PredictionsTab({ deployment }: { readonly deployment: string }) {
  const query = useInfiniteQuery(predictionsQuery(deployment))
  return (
    <QueryView query={query} loading={<Skeleton className="h-96" />}>
      {({ pages }) => {
        const rows = pages.flatMap(({ predictions }) => predictions)
        return (
          <Card
            title="Logged predictions"
            over={`the latest ${plural(rows.length, 'record')}, champions, shadows and fallbacks`}
            flush
          >
            <DataTable
              caption="Logged predictions"
              columns={columns}
              rows={rows}
              rowKey={({ prediction_id }) => prediction_id}
              empty={
                <EmptyState title="Nothing is logged yet.">
                  Every answer of this deployment will stand here with everything that went into it.
                </EmptyState>
              }
            />
            {query.hasNextPage ? (
              <div className="border-t border-line px-4 py-3 text-center">
                <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
                  {query.isFetchingNextPage ? 'Reading…' : 'Earlier predictions'}
                </Button>
              </div>
            ) : null}
          </Card>
        )
      }}
    </QueryView>
  )
}

const columns: readonly Column<Prediction>[] = [
  {
    id: 'at',
    header: 'Moment (UTC)',
    value: ({ at }) => at,
    cell: ({ at, prediction_id }) => (
      <TextLink to="/predictions/$id" params={{ id: prediction_id }} className="figure whitespace-nowrap">
        {formatInstant(at)}
      </TextLink>
    ),
  },
  {
    id: 'key',
    header: 'Key',
    from: 'sm',
    value: ({ key }) => keyText(key),
    cell: ({ key, entities }) => (
      <>
        <span className="break-all">{keyText(key)}</span>
        <div className="text-xs text-faint">
          {Object.entries(entities)
            .map(([role, entity]) => `${role} ${keyText(entity)}`)
            .join(' · ')}
        </div>
      </>
    ),
  },
  {
    id: 'output',
    header: 'Said',
    align: 'right',
    value: ({ output }) => output?.probability ?? null,
    cell: ({ output }) =>
      output === null ? (
        <span className="text-muted">nothing</span>
      ) : (
        Object.values(output)
          .map((value) => formatFixed(value))
          .join(', ')
      ),
  },
  {
    id: 'answered',
    header: 'By',
    value: ({ answered_by }) => answered_by,
    cell: ({ answered_by, model_version, reason }) => (
      <>
        <span className="whitespace-nowrap">{answered_by ?? 'nobody'}</span>
        <div className="text-xs text-faint">{reason ?? model_version}</div>
      </>
    ),
  },
  {
    id: 'outcome',
    header: 'Came true',
    value: ({ outcome }) => (outcome === undefined ? null : outcomeText(outcome.label, outcome.status)),
    cell: ({ outcome }) =>
      outcome === undefined ? (
        '–'
      ) : (
        <Badge tone={outcome.label === null ? toneOf(outcome.status) : 'neutral'}>
          {outcomeText(outcome.label, outcome.status)}
        </Badge>
      ),
  },
  {
    id: 'time',
    header: 'Took',
    align: 'right',
    from: 'md',
    value: (one) => tookMs(one),
    cell: (one) => formatMilliseconds(tookMs(one)),
  },
]

/** The time to answer, without the write of the log. */
export function tookMs({ latency_ms: { wait, lookup, derive, model } }: Prediction): number {
  return wait + lookup + derive + model
}
