import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ModelReport, VersionDetail } from '../../../../src/http/reports.ts'
import { modelQuery } from '../../api/queries.ts'
import { DistributionChart } from '../../charts/index.ts'
import { formatInterval, plural } from '../../format/number.ts'
import { formatSpan } from '../../format/time.ts'
import { Badge, Card, EmptyState, Facts, Grid, Page, QueryView, Tabs, TextLink, toneOf } from '../../ui/index.ts'
import { CheckList } from '../check/check-list.tsx'
import { Definition } from '../definition/definition.tsx'
import { ParametersCard } from '../run/parameters.tsx'
import { StartTraining } from '../run/start-training.tsx'
import { CalibrationChart } from './calibration-chart.tsx'
import { ImportanceCard } from './importance.tsx'
import { RocChart } from './roc-chart.tsx'
import { SliceCard } from './slice-chart.tsx'
import { LineageTab } from './version-lineage.tsx'
import { VersionSummary, VersionsPlot } from './version-summary.tsx'
import { RunsCard, VersionsTab } from './versions-table.tsx'

const route = getRouteApi('/models/$name')

/** A model: one of its versions in full, what decided it, what it is made of, and the way to all others. */
export function ModelPage() {
  const { name } = route.useParams()
  const { version } = route.useSearch()
  const query = useQuery(modelQuery(name, version))
  return (
    <QueryView query={query}>
      {(model) => (
        <Page
          kind="Model"
          name={model.name}
          badges={
            <>
              <Badge tone={model.tier === 'critical' ? 'accent' : 'neutral'}>{model.tier}</Badge>
              {model.owner === null ? null : <Badge>{model.owner}</Badge>}
            </>
          }
          description={model.description}
          actions={<StartTraining model={model.name} />}
        >
          {model.selected === null ? <Untrained model={model} /> : <Trained model={model} version={model.selected} />}
        </Page>
      )}
    </QueryView>
  )
}

function Untrained({ model }: { readonly model: ModelReport }) {
  return (
    <>
      <EmptyState title="No version yet.">
        Train it here, or with <code>noonmark train {model.name}</code>. A run that is stopped before its trainer begins
        makes none.
      </EmptyState>
      <Grid>
        <RunsCard model={model} />
        <Card title="Definition">
          <Definition definition={model.definition} />
        </Card>
      </Grid>
    </>
  )
}

function Trained({ model, version }: { readonly model: ModelReport; readonly version: VersionDetail }) {
  const { tab = 'performance' } = route.useSearch()
  const navigate = useNavigate({ from: '/models/$name' })
  const passed = version.checks.filter((check) => check.passed).length
  return (
    <>
      <VersionSummary model={model} version={version} />
      <Tabs
        label={`Parts of ${version.version}`}
        value={tab}
        onChange={(id) => void navigate({ search: (before) => ({ ...before, tab: id }), replace: true })}
        tabs={[
          { id: 'performance', title: 'Performance', content: <Performance model={model} version={version} /> },
          {
            id: 'checks',
            title: `Checks ${passed}/${version.checks.length}`,
            content: (
              <CheckList
                checks={version.checks}
                over={`of ${version.version}, on ${plural(version.validation.rows, 'validation row')}`}
              />
            ),
          },
          { id: 'lineage', title: 'Data and lineage', content: <LineageTab model={model} version={version} /> },
          { id: 'versions', title: `Versions ${model.versions.length}`, content: <VersionsTab model={model} /> },
          { id: 'definition', title: 'Definition', content: <DefinitionTab model={model} version={version} /> },
        ]}
      />
    </>
  )
}

function Performance({ model, version }: { readonly model: ModelReport; readonly version: VersionDetail }) {
  const { curves, baseline_curves: baseline, validation } = version
  const auc = formatInterval(validation.auc, validation.auc_low, validation.auc_high)
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <Card title="ROC curve">
        {curves.roc.length === 0 ? (
          <EmptyState compact title="Rows of one class only have no ROC curve." />
        ) : (
          <RocChart
            version={version.version}
            curves={curves}
            baseline={baseline}
            auc={auc}
            positiveRate={validation.positive_rate}
          />
        )}
      </Card>
      <Card title="Calibration">
        <CalibrationChart
          version={version.version}
          curves={curves}
          baseline={baseline}
          error={validation.calibration_error}
        />
      </Card>
      <SliceCard version={version} />
      <ImportanceCard version={version} />
      {curves.scores.length === 0 ? null : <Scores version={version} />}
      <Card title="Versions beside each other" over="AUC on the validation rows of each, 95 % intervals">
        <VersionsPlot model={model} />
      </Card>
    </div>
  )
}

/** Probabilities of each label: the further they part, the better they are told apart. */
function Scores({ version }: { readonly version: VersionDetail }) {
  const { scores } = version.curves
  const { rows, positives } = version.validation
  const series = (name: string, color: 1 | 2, total: number, countOf: (bin: (typeof scores)[number]) => number) => ({
    name,
    color,
    bins: scores.map((bin) => ({
      low: bin.low,
      high: bin.high,
      count: countOf(bin),
      share: total === 0 ? 0 : countOf(bin) / total,
    })),
  })
  return (
    <Card title="Scores by label" over="share of the rows of each label">
      <DistributionChart
        label={`Probabilities of ${version.version} by label`}
        series={[
          series(`label 0, ${plural(rows - positives, 'row')}`, 1, rows - positives, ({ negatives }) => negatives),
          series(`label 1, ${plural(positives, 'row')}`, 2, positives, (bin) => bin.positives),
        ]}
        height={240}
        over="Probability on the validation rows, in bins of equal width"
      />
    </Card>
  )
}

function DefinitionTab({ model, version }: { readonly model: ModelReport; readonly version: VersionDetail }) {
  return (
    <div className="space-y-4">
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
        <Card title="What is predicted">
          <Facts
            facts={[
              ['At', `the moment ${model.moment}`],
              ['Label', `${model.label.means} of ${model.label.source}, within ${formatSpan(model.label.within_ms)}`],
              ['Trainer', model.trainer],
              ['Baseline', model.has_baseline ? 'a rule, see the definition' : 'none'],
              ['Checks', model.declared_checks.join(', ') || 'none'],
              [
                'Answers in',
                model.deployments.length === 0 ? (
                  'no deployment'
                ) : (
                  <ul key="deployments">
                    {model.deployments.map(({ name, state, champion }) => (
                      <li key={name}>
                        <TextLink to="/deployments/$name" params={{ name }}>
                          {name}
                        </TextLink>{' '}
                        <Badge tone={toneOf(state)}>{state.replace('_', ' ')}</Badge>{' '}
                        <span className="text-muted">{champion ?? 'no version pinned'}</span>
                      </li>
                    ))}
                  </ul>
                ),
              ],
            ]}
          />
        </Card>
        <ParametersCard parameters={version.parameters} trainer={version.trainer} seed={version.seed} />
      </div>
      <Card title="Definition" over="as it stands in the project now">
        <Definition definition={model.definition} />
      </Card>
    </div>
  )
}
