import type { FeatureReport } from '../../../../src/http/reports.ts'
import { formatShare } from '../../format/number.ts'
import { Badge, type Column, classes, DataTable, TextLink, toneOf } from '../../ui/index.ts'

type Level = 'none' | 'some' | 'much'

/** The greatest drift of a feature in any deployment that reads it; null where it is not measured. */
export function driftOf({ uses }: FeatureReport): { readonly level: Level; readonly deployment: string } | null {
  const found = uses.flatMap(({ distributions }) =>
    distributions.flatMap(({ deployment, drift }) =>
      drift.flatMap(({ level }) => (level === null ? [] : [{ level, deployment }])),
    ),
  )
  const rank: Readonly<Record<Level, number>> = { none: 0, some: 1, much: 2 }
  return found.sort((one, other) => rank[other.level] - rank[one.level])[0] ?? null
}

const tones = { none: 'good', some: 'warn', much: 'bad' } as const

/** The features of a view; the one that the page shows is marked. */
export function FeatureTable(props: { readonly features: readonly FeatureReport[]; readonly selected: string }) {
  const { features, selected } = props
  return <DataTable caption="Features" columns={columnsOf(selected)} rows={features} rowKey={({ name }) => name} />
}

const columnsOf = (selected: string): readonly Column<FeatureReport>[] => [
  {
    id: 'name',
    header: 'Feature',
    value: ({ name }) => name,
    cell: ({ name, means, description }) => (
      <>
        <TextLink
          from="/feature-views/$name"
          to="."
          search={(before: { entity?: string }) => ({ ...before, feature: name })}
          resetScroll={false}
          className={classes('wrap-anywhere', name === selected && 'text-ink underline')}
        >
          {name}
        </TextLink>
        {name === selected ? <span className="sr-only"> shown</span> : null}
        <div className="font-mono text-2xs break-words text-muted">{means}</div>
        {description === null ? null : <div className="text-xs text-faint">{description}</div>}
      </>
    ),
  },
  { id: 'type', header: 'Type', from: 'sm', value: ({ type }) => type },
  {
    id: 'state',
    header: 'State',
    cell: ({ filling: { state, detail } }) => (
      <Badge tone={toneOf(state)} {...(detail === null ? {} : { title: detail })}>
        {state}
      </Badge>
    ),
  },
  {
    id: 'drift',
    header: 'Drift',
    cell: (feature) => {
      const drift = driftOf(feature)
      return drift === null ? (
        <span className="text-faint">–</span>
      ) : (
        <Badge tone={tones[drift.level]}>{drift.level}</Badge>
      )
    },
  },
  {
    id: 'missing',
    header: 'Missing now',
    align: 'right',
    from: 'md',
    value: (feature) => missingOf(feature),
    cell: (feature) => formatShare(missingOf(feature), 2),
  },
]

function missingOf({ uses }: FeatureReport): number | null {
  const rows = uses.reduce((sum, { over }) => sum + (over.rows ?? 0), 0)
  return rows === 0 ? null : uses.reduce((sum, { nulls }) => sum + nulls, 0) / rows
}
