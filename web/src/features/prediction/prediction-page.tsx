import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { type Prediction, predictionQuery } from '../../api/predictions.ts'
import { formatFixed, formatMilliseconds } from '../../format/number.ts'
import { formatInstant } from '../../format/time.ts'
import { keyText, outcomeText, valueText } from '../../format/value.ts'
import {
  Badge,
  Card,
  type Column,
  DataTable,
  Facts,
  Page,
  Prose,
  QueryView,
  Stat,
  TextLink,
  toneOf,
  VersionLink,
} from '../../ui/index.ts'
import { tookMs } from '../deployment/predictions-tab.tsx'

const route = getRouteApi('/predictions/$id')

/** One prediction: what was asked, what was known, what was said, what came true. */
export function PredictionPage() {
  const { id } = route.useParams()
  const query = useQuery(predictionQuery(id))
  return <QueryView query={query}>{(prediction) => <PredictionParts prediction={prediction} />}</QueryView>
}

function PredictionParts({ prediction }: { readonly prediction: Prediction }) {
  const {
    deployment,
    moment,
    key,
    at,
    as_of,
    entities,
    request,
    features,
    derived,
    output,
    model_version,
    answered_by,
    reason,
    detail,
    outcome,
  } = prediction
  const sources = Object.entries(as_of)
  return (
    <Page
      kind="Prediction"
      name={keyText(key)}
      badges={<Badge tone={toneOf(answered_by ?? 'failed')}>{answered_by ?? 'nobody answered'}</Badge>}
      description={
        <>
          <code className="font-mono text-xs">{prediction.prediction_id}</code> at the moment{' '}
          <strong className="font-medium text-ink">{moment}</strong>, by{' '}
          <TextLink to="/deployments/$name" params={{ name: deployment }} search={{ tab: 'predictions' }}>
            {deployment}
          </TextLink>
        </>
      }
    >
      <Card>
        <div className="grid grid-cols-2 gap-x-6 gap-y-5 lg:grid-cols-4">
          <Stat
            label={output === null ? 'Said' : `Said: ${Object.keys(output).join(', ')}`}
            value={
              output === null
                ? 'nothing'
                : Object.values(output)
                    .map((value) => formatFixed(value, 4))
                    .join(', ')
            }
            over={model_version === null ? (answered_by ?? '') : <VersionLink version={model_version} />}
          />
          <Stat
            label="Came true"
            value={outcome === undefined ? '–' : outcomeText(outcome.label, outcome.status)}
            over={outcomeOver(outcome)}
          />
          <Stat label="Moment" size="medium" value={formatInstant(at)} over="UTC" />
          <Stat
            label="Took"
            value={formatMilliseconds(tookMs(prediction))}
            over={<Latency prediction={prediction} />}
          />
        </div>
        {reason === null ? null : (
          <div className="mt-4 rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn">
            No version answered: <code className="font-mono">{reason}</code>
            {detail === null ? null : (
              <p className="mt-1 break-words text-ink">
                <Prose text={detail} />
              </p>
            )}
          </div>
        )}
      </Card>
      <div className="grid gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Card
          title="Features"
          over={`as of ${sources.map(([source, time]) => `${source} ${formatInstant(time)}`).join(', ') || 'no source'} UTC`}
          flush
        >
          <DataTable
            caption="Features"
            columns={featureColumns(entities)}
            rows={features}
            rowKey={({ role, feature }) => `${role} ${feature}`}
            empty={<p className="text-sm text-muted">It read no feature.</p>}
          />
        </Card>
        <div className="space-y-4">
          <Card title="Asked with">
            <Facts
              facts={[
                ...Object.entries(key).map(([name, value]) => [name, valueText(value)] as const),
                ...Object.entries(entities).map(([role, entity]) => [role, keyText(entity)] as const),
                ...Object.entries(request).map(([name, value]) => [name, valueText(value)] as const),
              ]}
            />
          </Card>
          {Object.keys(derived).length === 0 ? null : (
            <Card title="Derived">
              <Facts facts={Object.entries(derived).map(([name, value]) => [name, valueText(value)] as const)} />
            </Card>
          )}
          <Card title="Record">
            <Facts
              facts={[
                ['Known before', <Sources key="sources" sources={sources} />],
                ['Logged', `${formatInstant(prediction.logged_at)} UTC`],
                ['Arm', prediction.arm],
                [
                  'Model',
                  <TextLink key="model" to="/models/$name" params={{ name: prediction.model }}>
                    {prediction.model}
                  </TextLink>,
                ],
                [
                  'Manifest',
                  <code key="manifest" className="font-mono text-xs" title={prediction.manifest}>
                    {prediction.manifest.slice(0, 12)}
                  </code>,
                ],
              ]}
            />
          </Card>
        </div>
      </div>
    </Page>
  )
}

function outcomeOver(outcome: Prediction['outcome']): string {
  if (outcome === undefined) return 'nobody can tell here'
  const { status, at } = outcome
  if (status === 'open') return 'its horizon has not passed'
  if (status === 'absent') return 'its horizon passed without an outcome'
  return at === null ? status : `${status}, ${formatInstant(at)} UTC`
}

function Latency({ prediction: { latency_ms } }: { readonly prediction: Prediction }) {
  const parts = Object.entries(latency_ms).filter(([, ms]) => ms > 0)
  return <>{parts.map(([name, ms]) => `${name} ${formatMilliseconds(ms)}`).join(', ')}</>
}

function Sources({ sources }: { readonly sources: readonly (readonly [string, string])[] }) {
  return (
    <ul>
      {sources.map(([source, time]) => (
        <li key={source}>
          {formatInstant(time)} UTC <span className="text-faint">in {source}</span>
        </li>
      ))}
    </ul>
  )
}

const featureColumns = (entities: Prediction['entities']): readonly Column<Prediction['features'][number]>[] => [
  {
    id: 'role',
    header: 'Role',
    value: ({ role }) => role,
    cell: ({ role }) => (
      <>
        {role}
        <div className="text-xs text-faint">{entities[role] === undefined ? '' : keyText(entities[role])}</div>
      </>
    ),
  },
  {
    id: 'feature',
    header: 'Feature',
    value: ({ feature }) => feature,
    cell: ({ feature, digest }) => {
      const [view = '', name = ''] = feature.split(':')
      return (
        <>
          <TextLink
            to="/feature-views/$name"
            params={{ name: view }}
            search={{ feature: name }}
            className="break-words"
          >
            {name}
          </TextLink>
          <div className="text-xs text-faint">
            {view}{' '}
            <code className="font-mono" title={digest}>
              {digest.slice(0, 8)}
            </code>
          </div>
        </>
      )
    },
  },
  {
    id: 'value',
    header: 'Value',
    align: 'right',
    cell: ({ value }) => (
      <span className="font-medium" title={typeof value === 'number' ? String(value) : undefined}>
        {valueText(value)}
      </span>
    ),
  },
  {
    id: 'status',
    header: 'Status',
    value: ({ status }) => status,
    cell: ({ status }) => <Badge tone={toneOf(status)}>{status}</Badge>,
  },
]
