import type { VersionDetail } from '../../../../src/http/reports.ts'
import { formatShare, formatValue } from '../../format/number.ts'
import { Card, EmptyState, TextLink } from '../../ui/index.ts'

/** Inputs by how much they decided, in the measure of the trainer. */
export function ImportanceCard({ version }: { readonly version: VersionDetail }) {
  const { importance, trainer, inputs } = version
  const most = Math.max(1e-12, ...importance.map(({ share }) => share))
  const views = new Map(inputs.map((input) => [input.column, input.feature_view]))
  return (
    <Card title="Importance" over={`${measureOf(trainer)}, share of all inputs`}>
      {importance.length === 0 ? (
        <EmptyState compact title="The trainer reported none." />
      ) : (
        <table className="w-full text-sm">
          <caption className="sr-only">Inputs by importance</caption>
          <thead className="sr-only">
            <tr>
              <th scope="col">Input</th>
              <th scope="col">Share</th>
            </tr>
          </thead>
          <tbody>
            {importance.map(({ name, share, gain, from }) => {
              const view = views.get(name)
              return (
                <tr key={name}>
                  <th
                    scope="row"
                    className="w-px py-0.5 pr-3 text-left font-normal whitespace-nowrap"
                    title={from ?? undefined}
                  >
                    {view == null ? (
                      <span className="text-xs">{name}</span>
                    ) : (
                      <TextLink
                        to="/feature-views/$name"
                        params={{ name: view }}
                        search={featureOf(from)}
                        className="text-xs"
                      >
                        {name}
                      </TextLink>
                    )}
                  </th>
                  <td className="py-0.5" title={`${formatValue(gain)} in the trainer's measure`}>
                    <span className="flex items-center gap-2">
                      <span
                        aria-hidden
                        className="h-3 min-w-px rounded-sm bg-series-1"
                        style={{ width: `${(78 * share) / most}%` }}
                      />
                      <span className="figure text-xs whitespace-nowrap text-muted">{formatShare(share)}</span>
                    </span>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
    </Card>
  )
}

const measures: Readonly<Record<string, string>> = {
  'gradient-boosting': 'gain of all splits on the input',
  'logistic-regression': 'standard deviation of the input’s part of the score',
}

const measureOf = (trainer: string): string => measures[trainer] ?? "the trainer's own measure"

/** `airport_departures:flights_2h for origin` names the feature to show. */
export function featureOf(from: string | null): { feature?: string } {
  const feature = /^[^:]+:(\S+)/.exec(from ?? '')?.[1]
  return feature === undefined ? {} : { feature }
}
