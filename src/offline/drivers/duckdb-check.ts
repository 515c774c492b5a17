import type { DuckDBConnection } from '@duckdb/node-api'
import type { SourceSpec } from '../../define/index.ts'
import { noonmarkError } from '../../errors.ts'
import { quoted } from './duckdb-columns.ts'
import { type FileGroup, naiveTime, readFiles, type SourceColumns, unreadable } from './duckdb-files.ts'
import { askRows } from './duckdb-read.ts'

/** The most bytes that an id may have. */
const idLimitBytes = 200

/** The name under which DuckDB tells the file of a row. */
const fileColumn = '_noonmark_file'

/** Something that no row of a file may be. */
interface Fault {
  readonly column: string
  readonly kind: 'invalid' | 'naive' | 'missing' | 'long'
  /** SQL that is true for a row with the fault. */
  readonly sql: string
}

/**
 * Looks at every value of every declared column in one pass and refuses the files if one does not fit.
 * @returns the rows of each file
 * @throws source_value_invalid, source_value_missing, source_time_naive with the number of rows and the first of them
 */
export async function checkValues(
  connection: DuckDBConnection,
  source: SourceSpec,
  group: FileGroup,
  columns: SourceColumns,
): Promise<Map<string, number>> {
  const faults = faultsOf(source, columns)
  const counts = faults.map(({ sql }, i) => `count(*) FILTER (WHERE ${sql}) AS ${quoted(`fault_${i}`)}`)
  const owner = `source ${source.name}`
  let rows: Record<string, unknown>[]
  try {
    const selected = [`${fileColumn} AS path`, 'count(*) AS total', ...counts].join(', ')
    rows = await askRows(
      connection,
      `SELECT ${selected} FROM ${readFiles(group, [`filename = '${fileColumn}'`])} GROUP BY ALL`,
    )
  } catch (cause) {
    throw timeZoneError(source, cause) ?? unreadable(group.paths.join(', '), owner, cause)
  }
  const byPath = new Map(rows.map((row) => [String(row.path), row]))
  for (const path of group.paths) {
    const row = byPath.get(path)
    const found = faults.findIndex((_, i) => Number(row?.[`fault_${i}`] ?? 0) > 0)
    if (found >= 0)
      throw await describeFault(
        connection,
        source,
        { ...group, paths: [path] },
        faults[found]!,
        Number(row![`fault_${found}`]),
      )
  }
  return new Map(group.paths.map((path) => [path, Number(byPath.get(path)?.total ?? 0)]))
}

function faultsOf(source: SourceSpec, columns: SourceColumns): Fault[] {
  const faults: Fault[] = []
  for (const [column, spec] of Object.entries(source.columns)) {
    const { value, invalid, naive } = columns.get(column)!
    if (invalid !== null) faults.push({ column, kind: 'invalid', sql: invalid })
    if (naive !== null) faults.push({ column, kind: 'naive', sql: naive })
    if (spec.nullability === 'required') faults.push({ column, kind: 'missing', sql: `(${value}) IS NULL` })
    if (column === source.id) faults.push({ column, kind: 'long', sql: `strlen(${value}) > ${idLimitBytes}` })
  }
  return faults
}

async function describeFault(
  connection: DuckDBConnection,
  source: SourceSpec,
  group: FileGroup,
  fault: Fault,
  count: number,
) {
  const { column, kind } = fault
  const names = Object.keys(source.columns).filter((name) => group.shape.columns.has(name))
  const shown = [column, ...names.filter((name) => name !== column)].slice(0, 8)
  const json = `to_json(struct_pack(${shown.map((name) => `${quoted(name)} := ${quoted(name)}`).join(', ')}))`
  const cells = [...group.shape.columns.keys()].map((name) => quoted(name))
  const breaks =
    group.shape.format === 'csv'
      ? cells.map((cell) => `coalesce(length(${cell}) - length(replace(${cell}, chr(10), '')), 0)`).join(' + ')
      : '0'
  // Lines are counted, not records: a quoted cell may hold line breaks.
  const numbered = `SELECT *, row_number() OVER () AS _record, coalesce(sum(${breaks}) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS _breaks FROM ${readFiles(group)}`
  const [example] = await askRows(
    connection,
    `SELECT CAST(_record AS DOUBLE) AS record, CAST(_breaks AS DOUBLE) AS breaks, CAST(${quoted(column)} AS VARCHAR) AS value, CAST(${json} AS VARCHAR) AS example FROM (${numbered}) WHERE ${fault.sql} LIMIT 1`,
  )
  const record = Number(example?.record)
  const line = group.shape.format === 'csv' ? `line ${record + 1 + Number(example?.breaks)}` : `row ${record}`
  const value = String(example?.value)
  const where = `${group.paths[0]}, ${line}`
  const more = count === 1 ? '' : ` (${count} rows in all)`
  if (kind === 'naive') return naiveTime(source, column, `${where} has '${value}', without an offset from UTC${more}`)
  const owner = `source ${source.name}`
  const path = `${owner} > columns.${column}`
  if (kind === 'missing') {
    const why =
      column === source.eventTime ? 'the event time' : column === source.id ? 'the id' : 'declared `.required()`'
    return noonmarkError('source_value_missing', {
      message: `${owner}: '${column}' is ${why} and is null in ${where}${more}: ${String(example?.example)}.`,
      path,
    })
  }
  const spec = source.columns[column]!
  const wanted = kind === 'long' ? `an id of at most ${idLimitBytes} bytes` : `${spec.type}`
  return noonmarkError('source_value_invalid', {
    message: `${owner}: '${column}' is not ${wanted} in ${where}${more}: ${value}.`,
    path,
  })
}

/** Whether a query failed because its engine does not know the source's zone. */
function timeZoneError(source: SourceSpec, cause: unknown) {
  if (source.timeZone === null || !String(cause).includes('Unknown TimeZone')) return null
  return noonmarkError('time_zone_unknown', {
    message: `'${source.timeZone}' is not a time zone that DuckDB knows.`,
    path: `source ${source.name} > timeZone`,
    cause,
  })
}
