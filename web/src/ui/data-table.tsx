import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_basic,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useMemo } from 'react'
import { classes } from './classes.ts'
import { ScrollRegion } from './scroll-region.tsx'

/** One column. What it sorts by is `value`; what it shows is `cell`, or the value. */
export interface Column<Row extends object> {
  readonly id: string
  readonly header: ReactNode
  /** Sorts by it; null is last. Left out where order means nothing. */
  readonly value?: (row: Row) => string | number | null
  readonly cell?: (row: Row) => ReactNode
  readonly align?: 'left' | 'right'
  /** From which width on it is shown: phones show what has none. */
  readonly from?: 'sm' | 'md' | 'lg' | 'xl' | '2xl'
  readonly className?: string
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { basic: sortFn_basic },
})

const shownFrom = {
  sm: 'hidden sm:table-cell',
  md: 'hidden md:table-cell',
  lg: 'hidden lg:table-cell',
  xl: 'hidden xl:table-cell',
  '2xl': 'hidden 2xl:table-cell',
} as const

/** A table that sorts by its headers. Arrow keys move between the links of its rows. */
export function DataTable<Row extends object>(props: {
  /** What the table is, for those who do not see the page around it. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly sort?: { readonly id: string; readonly descending?: boolean }
  readonly empty?: ReactNode
  /** In a card that is flush, cells keep away from the edge. */
  readonly inset?: boolean
}) {
  const { caption, columns, rows, rowKey, sort, empty, inset = true } = props
  const helper = useMemo(() => createColumnHelper<typeof features, Row>(), [])
  const definitions = useMemo(
    () =>
      helper.columns(
        columns.map((column) =>
          helper.accessor((row) => column.value?.(row) ?? undefined, {
            id: column.id,
            header: () => column.header,
            sortFn: 'basic',
            sortUndefined: 'last',
            enableSorting: column.value !== undefined,
          }),
        ),
      ),
    [columns, helper],
  )
  const data = useMemo(() => [...rows], [rows])
  const table = useTable({
    features,
    columns: definitions,
    data,
    getRowId: rowKey,
    enableSortingRemoval: false,
    initialState: { sorting: sort === undefined ? [] : [{ id: sort.id, desc: sort.descending ?? false }] },
  })
  if (rows.length === 0 && empty !== undefined) return <div className={inset ? 'px-4 pb-4' : ''}>{empty}</div>
  const byId = new Map(columns.map((column) => [column.id, column]))
  const cellClass = (column: Column<Row>) =>
    classes(
      column.from === undefined ? undefined : shownFrom[column.from],
      column.align === 'right' ? 'text-right' : 'text-left',
      inset && 'first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5',
      column.className,
    )
  return (
    <ScrollRegion label={caption}>
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} className="border-b border-line">
              {group.headers.map((header) => {
                const column = byId.get(header.column.id)!
                const sorted = header.column.getIsSorted()
                const order = sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : undefined
                return (
                  <th
                    key={header.id}
                    scope="col"
                    aria-sort={order}
                    className={classes('px-2 py-1.5 align-bottom text-xs font-medium text-muted', cellClass(column))}
                  >
                    {column.value === undefined ? (
                      column.header
                    ) : (
                      <button
                        type="button"
                        onClick={header.column.getToggleSortingHandler()}
                        className={classes(
                          'group inline-flex items-center gap-1 rounded align-bottom hover:text-ink',
                          column.align === 'right' ? 'flex-row-reverse text-right' : 'text-left',
                        )}
                      >
                        {column.header}
                        <SortMark sorted={sorted} />
                      </button>
                    )}
                  </th>
                )
              })}
            </tr>
          ))}
        </thead>
        <tbody onKeyDown={moveBetweenRows}>
          {table.getRowModel().rows.map((row) => (
            <tr key={row.id} className="border-b border-line last:border-0 hover:bg-sunken">
              {columns.map((column) => (
                <td key={column.id} className={classes('px-2 py-2 align-top', cellClass(column))}>
                  {column.cell?.(row.original) ?? column.value?.(row.original) ?? '–'}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  )
}

function SortMark({ sorted }: { readonly sorted: false | 'asc' | 'desc' }) {
  if (sorted === 'asc') return <ArrowUp size={12} aria-hidden />
  if (sorted === 'desc') return <ArrowDown size={12} aria-hidden />
  return (
    <ChevronsUpDown size={12} className="opacity-0 group-hover:opacity-60 group-focus-visible:opacity-60" aria-hidden />
  )
}

/** Up and down go to the first link or button of the row above and below. */
function moveBetweenRows(event: KeyboardEvent<HTMLTableSectionElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0 || !(event.target instanceof HTMLElement)) return
  if (event.target.closest('input, select, textarea') !== null) return
  const rows = [...event.currentTarget.rows]
  const row = event.target.closest('tr')
  const next = row === null ? undefined : rows[rows.indexOf(row) + step]
  const target = next?.querySelector<HTMLElement>('a, button')
  if (target == null) return
  event.preventDefault()
  target.focus()
}
