import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { DeploymentReport } from '../../../../src/http/reports.ts'
import { deploymentQuery, type TrafficWindow, trafficWindows } from '../../api/queries.ts'
import { formatDuration } from '../../format/time.ts'
import {
  Badge,
  Card,
  Page,
  Prose,
  QueryView,
  Segments,
  type Tab,
  Tabs,
  TextLink,
  toneOf,
  VersionLink,
} from '../../ui/index.ts'
import { Definition } from '../definition/definition.tsx'
import { ArmsTab } from './arms-tab.tsx'
import { ColumnsTab } from './columns-tab.tsx'
import { HeadFigures } from './head-figures.tsx'
import { ParityTab } from './parity-tab.tsx'
import { PerformanceTab } from './performance-tab.tsx'
import { PredictionsTab } from './predictions-tab.tsx'
import { RequestTab } from './request-tab.tsx'
import { TrafficTab } from './traffic-tab.tsx'

const windows = trafficWindows.map((id) => ({ id, name: `${Number.parseInt(id, 10)} ${id.endsWith('h') ? 'h' : 'd'}` }))

const route = getRouteApi('/deployments/$name')

/** One deployment: what it answers now, how well, and whether what it reads is what it was trained on. */
export function DeploymentPage() {
  const { name } = route.useParams()
  const { window } = route.useSearch()
  const query = useQuery(deploymentQuery(name, window))
  return <QueryView query={query}>{(report) => <DeploymentParts report={report} />}</QueryView>
}

function DeploymentParts({ report }: { readonly report: DeploymentReport }) {
  const { tab, window = '7d' } = route.useSearch()
  const navigate = route.useNavigate()
  const tabs: readonly Tab[] = [
    { id: 'traffic', title: 'Traffic', content: <TrafficTab report={report} /> },
    { id: 'performance', title: 'Performance', content: <PerformanceTab report={report} /> },
    { id: 'versions', title: 'Champion and shadow', content: <ArmsTab report={report} /> },
    { id: 'inputs', title: 'Inputs and drift', content: <ColumnsTab report={report} /> },
    { id: 'parity', title: 'Parity', content: <ParityTab report={report} /> },
    { id: 'predictions', title: 'Predictions', content: <PredictionsTab deployment={report.name} /> },
    { id: 'request', title: 'Send a request', content: <RequestTab report={report} /> },
    {
      id: 'definition',
      title: 'Definition',
      content: (
        <Card title="As it is written">
          <Definition definition={report.definition} />
        </Card>
      ),
    },
  ]
  const shown = tabs.some(({ id }) => id === tab) ? (tab ?? 'traffic') : 'traffic'
  return (
    <Page
      kind="Deployment"
      name={report.name}
      badges={<Badge tone={toneOf(report.state)}>{report.state.replace('_', ' ')}</Badge>}
      description={<Description report={report} />}
      actions={
        <Segments<TrafficWindow>
          label="How far back traffic is told"
          choices={windows}
          value={window}
          onChange={(next) =>
            void navigate({ search: (before) => ({ ...before, window: next }), replace: true, resetScroll: false })
          }
        />
      }
    >
      {report.hold === null ? null : (
        <p className="rounded-lg border border-line bg-warn-soft px-4 py-2.5 text-sm text-warn">
          Rolled back to {report.hold.version ?? 'no version'} since {report.hold.since.slice(0, 16).replace('T', ' ')}{' '}
          UTC by {report.hold.by}: {report.hold.reason}
        </p>
      )}
      {report.reason === null ? null : (
        <p className="text-sm text-warn">
          <Prose text={report.reason} />
        </p>
      )}
      <HeadFigures report={report} />
      <Tabs
        label="Parts of the deployment"
        tabs={tabs}
        value={shown}
        onChange={(id) =>
          void navigate({
            search: ({ window }) => ({ ...(window === undefined ? {} : { window }), tab: id }),
            replace: true,
            resetScroll: false,
          })
        }
      />
    </Page>
  )
}

function Description({ report }: { readonly report: DeploymentReport }) {
  const { description, owner, model, moment, versions, timeout_ms, fallbacks, log } = report
  const champion = versions.find(({ part }) => part === 'champion')
  const shadows = versions.filter(({ part }) => part === 'shadow')
  return (
    <>
      {description === null ? null : <>{description} </>}
      {champion === undefined ? 'Fallbacks answer' : <VersionLink version={champion.version} />}
      {shadows.length === 0 ? null : (
        <>
          {' '}
          beside shadow{' '}
          {shadows.map(({ version }) => (
            <VersionLink key={version} version={version} />
          ))}
        </>
      )}{' '}
      at the moment <strong className="font-medium text-ink">{moment}</strong>, model{' '}
      <TextLink to="/models/$name" params={{ name: model }}>
        {model}
      </TextLink>
      . Answers within {formatDuration(timeout_ms)}, else {fallbacks.join(', then ') || 'nobody'}; the log is{' '}
      {log === 'required' ? 'required' : 'best effort'}
      {owner === null ? '.' : `; owner ${owner}.`}
    </>
  )
}
