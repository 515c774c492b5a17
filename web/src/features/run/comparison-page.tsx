import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { ArrowLeftRight } from 'lucide-react'
import type { RunComparison, RunDifference, RunReport } from '../../../../src/http/reports.ts'
import { type RunRow, runComparisonQuery, runsQuery } from '../../api/queries.ts'
import { IntervalPlot } from '../../charts/interval-plot.tsx'
import { formatDifference, formatFixed, formatInterval, plural } from '../../format/number.ts'
import { Badge, Button, Card, classes, EmptyState, Grid, Page, QueryView, TextLink } from '../../ui/index.ts'
import { VersionLink } from '../model/version-link.tsx'
import { LossChart } from './loss-chart.tsx'
import { valueText } from './parameters.tsx'
import { RunStatusBadge } from './run-status.tsx'

const route = getRouteApi('/runs/compare')

/** Two runs beside each other: what they were given, what they came to, and whether that may be compared at all. */
export function ComparisonPage() {
  const { first, second } = route.useSearch()
  const runs = useQuery(runsQuery()).data?.runs ?? []
  return (
    <Page
      name="Two runs"
      kind={<TextLink to="/runs">Runs</TextLink>}
      description="What differs between them, and by how much."
    >
      <Choices runs={runs} />
      {first === undefined || second === undefined ? (
        <EmptyState title="Choose two runs.">
          Their parameters, data, losses and metrics come to stand beside each other.
        </EmptyState>
      ) : (
        <Compared first={first} second={second} />
      )}
    </Page>
  )
}

function Choices({ runs }: { readonly runs: readonly RunRow[] }) {
  const { first, second } = route.useSearch()
  const navigate = useNavigate()
  const show = (search: { first?: string; second?: string }): void => void navigate({ to: '/runs/compare', search })
  const choice = (label: string, value: string | undefined, choose: (id: string) => void) => (
    <label className="flex min-w-0 flex-1 flex-col gap-1 text-xs text-muted">
      {label}
      <select
        value={runs.find(({ id }) => value !== undefined && id.endsWith(value))?.id ?? ''}
        onChange={(event) => choose(event.target.value)}
        className="w-full rounded-lg border border-line-strong bg-surface px-2.5 py-1.5 text-sm text-ink"
      >
        <option value="" disabled>
          choose a run
        </option>
        {runs.map(({ id, model, version, trainer, status }) => (
          <option key={id} value={id}>
            {id.slice(-8)} · {version ?? model} · {trainer.kind} · {status}
          </option>
        ))}
      </select>
    </label>
  )
  const rest = (search: { first?: string | undefined; second?: string | undefined }) =>
    Object.fromEntries(Object.entries(search).filter(([, id]) => id !== undefined))
  return (
    <div className="flex flex-wrap items-end gap-3">
      {choice('First', first, (id) => show(rest({ first: id, second })))}
      <Button
        aria-label="Swap the two"
        disabled={first === undefined || second === undefined}
        onClick={() => show(rest({ first: second, second: first }))}
      >
        <ArrowLeftRight size={16} aria-hidden />
      </Button>
      {choice('Second', second, (id) => show(rest({ first, second: id })))}
    </div>
  )
}

function Compared(ids: { readonly first: string; readonly second: string }) {
  const query = useQuery(runComparisonQuery(ids.first, ids.second))
  return <QueryView query={query}>{(comparison) => <Comparison comparison={comparison} />}</QueryView>
}

const nameOf = ({ version, id }: RunReport): string => version ?? id.slice(-8)

function Comparison({ comparison }: { readonly comparison: RunComparison }) {
  const { first, second, same_rows: sameRows } = comparison
  const facts = comparison.facts.filter(({ name }) => !ends.includes(name))
  const differing = facts.filter(({ differs }) => differs)
  // Two runs may have made the same version: then their ids tell them apart.
  const names: readonly [string, string] =
    nameOf(first) === nameOf(second) ? [first.id.slice(-8), second.id.slice(-8)] : [nameOf(first), nameOf(second)]
  const curves = [first, second].flatMap(({ curve }, index) =>
    curve === null || curve.points.length === 0 ? [] : [{ name: names[index] ?? '', curve }],
  )
  return (
    <>
      {sameRows ? null : (
        <p role="note" className="rounded-lg border border-line bg-warn-soft px-3 py-2 text-sm text-warn">
          The two were not validated on the same training set, so their metrics do not compare.
        </p>
      )}
      <Grid>
        <Card
          title="AUC on validation rows"
          over={sameRows ? `the same ${plural(first.validation?.rows ?? 0, 'row')} for both` : 'of different rows'}
        >
          {first.validation === null && second.validation === null ? (
            <EmptyState compact title="Neither was evaluated." />
          ) : (
            <AucPlot first={first} second={second} names={names} />
          )}
        </Card>
        <Card title="Loss" over={sameRows ? 'on the same rows' : 'on different rows'}>
          {curves.length === 0 ? (
            <EmptyState compact title="Neither reached an iteration." />
          ) : (
            <LossChart curves={curves} over="Mean over rows; solid on validation rows, dashed on training rows" />
          )}
        </Card>
      </Grid>
      <FactsTable
        title={differing.length === 0 ? 'The runs do not differ' : `${plural(differing.length, 'difference')}`}
        facts={differing}
        first={first}
        second={second}
      />
      <details className="rounded-xl">
        <summary className="w-fit rounded px-1 text-sm font-medium text-accent">
          {plural(facts.length - differing.length, 'fact')} that are the same
        </summary>
        <div className="mt-3">
          <FactsTable
            title="The same in both"
            facts={facts.filter(({ differs }) => !differs)}
            first={first}
            second={second}
          />
        </div>
      </details>
    </>
  )
}

function AucPlot(props: {
  readonly first: RunReport
  readonly second: RunReport
  readonly names: readonly [string, string]
}) {
  const { first, second, names } = props
  const row = (run: RunReport, name: string, color: 1 | 2) => ({
    name,
    color,
    value: run.validation?.auc ?? null,
    low: run.validation?.auc_low ?? null,
    high: run.validation?.auc_high ?? null,
    over: `${run.trainer}, ${plural(run.validation?.rows ?? 0, 'row')}`,
  })
  const rule = first.baseline ?? second.baseline
  return (
    <IntervalPlot
      label="AUC of both runs with 95 % intervals"
      rows={[
        row(first, names[0], 1),
        row(second, names[1], 2),
        ...(rule === null
          ? []
          : [
              {
                name: 'baseline',
                color: 3 as const,
                value: rule.auc,
                low: rule.auc_low,
                high: rule.auc_high,
                over: plural(rule.rows, 'row'),
              },
            ]),
      ]}
    />
  )
}

const groups: readonly (readonly [RunDifference['group'], string])[] = [
  ['metrics', 'Metrics on validation rows'],
  ['run', 'Run'],
  ['data', 'Data'],
  ['parameters', 'Parameters'],
]

/** Intervals stand beside their figure, not below it. */
const ends: readonly string[] = ['auc_low', 'auc_high']

function FactsTable(props: {
  readonly title: string
  readonly facts: readonly RunDifference[]
  readonly first: RunReport
  readonly second: RunReport
}) {
  const { title, facts, first, second } = props
  if (facts.length === 0) return null
  return (
    <Card title={title} flush>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable */}
      <section aria-label={`${title}, as a table`} tabIndex={0} className="overflow-x-auto">
        <table className="w-full text-sm">
          <thead>
            <tr className="border-b border-line text-xs text-muted">
              <th scope="col" className="py-1.5 pl-4 text-left font-medium sm:pl-5">
                <span className="sr-only">Fact</span>
              </th>
              {[first, second].map((run) => (
                <th key={run.id} scope="col" className="px-2 py-1.5 text-right align-bottom font-medium">
                  <TextLink to="/runs/$id" params={{ id: run.id }}>
                    {run.id.slice(-8)}
                  </TextLink>
                  <span className="mt-0.5 flex flex-wrap items-center justify-end gap-1.5 font-normal">
                    {run.version === null ? run.model : <VersionLink version={run.version} />}
                    <RunStatusBadge status={run.status} />
                  </span>
                </th>
              ))}
              <th scope="col" className="py-1.5 pr-4 text-right align-bottom font-medium sm:pr-5">
                Difference
              </th>
            </tr>
          </thead>
          {groups.map(([group, heading]) => {
            const rows = facts.filter((fact) => fact.group === group)
            if (rows.length === 0) return null
            return (
              <tbody key={group} className="border-b border-line last:border-0">
                <tr>
                  <th scope="rowgroup" colSpan={4} className="px-4 pt-3 pb-1 text-left sm:px-5">
                    <Badge>{heading}</Badge>
                  </th>
                </tr>
                {rows.map(({ name, first: one, second: other, difference }) => (
                  <tr key={name}>
                    <th scope="row" className="py-1 pl-4 text-left font-normal text-muted sm:pl-5">
                      {name}
                    </th>
                    <td className={cell}>{factText(one, name, first)}</td>
                    <td className={cell}>{factText(other, name, second)}</td>
                    <td
                      className={classes(
                        'py-1 pr-4 text-right whitespace-nowrap sm:pr-5',
                        difference === null && 'text-faint',
                      )}
                    >
                      {difference === null ? '–' : differenceText(difference)}
                    </td>
                  </tr>
                ))}
              </tbody>
            )
          })}
        </table>
      </section>
    </Card>
  )
}

const metrics = new Set(['auc', 'log_loss', 'brier', 'calibration_error', 'mean_probability', 'positive_rate'])

const cell = 'max-w-56 px-2 py-1 text-right break-words'

function factText(value: RunDifference['first'], name: string, { validation }: RunReport): string {
  if (value === null) return '–'
  if (typeof value !== 'number') return String(value)
  if (name === 'auc')
    return formatInterval(value, validation?.auc_low, validation?.auc_high, (one) => formatFixed(one, 4))
  return metrics.has(name) ? formatFixed(value, 4) : valueText(value)
}

function differenceText(difference: number): string {
  return Number.isInteger(difference) ? formatDifference(difference, 0) : formatDifference(difference, 4)
}
