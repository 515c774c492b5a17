import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { FeatureReport, FeatureViewReport } from '../../../../src/http/reports.ts'
import { featureViewQuery } from '../../api/queries.ts'
import { formatCount, plural } from '../../format/number.ts'
import { formatMinute, formatPeriod, formatSpan } from '../../format/time.ts'
import { Badge, Card, EmptyState, Facts, Page, QueryView, Stat } from '../../ui/index.ts'
import { Definition } from '../definition/definition.tsx'
import { Digest } from '../model/training-set.tsx'
import { FeatureDetail } from './feature-detail.tsx'
import { FeatureTable } from './feature-table.tsx'
import { UsedByCard } from './used-by.tsx'
import { ValueOverTime } from './value-over-time.tsx'

const route = getRouteApi('/feature-views/$name')

/** A feature view: what its features are, were in training and are now, who uses them, how fresh they are. */
export function FeatureViewPage() {
  const { name } = route.useParams()
  const query = useQuery(featureViewQuery(name))
  return (
    <QueryView query={query}>
      {(view) => (
        <Page
          kind="Feature view"
          name={view.name}
          badges={
            <>
              <Badge>of {view.entity.name}</Badge>
              {view.owner === null ? null : <Badge>{view.owner}</Badge>}
            </>
          }
          description={view.description}
        >
          <View view={view} />
        </Page>
      )}
    </QueryView>
  )
}

function View({ view }: { readonly view: FeatureViewReport }) {
  const { feature: asked, entity } = route.useSearch()
  const navigate = useNavigate({ from: '/feature-views/$name' })
  const feature = view.features.find(({ name }) => name === asked) ?? view.features[0]
  return (
    <>
      <HeadFigures view={view} />
      <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
        <Card flush title={plural(view.features.length, 'feature')} over="choose one to see its values">
          {feature === undefined ? (
            <EmptyState title="It has no features." />
          ) : (
            <FeatureTable features={view.features} selected={feature.name} />
          )}
        </Card>
        {feature === undefined ? null : <FeatureDetail feature={feature} report={view.report} />}
      </div>
      {feature === undefined ? null : (
        <ValueOverTime
          view={view}
          feature={feature}
          entity={entity}
          onEntity={(text) =>
            void navigate({ search: (before) => ({ ...before, entity: text }), replace: true, resetScroll: false })
          }
        />
      )}
      <UsedByCard view={view} />
      <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-[minmax(0,6fr)_minmax(0,5fr)]">
        <Card title="Definition">
          <Definition definition={view.definition} />
        </Card>
        <div className="space-y-4">
          <SourceCard view={view} />
          <VersionsCard view={view} feature={feature} />
        </div>
      </div>
    </>
  )
}

function HeadFigures({ view }: { readonly view: FeatureViewReport }) {
  const { freshness, report, used_by: usedBy, source } = view
  const { frontier, lag_ms: lag } = freshness
  return (
    <Card>
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        <Stat
          label="Fresh up to"
          size="medium"
          value={frontier === null ? 'unknown' : formatMinute(frontier)}
          over={
            lag === null
              ? 'the writer has not said yet'
              : lag < 1000
                ? 'as of the clock'
                : `${formatSpan(lag)} behind the clock`
          }
        />
        <Stat
          label="History"
          size="medium"
          value={source.table === null ? 'none' : plural(source.table.rows ?? 0, 'row')}
          over={
            source.table === null
              ? `of ${source.name}, live events only`
              : `of ${source.name}, in ${plural(source.table.files, 'file')}`
          }
        />
        <Stat
          label="Served values"
          size="medium"
          value={report === null ? 'not measured' : formatCount(servedValues(view))}
          over={
            report === null || report.from === null || report.to === null
              ? 'no monitor report yet'
              : formatPeriod(report.from, report.to)
          }
        />
        <Stat
          label="Used by"
          size="medium"
          value={plural(usedBy.models.length, 'model')}
          over={`in ${plural(usedBy.deployments.length, 'deployment')}`}
        />
      </div>
    </Card>
  )
}

const servedValues = ({ features }: FeatureViewReport): number =>
  features.reduce((sum, { uses }) => sum + uses.reduce((rows, { over }) => rows + (over.rows ?? 0), 0), 0)

function SourceCard({ view }: { readonly view: FeatureViewReport }) {
  const { source, entity } = view
  return (
    <Card title="Made from" over={source.description ?? undefined}>
      <Facts
        facts={[
          ['Source', source.name],
          ['Entity', `${entity.name}${entity.description === null ? '' : `, ${entity.description}`}`],
          [
            'Key',
            entity.key.map(({ column, type, source_column: from }) => `${column} ${type}, from ${from}`).join('; '),
          ],
          ['Event time', source.event_time],
          ['Known', source.available],
          ['History', source.history ?? 'live events only'],
          ...(source.table === null
            ? []
            : [
                ['Table', <Digest key="table" digest={source.table.digest} />] as const,
                ['Listed', source.table.listed_at === null ? '–' : formatMinute(source.table.listed_at)] as const,
              ]),
        ]}
      />
    </Card>
  )
}

const changeTones = { added: 'good', changed: 'warn', removed: 'bad' } as const

function VersionsCard({
  view,
  feature,
}: {
  readonly view: FeatureViewReport
  readonly feature: FeatureReport | undefined
}) {
  return (
    <Card title="Versions" over="a feature's version is the digest of what it means">
      {feature === undefined ? null : (
        <p className="mb-3 text-sm">
          <span className="text-muted">{feature.name} is now</span> <Digest digest={feature.digest} />
        </p>
      )}
      <ol className="space-y-3 text-sm">
        {view.versions.map(({ revision, at, by, changes }) => (
          <li key={revision}>
            <div className="text-xs text-faint">
              Revision {revision}, applied {formatMinute(at)} by {by}
            </div>
            <ul className="mt-1 space-y-0.5">
              {changes.map(({ feature: name, change, digest, before }) => (
                <li key={name} className="flex flex-wrap items-baseline gap-x-2">
                  <Badge tone={changeTones[change]}>{change}</Badge>
                  <span className="break-all">{name}</span>
                  <span className="text-xs text-muted">
                    {before === null ? null : <Digest digest={before} />}
                    {before !== null && digest !== null ? ' to ' : null}
                    {digest === null ? null : <Digest digest={digest} />}
                  </span>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
    </Card>
  )
}
