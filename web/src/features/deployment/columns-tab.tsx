import { getRouteApi } from '@tanstack/react-router'
import type { DeploymentReport, ServedColumn } from '../../../../src/http/reports.ts'
import { formatCount, formatFixed, formatShare, plural } from '../../format/number.ts'
import { Badge, Card, type Column, DataTable, EmptyState, Facts, TextLink, type Tone, toneOf } from '../../ui/index.ts'
import { TrainingAndNow } from '../feature-view/training-and-now.tsx'
import { statisticName } from './parts.ts'

const route = getRouteApi('/deployments/$name')

const levels: Readonly<Record<'none' | 'some' | 'much', readonly [word: string, tone: Tone]>> = {
  none: ['no drift', 'good'],
  some: ['some drift', 'warn'],
  much: ['much drift', 'bad'],
}

/** Every input of the model, and the score, as served and as in training: drift, nulls, statuses. */
export function ColumnsTab({ report }: { readonly report: DeploymentReport }) {
  const { column } = route.useSearch()
  const { columns } = report
  const selected = columns.find((one) => one.column === column) ?? columns[0]
  if (selected === undefined) {
    return (
      <Card>
        <EmptyState title="Nothing is measured yet.">
          What is served is held against training when monitors run: <code>noonmark monitors run</code>.
        </EmptyState>
      </Card>
    )
  }
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
      <Card title="Inputs and score" over="the greatest drift first" flush>
        <DataTable
          caption="Inputs and score, as served"
          columns={tableColumns(selected.column)}
          rows={columns}
          rowKey={(one) => one.column}
        />
      </Card>
      <div className="xl:sticky xl:top-4">
        <ColumnCard column={selected} />
      </div>
    </div>
  )
}

function ColumnCard({ column }: { readonly column: ServedColumn }) {
  const { feature, role, distribution, statuses, nulls, over } = column
  const [view, name] = feature?.split(':') ?? []
  return (
    <Card
      title={<span className="break-all">{column.column}</span>}
      actions={
        view === undefined || name === undefined ? null : (
          <TextLink to="/feature-views/$name" params={{ name: view }} search={{ feature: name }} className="text-sm">
            {view}:{name}
          </TextLink>
        )
      }
    >
      {distribution === null ? (
        <p className="text-sm text-muted">
          No training set is there to hold it against, so its drift is not known; {formatShare(nullShare(column), 2)} of{' '}
          {plural(over.rows ?? 0, 'row')} were null.
        </p>
      ) : (
        <TrainingAndNow name={column.column} distribution={distribution} />
      )}
      {statuses.length === 0 ? null : (
        <>
          <h3 className="mt-5 mb-1.5 text-xs font-medium text-muted">
            What was said of it{role === null ? '' : `, role ${role}`}
          </h3>
          <Facts
            facts={[
              ...statuses.map(
                ({ status, rows, share }) =>
                  [
                    <Badge key={status} tone={toneOf(status)}>
                      {status}
                    </Badge>,
                    `${formatShare(share, 2)} (${formatCount(rows)})`,
                  ] as const,
              ),
              ['null', `${formatCount(nulls)} of ${plural(over.rows ?? 0, 'row')}`],
            ]}
          />
        </>
      )}
    </Card>
  )
}

/** A column's name may break after its underscores, and nowhere else. */
function Breakable({ text }: { readonly text: string }) {
  return text.split('_').map((part, index) => (
    <span key={`${part} ${index}`}>
      {index === 0 ? null : (
        <>
          _<wbr />
        </>
      )}
      {part}
    </span>
  ))
}

const nullShare = ({ nulls, over }: ServedColumn): number | null =>
  over.rows === null || over.rows === 0 ? null : nulls / over.rows

const tableColumns = (selected: string): readonly Column<ServedColumn>[] => [
  {
    id: 'column',
    header: 'Column',
    value: ({ column }) => column,
    cell: ({ column }) => (
      <TextLink
        from="/deployments/$name"
        to="."
        search={(before: Readonly<Record<string, unknown>>) => ({ ...before, tab: 'inputs', column })}
        resetScroll={false}
        aria-current={column === selected ? 'true' : undefined}
        className="break-words aria-[current=true]:text-ink aria-[current=true]:underline"
      >
        <Breakable text={column} />
      </TextLink>
    ),
  },
  {
    id: 'drift',
    header: 'Drift',
    align: 'right',
    value: ({ distribution }) => distribution?.drift[0]?.value ?? null,
    cell: ({ distribution }) => {
      const first = distribution?.drift[0]
      if (first === undefined) return <span className="text-muted">not known</span>
      return (
        <>
          <span className="whitespace-nowrap">
            <span className="text-faint">{statisticName(first.statistic)}</span> {formatFixed(first.value)}
          </span>
          {first.level === null || first.level === 'none' ? null : (
            <div>
              <Badge tone={levels[first.level][1]}>{levels[first.level][0]}</Badge>
            </div>
          )}
        </>
      )
    },
  },
  {
    id: 'nulls',
    header: 'Null now, in training',
    align: 'right',
    from: 'sm',
    value: nullShare,
    cell: (column) => (
      <span className="whitespace-nowrap">
        {formatShare(nullShare(column))}
        <span className="text-faint">, {formatShare(column.training_nulls?.share)}</span>
      </span>
    ),
  },
  {
    id: 'rows',
    header: 'Rows',
    align: 'right',
    from: '2xl',
    value: ({ over }) => over.rows,
    cell: ({ over }) => formatCount(over.rows),
  },
]
