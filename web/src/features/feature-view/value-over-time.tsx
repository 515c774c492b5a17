import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { FeatureHistory, FeatureReport, FeatureViewReport } from '../../../../src/http/reports.ts'
import { featureHistoryQuery, featureLookupQuery } from '../../api/queries.ts'
import { LineChart } from '../../charts/index.ts'
import { formatValue, plural } from '../../format/number.ts'
import { formatMinute } from '../../format/time.ts'
import { Badge, Card, EmptyState, ErrorState, Skeleton, toneOf } from '../../ui/index.ts'
import { type EntityKey, entityName, parseEntity } from './entity-key.ts'
import { EntityPicker } from './entity-picker.tsx'

const dayMs = 86_400_000
const ranges = [
  { days: 2, stepMs: dayMs / 96 },
  { days: 7, stepMs: dayMs / 24 },
  { days: 30, stepMs: dayMs / 6 },
] as const

/** The value of one entity at instants up to now, computed from the tables, and what the online store answers now. */
export function ValueOverTime(props: {
  readonly view: FeatureViewReport
  readonly feature: FeatureReport
  /** As it stands in the address. */
  readonly entity: string | undefined
  readonly onEntity: (entity: string) => void
}) {
  const { view, feature, onEntity } = props
  const columns = view.entity.key.map(({ column }) => column)
  const entity = parseEntity(props.entity, columns) ?? view.examples[0]?.entity
  const [days, setDays] = useState<number>(7)
  return (
    <Card
      title={`${feature.name} over time`}
      over={entity === undefined ? undefined : `${view.entity.name} ${entityName(entity)}, computed from the tables`}
      actions={
        <div className="flex flex-wrap items-center gap-3">
          <EntityPicker view={view} entity={entity} onEntity={onEntity} />
          <label className="flex items-center gap-2 text-xs text-muted">
            Last
            <select
              value={days}
              onChange={(event) => setDays(Number(event.target.value))}
              className="rounded-lg border border-line-strong bg-surface px-2 py-1 text-sm text-ink"
            >
              {ranges.map((range) => (
                <option key={range.days} value={range.days}>
                  {range.days} days
                </option>
              ))}
            </select>
          </label>
        </div>
      }
    >
      {entity === undefined ? (
        <EmptyState compact title={`Which ${view.entity.name}?`}>
          None was predicted for recently; write a key to see its values.
        </EmptyState>
      ) : (
        <History view={view} feature={feature} entity={entity} days={days} />
      )}
    </Card>
  )
}

function History(props: {
  readonly view: FeatureViewReport
  readonly feature: FeatureReport
  readonly entity: EntityKey
  readonly days: number
}) {
  const { view, feature, entity, days } = props
  const name = `${view.name}:${feature.name}`
  // A clock that goes on would ask anew with every answer: whole steps are asked for.
  const stepMs = ranges.find((range) => range.days === days)?.stepMs ?? dayMs
  const end = Math.floor(Date.parse(view.freshness.now) / stepMs) * stepMs
  const query = useQuery(featureHistoryQuery(name, entity, { from: end - days * dayMs, to: end, stepMs }))
  if (query.error !== null) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  return (
    <div className="space-y-3">
      <Now name={name} entity={entity} />
      {query.data === undefined ? (
        <div role="status" aria-label="Values are computed from the tables" style={{ height: 240 }}>
          <Skeleton className="h-full w-full" />
        </div>
      ) : (
        <HistoryChart name={name} entity={entity} history={query.data} />
      )}
    </div>
  )
}

/** What the online store answers at this moment: what a prediction would get. */
function Now({ name, entity }: { readonly name: string; readonly entity: EntityKey }) {
  const { data, error } = useQuery(featureLookupQuery(name, entity))
  const row = data?.rows[0]
  const found = row?.features[name]
  if (error !== null) return <p className="text-sm text-bad">Online now: {error.message}</p>
  return (
    <p className="flex min-h-6 flex-wrap items-center gap-x-2 text-sm">
      <span className="text-muted">Online now</span>
      {found === undefined || row === undefined ? null : (
        <>
          <span className="figure font-semibold">{shown(found.value)}</span>
          <Badge tone={toneOf(found.status)}>{found.status.replace('_', ' ')}</Badge>
          <span className="text-xs text-faint">as of {formatMinute(row.as_of)}</span>
        </>
      )}
    </p>
  )
}

type Cell = FeatureHistory['points'][number]['features'][string]

function HistoryChart(props: { readonly name: string; readonly entity: EntityKey; readonly history: FeatureHistory }) {
  const { name, entity, history } = props
  const cells = history.points.map(({ at, features }): { at: string; cell: Cell | undefined } => ({
    at,
    cell: Object.values(features)[0],
  }))
  const first = history.points[0]
  if (first === undefined) return <EmptyState compact title="There are no values." />
  const values = cells.map(({ cell }) => numberOf(cell))
  const counts = new Map<string, number>()
  for (const { cell } of cells) {
    const status = cell?.status.replace('_', ' ') ?? 'unknown'
    counts.set(status, (counts.get(status) ?? 0) + 1)
  }
  const words = [...counts].map(([status, count]) => `${count} ${status}`).join(', ')
  const over = `${plural(cells.length, 'instant')} from ${formatMinute(first.at)}: ${words}`
  if (values.every((value) => value === null)) return <Texts cells={cells} over={over} />
  return (
    <LineChart
      label={`${name} of ${entityName(entity)} over time`}
      x={cells.map(({ at }) => Date.parse(at))}
      series={[{ name: name.split(':')[1] ?? name, color: 1, values }]}
      formatX={formatMinute}
      height={240}
      over={over}
    />
  )
}

/** Values that are no numbers, where they change. */
function Texts(props: { readonly cells: readonly { at: string; cell: Cell | undefined }[]; readonly over: string }) {
  const { cells, over } = props
  const changes = cells.filter(
    ({ cell }, index) => index === 0 || shown(cell?.value) !== shown(cells[index - 1]?.cell?.value),
  )
  return (
    <>
      <ol className="max-h-60 space-y-1 overflow-auto text-sm">
        {changes.map(({ at, cell }) => (
          <li key={at} className="flex gap-3">
            <time dateTime={at} className="text-muted">
              {formatMinute(at)}
            </time>
            <span className="break-all">{shown(cell?.value)}</span>
          </li>
        ))}
      </ol>
      <p className="mt-2 text-xs text-faint">{over}; shown where the value changes</p>
    </>
  )
}

function numberOf(cell: Cell | undefined): number | null {
  if (typeof cell?.value === 'boolean') return cell.value ? 1 : 0
  return typeof cell?.value === 'number' ? cell.value : null
}

const shown = (value: unknown): string =>
  typeof value === 'number' ? formatValue(value) : value === null || value === undefined ? 'no value' : String(value)
