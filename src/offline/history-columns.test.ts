// Goal: a plan sees a missing file or column without an engine. Method: the names read from footers and headers against what DuckDB
// says of the same files, for random schemas.
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { float, source, string, timestamp } from '../define/index.ts'
import { checkHistoryColumns } from './history-columns.ts'
import { parquetColumns } from './parquet-columns.ts'

let folder: string
let duckdb: DuckDBInstance
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'noonmark-columns-'))
  duckdb = await DuckDBInstance.create(':memory:')
})
afterAll(() => {
  duckdb.closeSync()
  rmSync(folder, { recursive: true, force: true })
})

async function writeParquet(file: string, select: string): Promise<string> {
  const connection = await duckdb.connect()
  const path = join(folder, file)
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`)
  connection.closeSync()
  return path
}

async function columnsOf(path: string): Promise<readonly string[] | null> {
  const file = await open(path)
  return parquetColumns(file).finally(() => file.close())
}

const values = [
  '1::INT',
  "'x'",
  'true',
  '1.5::DOUBLE',
  "TIMESTAMP '2026-01-01'",
  '[1, 2]',
  "{'a': 1, 'b': [{'c': 2}]}",
  "MAP {'k': 1}",
  'NULL::DECIMAL(9,2)',
]

describe('the columns of a Parquet file', () => {
  it('are those that were written, nested ones by their own name only', async () => {
    let files = 0
    const columns = fc.uniqueArray(
      fc.tuple(
        fc.string({ minLength: 1, maxLength: 20 }).filter((name) => name.trim() !== '' && !name.includes('\0')),
        fc.constantFrom(...values),
      ),
      {
        minLength: 1,
        maxLength: 25,
        selector: ([name]) => name.toLowerCase(),
      },
    )
    await fc.assert(
      fc.asyncProperty(columns, async (chosen) => {
        const select = chosen.map(([name, value]) => `${value} AS "${name.replaceAll('"', '""')}"`).join(', ')
        const path = await writeParquet(`random-${files++}.parquet`, `SELECT ${select} FROM range(3)`)
        expect(await columnsOf(path)).toEqual(chosen.map(([name]) => name))
      }),
      { numRuns: 30 },
    )
  })

  it('cannot be told of a file that is cut off, or is none', async () => {
    const path = await writeParquet('cut.parquet', 'SELECT 1 AS a')
    truncateSync(path, (await stat(path)).size - 5)
    expect(await columnsOf(path)).toBeNull()
    writeFileSync(path, 'PAR1 and nothing else PAR1')
    expect(await columnsOf(path)).toBeNull()
  })
})

describe('the history of a source', () => {
  const declared = (history: string) =>
    source('visits', {
      history,
      columns: { shop: string(), amount: float(), note: string().optional(), visited_at: timestamp() },
      eventTime: 'visited_at',
    }).spec
  const check = (history: string) => checkHistoryColumns(declared(history), folder)
  beforeAll(async () => {
    mkdirSync(join(folder, 'parts/deep'), { recursive: true })
    writeFileSync(join(folder, 'good.csv'), '\uFEFF"shop",amount , visited_at,more\r\nx,1,2026-01-01\n')
    writeFileSync(join(folder, 'bad.csv'), 'shop,Amount,visited_at\n')
    await writeParquet('parts/a.parquet', "SELECT 'x' AS shop, 1.0 AS amount, now() AS visited_at")
    await writeParquet('parts/deep/b.parquet', "SELECT 'x' AS shop, now() AS visited_at")
  })

  it.each(['good.csv', 'parts/*.parquet', 'parts/a.parquet'])('%s has its columns', async (history) => {
    await expect(check(history)).resolves.toBeUndefined()
  })

  it.each([
    ['gone.csv', 'source_file_missing', 'source visits > history'],
    ['parts/*.csv', 'source_file_missing', 'source visits > history'],
    ['bad.csv', 'source_column_missing', 'source visits > columns.amount'],
    ['parts', 'source_column_missing', 'source visits > columns.amount'],
    ['parts/**/*.parquet', 'source_column_missing', 'source visits > columns.amount'],
  ])('%s: %s', async (history, code, path) => {
    await expect(check(history)).rejects.toMatchObject({ code, path })
  })

  it('names the column that is meant', async () => {
    await expect(check('bad.csv')).rejects.toMatchObject({ hint: expect.stringContaining("'Amount'") })
  })
})
