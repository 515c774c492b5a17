import type { OverviewFeatureView } from '../../../../src/http/reports.ts'
import { formatCount } from '../../format/number.ts'
import { formatMinute, formatSpan } from '../../format/time.ts'
import { type Column, DataTable, EmptyState, TextLink } from '../../ui/index.ts'

const columns: readonly Column<OverviewFeatureView>[] = [
  {
    id: 'name',
    header: 'Feature view',
    value: ({ name }) => name,
    cell: ({ name, owner, description }) => (
      <>
        <TextLink to="/feature-views/$name" params={{ name }}>
          {name}
        </TextLink>
        <div className="text-xs text-faint">{[owner, description].filter((text) => text !== null).join(' · ')}</div>
      </>
    ),
  },
  {
    id: 'entity',
    header: 'Of',
    from: 'sm',
    value: ({ entity }) => entity,
    cell: ({ entity, source }) => (
      <>
        {entity} <span className="text-faint">from {source}</span>
      </>
    ),
  },
  {
    id: 'features',
    header: 'Features',
    align: 'right',
    value: ({ features }) => features.length,
    cell: ({ features }) => <span title={features.join(', ')}>{formatCount(features.length)}</span>,
  },
  {
    id: 'fresh',
    header: 'Fresh up to',
    align: 'right',
    value: ({ frontier }) => frontier,
    cell: ({ frontier, lag_ms }) =>
      frontier === null ? (
        <span className="text-muted">unknown</span>
      ) : (
        <>
          {formatMinute(frontier)}
          <div className="text-xs text-faint">
            {lag_ms === null || lag_ms < 1000 ? 'as of the clock' : `${formatSpan(lag_ms)} behind the clock`}
          </div>
        </>
      ),
  },
  {
    id: 'models',
    header: 'Read by',
    from: 'md',
    cell: ({ models }) =>
      models.length === 0 ? (
        <span className="text-muted">no model</span>
      ) : (
        <ul>
          {models.map((name) => (
            <li key={name}>
              <TextLink to="/models/$name" params={{ name }}>
                {name}
              </TextLink>
            </li>
          ))}
        </ul>
      ),
  },
]

/** Feature views, and how fresh each is. */
export function FeatureViewTable({ views }: { readonly views: readonly OverviewFeatureView[] }) {
  return (
    <DataTable
      caption="Feature views"
      columns={columns}
      rows={views}
      rowKey={({ name }) => name}
      empty={
        <EmptyState compact title="No feature view is defined.">
          Write one in <code>features/</code> and apply the folder.
        </EmptyState>
      }
    />
  )
}
