import { DuckDBInstance } from '@duckdb/node-api'
import type { DtypeName } from '../../values/index.ts'
import type { ColumnProfile, FileProfile, LaterColumn } from '../file-profile.ts'
import { type ColumnSql, quoted, textColumn, typedColumn } from './duckdb-columns.ts'
import { text } from './duckdb-dialect.ts'
import { type FileKnowledge, type FileShape, readFiles, unreadable } from './duckdb-files.ts'
import { askRows } from './duckdb-read.ts'

type Connection = Awaited<ReturnType<DuckDBInstance['connect']>>

/** How many of a column's values are named. */
const mostFrequent = 3

/** Types in the order in which they are tried: the narrowest first. */
const tried: readonly DtypeName[] = ['bool', 'int', 'int64', 'float', 'timestamp']

/**
 * Looks at every value of a file: which type fits each column, what it holds, and which times lie later than which. A column of
 * text is tried as every type, as a source would read it.
 * @throws source_file_missing, source_file_unreadable
 */
export async function profileFile(knowledge: FileKnowledge, path: string): Promise<FileProfile> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1024MB', threads: '2' })
  const connection = await instance.connect()
  try {
    const isLines = /\.(jsonl|ndjson|json)$/i.test(path)
    const shape = isLines ? null : await knowledge.shape(connection, path, path)
    const from = isLines ? `read_json_auto(${text(path)})` : readFiles({ paths: [path], shape: shape! }) // else it has one
    await connection.run(`CREATE TEMP TABLE given AS SELECT * FROM ${from}`).catch((cause: unknown) => {
      throw unreadable(path, path, cause)
    })
    const columns = shape?.format === 'csv' ? shape.columns : await tableColumns(connection)
    const [{ rows = 0 } = {}] = await askRows(connection, 'SELECT CAST(count(*) AS DOUBLE) AS rows FROM given')
    const profiles: ColumnProfile[] = []
    for (const [name, fileType] of columns) profiles.push(await profileColumn(connection, name, fileType))
    return {
      format: isLines ? 'json lines' : shape!.format, // as above
      rows: Number(rows),
      columns: profiles,
      later: await laterColumns(connection, columns, profiles),
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** Writes a file again as Parquet or CSV, its columns under other names. @throws source_file_unreadable */
export async function rewriteFile(path: string, to: string, renamed: ReadonlyMap<string, string>): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1024MB', threads: '2' })
  const connection = await instance.connect()
  try {
    const from = /\.csv$/i.test(path)
      ? `read_csv(${text(path)}, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"')`
      : /\.(parquet|pq)$/i.test(path)
        ? `read_parquet(${text(path)})`
        : `read_json_auto(${text(path)})`
    const selected = [...renamed].map(([before, after]) => `${quoted(before)} AS ${quoted(after)}`).join(', ')
    const format = /\.csv$/i.test(to) ? 'FORMAT csv, HEADER' : 'FORMAT parquet'
    await connection.run(`COPY (SELECT ${selected} FROM ${from}) TO ${text(to)} (${format})`)
  } catch (cause) {
    throw unreadable(path, path, cause)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function tableColumns(connection: Connection): Promise<FileShape['columns']> {
  const rows = await askRows(connection, 'DESCRIBE given')
  return new Map(rows.map((row) => [String(row.column_name), String(row.column_type)]))
}

/** How a column is read as a type; null where no value of its file's type ever is. */
function readAs(type: DtypeName, name: string, fileType: string): ColumnSql | null {
  const spec = { type, nullability: 'default' as const }
  if (fileType === 'CSV') return textColumn(spec, quoted(name), 'UTC')
  const column = typedColumn(spec, quoted(name), fileType, 'UTC')
  return 'misfit' in column ? null : column
}

async function profileColumn(connection: Connection, name: string, fileType: string): Promise<ColumnProfile> {
  const column = quoted(name)
  const isText = fileType === 'CSV' || fileType === 'VARCHAR'
  const cell = isText ? `trim(${column})` : `CAST(${column} AS VARCHAR)`
  const asked = tried.map((type) => {
    const read = readAs(type, name, fileType)
    if (read === null) return 'false'
    const fits = read.invalid === null ? 'true' : `count(*) FILTER (WHERE ${read.invalid}) = 0`
    // 007 and 08540 are names that look like numbers.
    const named =
      isText && type !== 'bool' && type !== 'timestamp'
        ? `AND NOT bool_or(regexp_matches(${cell}, '^[+-]?0[0-9]'))`
        : ''
    return `(${fits} ${named})`
  })
  const [found = {}] = await askRows(
    connection,
    `SELECT CAST(count(*) - count(${column}) AS DOUBLE) AS nulls, CAST(count(DISTINCT ${column}) AS DOUBLE) AS distinct_values,
     ${asked.map((sql, i) => `${sql} AS fits_${i}`).join(', ')} FROM given`,
  )
  const empty = Number(found.distinct_values) === 0
  const type = empty ? 'string' : (tried.find((_, i) => found[`fits_${i}`] === true) ?? 'string')
  const frequent = await askRows(
    connection,
    `SELECT left(${cell}, 40) AS value, CAST(count(*) AS DOUBLE) AS rows FROM given WHERE ${column} IS NOT NULL
     GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${mostFrequent}`,
  )
  const profile = {
    name,
    type,
    nulls: Number(found.nulls),
    distinct: Number(found.distinct_values),
    frequent: frequent.map((row) => ({ value: String(row.value), rows: Number(row.rows) })),
    range: null,
    times: null,
  }
  const read = readAs(type, name, fileType)
  if (read === null || !['int', 'int64', 'float', 'timestamp'].includes(type)) return profile
  const naive =
    type !== 'timestamp'
      ? '0'
      : isText
        ? `count(*) FILTER (WHERE ${textColumn({ type, nullability: 'default' }, column, null).naive ?? 'false'})`
        : fileType === 'TIMESTAMP WITH TIME ZONE'
          ? '0'
          : `count(${column})`
  const [range = {}] = await askRows(
    connection,
    `SELECT CAST(min(${read.value}) AS DOUBLE) AS first, CAST(max(${read.value}) AS DOUBLE) AS last, CAST(${naive} AS DOUBLE) AS naive FROM given`,
  )
  const [first, last] = [Number(range.first), Number(range.last)]
  return type === 'timestamp'
    ? { ...profile, times: { first, last, naive: Number(range.naive) } }
    : { ...profile, range: { min: first, max: last } }
}

async function laterColumns(
  connection: Connection,
  columns: FileShape['columns'],
  profiles: readonly ColumnProfile[],
): Promise<LaterColumn[]> {
  const times = profiles.filter(({ type }) => type === 'timestamp').map(({ name }) => name)
  const value = (name: string): string => readAs('timestamp', name, columns.get(name)!)!.value // it was read so before
  const found: LaterColumn[] = []
  for (const earlier of times) {
    for (const later of times) {
      if (earlier === later) continue
      const [row = {}] = await askRows(
        connection,
        `SELECT CAST(count(*) FILTER (WHERE ${value(later)} > ${value(earlier)}) AS DOUBLE) AS rows,
         CAST(count(*) FILTER (WHERE ${value(later)} IS NOT NULL AND ${value(earlier)} IS NOT NULL) AS DOUBLE) AS both FROM given`,
      )
      found.push({ earlier, later, rows: Number(row.rows), both: Number(row.both) })
    }
  }
  return found
}
