import { useQuery } from '@tanstack/react-query'
import type { Overview } from '../../../../src/http/reports.ts'
import { overviewQuery } from '../../api/queries.ts'
import { formatCount } from '../../format/number.ts'
import { formatMinute } from '../../format/time.ts'
import { Card, EmptyState, Page, QueryView } from '../../ui/index.ts'
import { AttentionList } from './attention-list.tsx'
import { DeploymentCard } from './deployment-card.tsx'
import { FeatureViewTable } from './feature-view-table.tsx'
import { ModelTable } from './model-table.tsx'
import { MomentRow } from './moment-card.tsx'

/** The first page: what is there, what it does now, and what a person should look at. */
export function OverviewPage() {
  const query = useQuery(overviewQuery)
  return <QueryView query={query}>{(overview) => <OverviewParts overview={overview} />}</QueryView>
}

function OverviewParts({ overview }: { readonly overview: Overview }) {
  const { project, applied, report, attention, moments, deployments, models, feature_views } = overview
  const nothing = [moments, deployments, models, feature_views].every((list) => list.length === 0)
  return (
    <Page
      kind="Project"
      name={project}
      description={
        applied === null
          ? 'Nothing is applied yet.'
          : `Revision ${applied.revision}, applied ${formatMinute(applied.at)} by ${applied.by}.`
      }
      actions={
        report === null ? null : (
          <p className="text-xs text-faint sm:text-right">
            Monitors measured {formatMinute(report.made_at)}
            <br />
            over {formatCount(report.predictions)} predictions; outcomes known before {formatMinute(report.cut)}
          </p>
        )
      }
    >
      <AttentionList items={attention} />
      {nothing ? (
        <Card>
          <EmptyState title="This project defines nothing yet.">
            Write an entity and a source in <code>features/</code>, a moment in <code>moments/</code>, a model in{' '}
            <code>models/</code>, then run <code>noonmark plan</code> and <code>noonmark apply</code>. Under{' '}
            <code>noonmark dev</code> a saved file is applied by itself.
          </EmptyState>
        </Card>
      ) : (
        <>
          <section aria-labelledby="deployments" className="space-y-3">
            <h2 id="deployments" className="text-[0.95rem] font-semibold tracking-tight">
              Deployments
            </h2>
            {deployments.length === 0 ? (
              <Card>
                <EmptyState compact title="Nothing is deployed.">
                  Train a model, then <code>noonmark deploy model:1 --to name</code>.
                </EmptyState>
              </Card>
            ) : (
              deployments.map((deployment) => (
                <DeploymentCard key={deployment.name} deployment={deployment} report={report} />
              ))
            )}
          </section>
          <Card title="Moments">
            {moments.length === 0 ? (
              <EmptyState compact title="No moment is defined." />
            ) : (
              <ul className="-my-3 divide-y divide-line">
                {moments.map((moment) => (
                  <MomentRow key={moment.name} moment={moment} />
                ))}
              </ul>
            )}
          </Card>
          <Card title="Models" flush>
            <ModelTable models={models} />
          </Card>
          <Card title="Feature views" flush>
            <FeatureViewTable views={feature_views} />
          </Card>
        </>
      )}
    </Page>
  )
}
