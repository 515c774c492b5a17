import type { Check } from '../../../../src/http/reports.ts'
import { formatCount, formatDifference, formatFixed, formatRange, formatValue } from '../../format/number.ts'
import { Badge, type Column, DataTable, Facts } from '../../ui/index.ts'
import { type ExampleDetail, type LeakageDetail, readDetail, type SliceDetail, type SliceFound } from './read-detail.ts'

const digits = (value: number): string => formatFixed(value, 4)

/** What decided a check, by its kind; one that this page does not know is shown as it was written. */
export function CheckDetail({ check }: { readonly check: Check }) {
  const detail = readDetail(check)
  switch (detail.check) {
    case 'beats_baseline':
      return (
        <Facts
          facts={[
            ['This version', `${digits(Math.abs(detail.model ?? Number.NaN))} on ${formatCount(detail.rows)} rows`],
            ['Baseline rule', `${digits(Math.abs(detail.baseline ?? Number.NaN))} on the same rows`],
            [
              'Better by',
              `${formatDifference(detail.gain, 4)} ${formatRange(detail.low, detail.high, (value) => formatDifference(value, 4))}`,
            ],
            ...(detail.by === null ? [] : [['Asked', `at least ${detail.by}`] as const]),
          ]}
        />
      )
    case 'slice':
      return <Slices detail={detail} />
    case 'example':
      return <Example detail={detail} />
    case 'leakage':
      return <Leakage detail={detail} />
    case 'other':
      return <pre className="overflow-x-auto rounded-lg bg-sunken p-3 text-xs">{detail.text}</pre>
  }
}

function Slices({ detail }: { readonly detail: SliceDetail }) {
  const { champion, column, metric, tolerance, slices } = detail
  const fails = ({ judged, worseBy }: SliceFound): boolean =>
    judged && tolerance !== null && worseBy !== null && worseBy > tolerance
  const columns: Column<SliceFound>[] = [
    {
      id: 'value',
      header: column ?? 'Slice',
      value: ({ value }) => value,
      cell: ({ value }) => <span className="font-mono text-xs">{value ?? 'missing'}</span>,
    },
    { id: 'rows', header: 'Rows', align: 'right', value: ({ rows }) => rows, cell: ({ rows }) => formatCount(rows) },
    {
      id: 'model',
      header: `This version, ${metric ?? ''}`,
      align: 'right',
      value: ({ model }) => model,
      cell: ({ model }) => (model === null ? '–' : digits(Math.abs(model))),
    },
    {
      id: 'champion',
      header: champion ?? 'Champion',
      align: 'right',
      from: 'sm',
      value: ({ champion: before }) => before,
      cell: ({ champion: before }) => (before === null ? '–' : digits(Math.abs(before))),
    },
    {
      id: 'worse',
      header: 'Worse by',
      align: 'right',
      value: ({ worseBy }) => worseBy,
      cell: (slice) =>
        slice.worseBy === null ? (
          <span className="text-faint">too few rows</span>
        ) : (
          <span className={fails(slice) ? 'font-medium text-bad' : undefined}>
            {formatDifference(slice.worseBy, 4)}{' '}
            <span className="hidden text-xs text-muted lg:inline">
              {formatRange(slice.low, slice.high, (value) => formatDifference(value, 4))}
            </span>
          </span>
        ),
    },
    {
      id: 'verdict',
      header: 'Verdict',
      cell: (slice) =>
        slice.judged ? (
          <Badge tone={fails(slice) ? 'bad' : 'good'}>{fails(slice) ? 'worse' : 'within'}</Badge>
        ) : (
          <Badge>not judged</Badge>
        ),
    },
  ]
  if (slices.length === 0) return null
  return (
    <DataTable
      caption={`Slices of ${column ?? 'a column'}, this version against ${champion}`}
      columns={tolerance === null ? columns.slice(0, -1) : columns}
      rows={slices}
      rowKey={({ value }) => value ?? ' missing'}
      sort={{ id: 'worse', descending: true }}
      inset={false}
    />
  )
}

function Example({ detail }: { readonly detail: ExampleDetail }) {
  const { row, probability, atLeast, atMost } = detail
  return (
    <Facts
      facts={[
        ...Object.entries(row).map(([name, value]) => [<code key={name}>{name}</code>, String(value)] as const),
        ['All other inputs', 'missing'],
        ['Probability', digits(probability)],
        ['Asked', `between ${atLeast} and ${atMost}`],
      ]}
    />
  )
}

function Leakage({ detail }: { readonly detail: LeakageDetail }) {
  const { futureColumns, differences, different, compared, overlap, nearLabel } = detail
  return (
    <div className="space-y-4 text-sm">
      {futureColumns.map(({ source, column, laterRows, rows, inputs, example }) => (
        <div key={`${source}.${column}`}>
          <p className="font-medium">
            <code className="font-mono text-xs">
              {source}.{column}
            </code>{' '}
            lies later than its row was known in {formatCount(laterRows)} of {formatCount(rows)} rows
          </p>
          <Facts
            className="mt-1.5"
            facts={[
              ['For example', `known at ${example.known}, says ${example.value}`],
              ['Features that know the future', inputs.join(', ')],
            ]}
          />
        </div>
      ))}
      {compared === null ? null : (
        <p className="text-muted">
          {formatCount(compared)} sampled values were computed again from sources cut at the moment;{' '}
          {formatCount(different)} differed.
        </p>
      )}
      {differences.length === 0 ? null : (
        <DataTable
          caption="Values that differed when they were computed again"
          inset={false}
          rows={differences}
          rowKey={({ input, row }) => `${input} ${row}`}
          columns={[
            { id: 'input', header: 'Input', value: ({ input }) => input },
            { id: 'row', header: 'Row', align: 'right', value: ({ row }) => row },
            { id: 'at', header: 'As of', value: ({ asOf }) => asOf, from: 'sm' },
            { id: 'stored', header: 'In the set', align: 'right', cell: ({ stored }) => shown(stored) },
            { id: 'again', header: 'Computed again', align: 'right', cell: ({ recomputed }) => shown(recomputed) },
          ]}
        />
      )}
      {nearLabel.length === 0 ? null : (
        <Facts facts={nearLabel.map(({ name, auc }) => [name, `alone has AUC ${formatFixed(auc, 4)}`] as const)} />
      )}
      {overlap.length === 0 ? null : (
        <DataTable
          caption="Entities in training and validation"
          inset={false}
          rows={overlap}
          rowKey={({ role }) => role}
          columns={[
            { id: 'role', header: 'Entity role', value: ({ role }) => role },
            { id: 'training', header: 'In training', align: 'right', value: ({ training }) => training },
            { id: 'validation', header: 'In validation', align: 'right', value: ({ validation }) => validation },
            { id: 'both', header: 'In both', align: 'right', value: ({ both }) => both },
          ]}
        />
      )}
    </div>
  )
}

const shown = (value: unknown): string => (typeof value === 'number' ? formatValue(value) : String(value ?? 'null'))
