// biome-ignore-all lint/complexity/useLiteralKeys: private fields of the library are reached by literal keys only
import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDoubleVector,
  DuckDBIntegerVector,
  type DuckDBType,
  DuckDBUTinyIntVector,
  type DuckDBVector,
  INTEGER,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api'
import { noonmarkError } from '../../errors.ts'
import type { Column, DtypeName, Table } from '../../values/index.ts'
import { quoted } from './duckdb-columns.ts'
import { text } from './duckdb-dialect.ts'
import { askRows, columnReader } from './duckdb-read.ts'

/** What stands in a table's Parquet metadata under `noonmark`. */
interface TableMetadata {
  readonly format: 1
  readonly rows: number
  readonly columns: readonly { readonly name: string; readonly type: DtypeName }[]
}

const chunkRows = 2048

/** Dictionaries of up to so many texts are written as a list in SQL. */
const listedTexts = 500

/**
 * Writes a table as Parquet (zstd), its rows in their order: bool, int64 for both kinds of whole numbers, double, varchar,
 * and timestamps in UTC. The types are kept in the file's metadata. The file appears whole or not at all.
 */
export async function writeTable(
  connection: DuckDBConnection,
  table: Table,
  path: string,
): Promise<{ rows: number; sizeBytes: number }> {
  const target = resolve(path)
  await mkdir(dirname(target), { recursive: true })
  const staged = `staged_${randomUUID().replaceAll('-', '')}`
  const partial = `${target}.${staged}.partial`
  const columns = Object.entries(table.columns).map(([name, column], place) => ({
    name,
    column,
    staging: stagingOf(column, `c${place}`),
  }))
  if (columns.length === 0)
    throw noonmarkError('table_invalid', { message: `${path}: a table needs at least one column.` })
  const fields = columns.flatMap(({ staging }) => staging.fields)
  await connection.run(`CREATE TEMP TABLE ${staged} (${fields.map(({ name, type }) => `${name} ${type}`).join(', ')})`)
  try {
    const appender = await connection.createAppender(staged)
    for (let row = 0; row < table.rows; row += chunkRows) {
      const count = Math.min(chunkRows, table.rows - row)
      const chunk = DuckDBDataChunk.create(
        fields.map(({ type }) => type),
        count,
      )
      let vector = 0
      for (const { staging } of columns)
        for (const { fill } of staging.fields) {
          const into = chunk.getColumnVector(vector++)
          fill(into, row, count)
          into.flush()
        }
      appender.appendDataChunk(chunk)
    }
    appender.flushSync()
    appender.closeSync()
    const metadata: TableMetadata = {
      format: 1,
      rows: table.rows,
      columns: columns.map(({ name, column }) => ({ name, type: column.type })),
    }
    const selected = columns.map(({ name, staging }) => `${staging.value} AS ${quoted(name)}`)
    await connection.run(
      `COPY (SELECT ${selected.join(', ')} FROM ${staged}) TO ${text(partial)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {noonmark: ${text(JSON.stringify(metadata))}})`,
    )
    await rename(partial, target)
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${staged}`)
    await rm(partial, { force: true })
  }
  return { rows: table.rows, sizeBytes: (await stat(target)).size }
}

/** The numbers of a vector. The library keeps them from its types; setting one by one through it is five times slower. */
function itemsOf(vector: DuckDBVector): Float64Array | Int32Array | Uint8Array {
  if (vector instanceof DuckDBDoubleVector) return vector['items']
  if (vector instanceof DuckDBIntegerVector) return vector['items']
  if (vector instanceof DuckDBUTinyIntVector) return vector['items']
  throw new TypeError(`a vector of ${String(vector.type)} has no numbers of this kind`)
}

/** How a column passes through a temporary table: the fields it takes there, and SQL that makes the final value. */
interface Staging {
  readonly fields: readonly {
    readonly name: string
    readonly type: DuckDBType
    readonly fill: (vector: DuckDBVector, row: number, count: number) => void
  }[]
  readonly value: string
}

function stagingOf(column: Column, name: string): Staging {
  if (column.type === 'string') {
    const { codes, dictionary } = column
    if (dictionary.length <= listedTexts) {
      // Few distinct texts: their codes travel, and DuckDB looks them up in a list.
      const fillCodes = (vector: DuckDBVector, row: number, count: number) =>
        itemsOf(vector).set(codes.subarray(row, row + count))
      const list = `list_value(${dictionary.map(text).join(', ')})`
      const value =
        dictionary.length === 0 ? 'CAST(NULL AS VARCHAR)' : `(CASE WHEN ${name} >= 0 THEN ${list}[${name} + 1] END)`
      return { fields: [{ name, type: INTEGER, fill: fillCodes }], value }
    }
    const fill = (vector: DuckDBVector, row: number, count: number) => {
      for (let i = 0; i < count; i++) {
        const code = codes[row + i]!
        vector.setItem(i, code < 0 ? null : dictionary[code]!)
      }
    }
    return { fields: [{ name, type: VARCHAR, fill }], value: name }
  }
  if (column.type === 'int64') {
    const { values, nulls } = column
    const fill = (vector: DuckDBVector, row: number, count: number) => {
      for (let i = 0; i < count; i++) vector.setItem(i, nulls[row + i] === 1 ? 0n : values[row + i]!)
    }
    const fillNulls = (vector: DuckDBVector, row: number, count: number) =>
      itemsOf(vector).set(nulls.subarray(row, row + count))
    return {
      fields: [
        { name, type: BIGINT, fill },
        { name: `${name}_null`, type: UTINYINT, fill: fillNulls },
      ],
      value: `(CASE WHEN ${name}_null = 0 THEN ${name} END)`,
    }
  }
  // Nulls travel as NaN, which needs no validity bits.
  const { values } = column
  const fill = (vector: DuckDBVector, row: number, count: number) =>
    itemsOf(vector).set(values.subarray(row, row + count))
  const present = (value: string) => `(CASE WHEN NOT isnan(${name}) THEN ${value} END)`
  const value = {
    bool: present(`${name} = 1`),
    int: present(`CAST(${name} AS BIGINT)`),
    float: present(name),
    timestamp: present(`timezone('UTC', make_timestamp_ms(CAST(${name} AS BIGINT)))`),
  }[column.type]
  return { fields: [{ name, type: DOUBLE, fill }], value }
}

/**
 * Reads a table, or some of its columns, with its rows in their order.
 * @throws table_invalid, not_found for a column that it does not have
 */
export async function readTable(
  connection: DuckDBConnection,
  path: string,
  choice: readonly string[] | { readonly without: readonly string[] } = { without: [] },
): Promise<Table> {
  const target = resolve(path)
  const file = text(target.replace(/[*?[]/g, '[$&]'))
  const { rows, columns } = await readMetadata(connection, target, file)
  const all = columns.map(({ name }) => name)
  const wanted = 'without' in choice ? all.filter((name) => !choice.without.includes(name)) : choice
  const chosen = wanted.map((name) => {
    const column = columns.find((each) => each.name === name)
    if (column !== undefined) return column
    const known = columns.map((each) => each.name).join(', ')
    throw noonmarkError('not_found', {
      message: `The table ${path} has no column '${name}'. It has ${known}.`,
      path: name,
    })
  })
  const reader = columnReader(
    chosen.map(({ type }) => type),
    rows,
  )
  const sql = chosen.map(({ name, type }) => ({
    type,
    sql: type === 'timestamp' ? `epoch_ms(${quoted(name)})` : quoted(name),
  }))
  if (chosen.length > 0) await reader.read(connection, `read_parquet(${file})`, sql, 0)
  const read = reader.finish()
  return { rows, columns: Object.fromEntries(chosen.map(({ name }, i) => [name, read[i]!])) }
}

async function readMetadata(connection: DuckDBConnection, path: string, file: string): Promise<TableMetadata> {
  const found = await askRows(
    connection,
    `SELECT decode(value) AS value FROM parquet_kv_metadata(${file}) WHERE decode(key) = 'noonmark'`,
  ).catch((cause: unknown) => {
    throw noonmarkError('table_invalid', { message: `${path} cannot be read as a table.`, cause })
  })
  const json = found[0]?.value
  if (typeof json !== 'string')
    throw noonmarkError('table_invalid', { message: `${path} is Parquet, but not a table that Noonmark wrote.` })
  const metadata = JSON.parse(json) as TableMetadata // we wrote it, and its format is looked at next
  if (metadata.format !== 1)
    throw noonmarkError('store_newer', { message: `${path} has table format ${String(metadata.format)}.` })
  return metadata
}
