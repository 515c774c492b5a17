import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SourceSpec } from '../../define/index.ts'
import { type DtypeName, parseInstant, type Schema, tableRow, zonedToInstant } from '../../values/index.ts'
import type { OfflineEngine } from '../offline-engine.ts'
import { duckdbEngine } from './duckdb.ts'
import { text } from './duckdb-dialect.ts'

let folder: string
let engine: OfflineEngine
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duckdb-'))
  engine = duckdbEngine({ memoryLimitMb: 256, threads: 2, tempDirectory: join(folder, '.spill'), rootDir: folder })
})
afterEach(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

/** Writes what a query gives as Parquet, with types that our own writer never uses. */
async function write(name: string, query: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (${query}) TO ${text(join(folder, name))} (FORMAT parquet)`)
  connection.closeSync()
  instance.closeSync()
}

const at = "TIMESTAMPTZ '2001-01-01 00:00:00+00' AS at"

function source(value: DtypeName, timeZone: string | null = null): SourceSpec {
  const columns: Schema = {
    at: { type: 'timestamp', nullability: 'required' },
    value: { type: value, nullability: 'default' },
  }
  return {
    name: 'things',
    history: '*.parquet',
    columns,
    id: null,
    eventTime: 'at',
    available: { from: 'event' },
    timeZone,
    dedupWindowMs: 0,
    maturesAfterMs: null,
  }
}

async function read(spec: SourceSpec): Promise<unknown[]> {
  const table = await engine.readSource(spec, await engine.listHistory(spec, { rootDir: folder, cutoverMs: null }))
  return Array.from({ length: table.rows }, (_, row) => tableRow(table, row).value)
}

describe('Parquet columns', () => {
  it.each<[DtypeName, string, unknown]>([
    ['int', '7::TINYINT', 7],
    ['int', '-7::INTEGER', -7],
    ['int', '4294967295::UINTEGER', 4_294_967_295],
    ['int', '9007199254740991::BIGINT', Number.MAX_SAFE_INTEGER],
    ['int64', '7::SMALLINT', 7n],
    ['int64', '9223372036854775807::BIGINT', 2n ** 63n - 1n],
    ['float', '1.5::FLOAT', 1.5],
    ['float', "'nan'::DOUBLE", null],
    ['float', '-0.0::DOUBLE', 0],
    ['float', '3::INTEGER', 3],
    ['float', '12.34::DECIMAL(9,2)', 12.34],
    ['string', "'a'::ENUM('a', 'b')", 'a'],
    ['bool', 'NULL::BOOLEAN', null],
  ])('of %s take %s', async (type, sql, expected) => {
    await write('a.parquet', `SELECT ${at}, ${sql} AS value`)
    expect(await read(source(type))).toEqual([expected])
  })

  it.each<[DtypeName, string]>([
    ['int', '1.5::DOUBLE'],
    ['int', '7::UBIGINT'],
    ['int64', '7::HUGEINT'],
    ['float', '1.5::DECIMAL(38,2)'],
    ['float', "'1.5'"],
    ['string', '1'],
    ['timestamp', '1::BIGINT'],
    ['bool', '1'],
  ])('of %s refuse %s', async (type, sql) => {
    await write('a.parquet', `SELECT ${at}, ${sql} AS value`)
    await expect(read(source(type))).rejects.toMatchObject({ code: 'source_column_type' })
  })

  it('are widened when files of one source have different types', async () => {
    await write('a.parquet', `SELECT ${at}, 1::INTEGER AS value`)
    await write('b.parquet', `SELECT 2::BIGINT AS value, ${at}`)
    await write('c.parquet', `SELECT ${at}, 3::INTEGER AS value, 'more' AS other`)
    expect((await read(source('int'))).sort()).toEqual([1, 2, 3])
  })
})

describe('Parquet times', () => {
  it.each([
    ["TIMESTAMPTZ '1969-12-31 23:59:59.9995+00'", -1],
    ["TIMESTAMPTZ '2001-01-01 02:00:00.1239+02'", parseInstant('2001-01-01T00:00:00.123Z')],
    ["TIMESTAMP '1969-12-31 23:59:59.9995'", -1],
    ["TIMESTAMP_NS '1969-12-31 23:59:59.999999999'", -1],
    ["TIMESTAMP_NS '1970-01-01 00:00:00.001999999'", 1],
    ["TIMESTAMP_MS '1969-12-31 23:59:59.999'", -1],
    ["TIMESTAMP_S '1969-12-31 23:59:59'", -1000],
    ["DATE '1969-12-31'", -86_400_000],
    ["'1969-12-31 23:59:59.9995'", -1],
    ['NULL::TIMESTAMP', null],
  ])('%s is floored to a millisecond', async (sql, expected) => {
    await write('a.parquet', `SELECT ${at}, ${sql} AS value`)
    expect(await read(source('timestamp', 'UTC'))).toEqual([expected])
  })

  it.each(['America/New_York', 'Europe/Amsterdam', 'Australia/Lord_Howe'])(
    'without an offset are read in %s, the later instant where clocks show one twice',
    async (timeZone) => {
      const dates = ['2001-04-01', '2001-10-28', '2020-03-29', '2020-10-25', '2024-04-07', '2024-10-06']
      const values = dates
        .map(
          (date) =>
            `SELECT unnest(generate_series(TIMESTAMP '${date}', TIMESTAMP '${date} 04:00', INTERVAL 10 MINUTE)) AS value`,
        )
        .join(' UNION ALL ')
      await write('a.parquet', `SELECT ${at}, value FROM (${values}) ORDER BY value`)
      const locals = dates.flatMap((date) =>
        Array.from({ length: 25 }, (_, i) => parseInstant(`${date}T00:00Z`) + i * 600_000),
      )
      expect(await read(source('timestamp', timeZone))).toEqual(locals.map((local) => zonedToInstant(local, timeZone)))
    },
  )

  it('without an offset are refused where no zone is declared', async () => {
    await write('a.parquet', `SELECT ${at}, TIMESTAMP '2001-01-01' AS value`)
    await expect(read(source('timestamp'))).rejects.toMatchObject({
      code: 'source_time_naive',
      message: expect.stringContaining("'value'"),
    })
  })

  it('beyond what a Date holds are refused', async () => {
    await write('a.parquet', `SELECT ${at}, 'infinity'::TIMESTAMPTZ AS value`)
    await expect(read(source('timestamp'))).rejects.toMatchObject({ code: 'source_value_invalid' })
  })
})

describe('many rows', () => {
  it('keep one order however they are read, so that ids rank them as their bytes do', async () => {
    // More than one row group, every event equal, so that Order is by id alone.
    await write(
      'a.parquet',
      `SELECT ${at}, 'id ' || CAST((range * 7919) % 200000 AS VARCHAR) AS value FROM range(200000)`,
    )
    const spec: SourceSpec = { ...source('string'), id: 'value' }
    const version = await engine.listHistory(spec, { rootDir: folder, cutoverMs: null })
    const moment = {
      name: 'm',
      source: 'things',
      key: [{ name: 'k', type: 'string', column: 'value' }],
      entities: [],
      request: [],
    } as const
    const { columns, rows } = await engine.readMoments(moment, spec, version, { fromMs: null, toMs: null })
    const keys = columns.k
    if (keys?.type !== 'string') throw new TypeError('keys are text')
    const read = Array.from(keys.codes, (code) => keys.dictionary[code])
    expect(rows).toBe(200_000)
    expect(read).toEqual(Array.from({ length: 200_000 }, (_, i) => `id ${i}`).sort())
  })
})
