import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'
import lookUpTimeZone from '@photostructure/tz-lookup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localTime } from '../../examples/01-flight-delay/airport-time.ts'
import {
  defaultHistoryEnd,
  flightSources,
  type PrepareSummary,
  prepareFlights,
} from '../../examples/01-flight-delay/prepare.ts'

const { flights, airports } = flightSources()
let folder: string
let instance: DuckDBInstance
let connection: DuckDBConnection
let busiest: PrepareSummary

async function rows(sql: string): Promise<DuckDBValue[][]> {
  return (await connection.runAndReadAll(sql)).getRows()
}

async function value(sql: string): Promise<DuckDBValue | undefined> {
  return (await rows(sql))[0]?.[0]
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'noonmark-flights-'))
  busiest = await prepareFlights({ outDir: join(folder, 'busiest') })
  instance = await DuckDBInstance.create(':memory:')
  connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  for (const [name, path] of Object.entries(busiest.files)) {
    await connection.run(`CREATE VIEW ${name} AS SELECT * FROM '${path}'`)
  }
  // The naive way: each airport's zone from its position, each local time converted by itself.
  const positions = await rows(`SELECT iata, latitude, longitude FROM '${airports}'`)
  const zones = positions.map(([airport, latitude, longitude]) => {
    return `('${airport}', '${lookUpTimeZone(Number(latitude), Number(longitude))}')`
  })
  await connection.run(`CREATE TABLE zones AS SELECT * FROM (VALUES ${zones.join(', ')}) AS z(airport, time_zone)`)
  await connection.run(`
    CREATE TABLE naive AS
    WITH busiest AS (
      SELECT airport FROM (SELECT unnest([origin, destination]) AS airport FROM '${flights}')
      GROUP BY airport ORDER BY count(*) DESC LIMIT 20
    )
    SELECT *, departed_at + to_seconds(1800 + distance * 8) AS landed_at
    FROM (
      SELECT origin, destination, distance, delay AS arrival_delay, timezone(time_zone, date) AS departed_at
      FROM '${flights}' JOIN zones ON airport = origin
      WHERE origin IN (FROM busiest) AND destination IN (FROM busiest)
    )`)
})

afterAll(() => {
  connection?.closeSync()
  instance?.closeSync()
  rmSync(folder, { recursive: true, force: true })
})

describe('what is prepared', () => {
  it('is counted in the summary as in the files', async () => {
    expect(busiest).toMatchObject({ flights: 746_452, delaysUnderMinus120: 2, delaysOver720: 64 })
    expect(busiest).toMatchObject({ historyEnd: defaultHistoryEnd, replayEnd: defaultHistoryEnd + 7 * 86_400_000 })
    expect(busiest.airports).toHaveLength(20)
    expect(busiest.airports.slice(0, 3)).toEqual(['ORD', 'DFW', 'ATL'])
    for (const name of ['departures', 'landings', 'replayDepartures', 'replayLandings'] as const) {
      expect(await value(`SELECT count(*) FROM ${name}`)).toBe(BigInt(busiest[name]))
    }
  })

  it('has the declared columns and types', async () => {
    const columns = async (file: string) => (await rows(`DESCRIBE ${file}`)).map((row) => `${row[0]} ${row[1]}`)
    const time = 'TIMESTAMP WITH TIME ZONE'
    const departure = ['flight_id VARCHAR', 'origin VARCHAR', 'destination VARCHAR', 'distance DOUBLE']
    expect(await columns('departures')).toEqual([...departure, `departed_at ${time}`])
    expect(await columns('replayDepartures')).toEqual([...departure, `departed_at ${time}`])
    const landing = [...departure, 'arrival_delay DOUBLE', `departed_at ${time}`, `landed_at ${time}`]
    expect(await columns('landings')).toEqual(landing)
    expect(await columns('replayLandings')).toEqual(landing)
  })

  const end = new Date(defaultHistoryEnd).toISOString()
  const departure = 'origin, destination, distance, departed_at'
  const landing = 'origin, destination, distance, arrival_delay, departed_at, landed_at'
  it.each([
    ['departures', departure, `departed_at < '${end}'`],
    ['landings', landing, `landed_at < '${end}'`],
    ['replayDepartures', departure, `departed_at >= '${end}' AND departed_at < '2001-06-08T00:00:00Z'`],
    ['replayLandings', landing, `landed_at >= '${end}' AND landed_at < '2001-06-11T00:00:00Z'`],
  ])('%s holds exactly the rows that the flights hold, duplicates included', async (file, columns, condition) => {
    const expected = `SELECT ${columns} FROM naive WHERE ${condition}`
    const actual = `SELECT ${columns} FROM ${file}`
    expect(await value(`SELECT count(*) FROM (${actual} EXCEPT ALL ${expected})`)).toBe(0n)
    expect(await value(`SELECT count(*) FROM (${expected} EXCEPT ALL ${actual})`)).toBe(0n)
  })

  it('lies in the order of time and id', async () => {
    for (const [file, time] of [
      ['departures', 'departed_at'],
      ['landings', 'landed_at'],
      ['replayDepartures', 'departed_at'],
      ['replayLandings', 'landed_at'],
    ]) {
      const previous = `SELECT (${time}, flight_id) <= lag((${time}, flight_id)) OVER (ORDER BY file_row_number) AS wrong`
      const path = `read_parquet('${busiest.files[file as keyof typeof busiest.files]}', file_row_number = true)` // named above
      expect(await value(`SELECT count(*) FROM (${previous} FROM ${path}) WHERE wrong`)).toBe(0n)
    }
  })
})

describe('flight ids', () => {
  it('are unique, and the same for departure and landing', async () => {
    const departed = 'SELECT * FROM departures UNION ALL SELECT * FROM replayDepartures'
    const landed = 'SELECT * FROM landings UNION ALL SELECT * FROM replayLandings'
    for (const file of [departed, landed]) {
      expect(await value(`SELECT count(*) - count(DISTINCT flight_id) FROM (${file})`)).toBe(0n)
    }
    // Every moment finds its landing.
    const matching = 'flight_id, origin, destination, distance, departed_at'
    expect(
      await value(
        `SELECT count(*) FROM (SELECT ${matching} FROM (${departed}) EXCEPT SELECT ${matching} FROM (${landed}))`,
      ),
    ).toBe(0n)
  })

  it('number flights that share route and minute', async () => {
    const repeated = `SELECT count(*) FROM departures WHERE flight_id NOT LIKE '%-1'`
    expect(await value(repeated)).toBeGreaterThan(0n)
    expect(await value(`${repeated} AND left(flight_id, -1) || '1' NOT IN (SELECT flight_id FROM departures)`)).toBe(0n)
  })
})

describe('times', () => {
  it('are whole milliseconds, and every flight lands after it departed', async () => {
    const wrong = `epoch_us(departed_at) % 1000 <> 0 OR epoch_us(landed_at) % 1000 <> 0 OR landed_at <= departed_at`
    expect(await value(`SELECT count(*) FROM landings WHERE ${wrong}`)).toBe(0n)
  })

  it('come back as the local times of the flights, by another implementation of the rules', async () => {
    const result = await rows(`
      SELECT origin, epoch_ms(departed_at), flight_id[18:19], isodow(strptime(flight_id[9:16], '%Y%m%d')), count(*)
      FROM departures GROUP BY ALL`)
    expect(result.length).toBeGreaterThan(500_000)
    const wrong = result.filter(([origin, at, hour, weekday]) => {
      const local = localTime(String(origin), new Date(Number(at)))
      return local?.hour !== Number(hour) || local.weekday !== Number(weekday)
    })
    expect(wrong).toEqual([])
  })
})

describe('prepareFlights', () => {
  it('gives the same bytes again, and reports each step', async () => {
    const progress: string[] = []
    const again = await prepareFlights({
      outDir: join(folder, 'again'),
      onProgress: ({ step, done, total }) => progress.push(`${done}/${total} ${step}`),
    })
    expect(progress[0]).toBe('0/5 read the flights')
    expect(progress.at(-1)).toBe('5/5 done')
    for (const name of ['departures', 'landings', 'replayDepartures', 'replayLandings'] as const) {
      const digest = (path: string) => `SELECT sha256(content) FROM read_blob('${path}')`
      expect(await value(digest(again.files[name]))).toBe(await value(digest(busiest.files[name])))
    }
  })

  it.each([
    ['before the flights', Date.UTC(2001, 0, 1)],
    ['where the replay would outlast them', Date.UTC(2001, 5, 25)],
    ['that is no instant', Number.NaN],
  ])('refuses an end of history %s', async (_, historyEnd) => {
    await expect(prepareFlights({ outDir: join(folder, 'refused'), historyEnd })).rejects.toThrow(
      'historyEnd must lie within 2001-01-02T00:00:00.000Z to 2001-06-21T00:00:00.000Z',
    )
  })
})
