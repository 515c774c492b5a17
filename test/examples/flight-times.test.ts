import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'
import lookUpTimeZone from '@photostructure/tz-lookup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { airportTimeZones, localTime } from '../../examples/01-flight-delay/airport-time.ts'
import { flightSources, type PrepareSummary, prepareFlights } from '../../examples/01-flight-delay/prepare.ts'

let folder: string
let instance: DuckDBInstance
let connection: DuckDBConnection
let all: PrepareSummary

async function rows(sql: string): Promise<DuckDBValue[][]> {
  return (await connection.runAndReadAll(sql)).getRows()
}

async function value(sql: string): Promise<DuckDBValue | undefined> {
  return (await rows(sql))[0]?.[0]
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "noonmark-pilots'-flights-"))
  all = await prepareFlights({ outDir: folder, airports: 'all' })
  instance = await DuckDBInstance.create(':memory:')
  connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  for (const [name, path] of Object.entries(all.files)) {
    await connection.run(`CREATE VIEW ${name} AS SELECT * FROM '${path.replaceAll("'", "''")}'`)
  }
})

afterAll(() => {
  connection?.closeSync()
  instance?.closeSync()
  rmSync(folder, { recursive: true, force: true })
})

describe('all flights', () => {
  it('are three million, between 229 airports', async () => {
    expect(all).toMatchObject({ flights: 3_000_000, delaysUnderMinus120: 3, delaysOver720: 180 })
    expect(all.airports).toHaveLength(229)
    for (const name of ['departures', 'landings', 'replayDepartures', 'replayLandings'] as const) {
      expect(await value(`SELECT count(*) FROM ${name}`)).toBe(BigInt(all[name]))
    }
  })

  it('have unique ids', async () => {
    const ids = 'SELECT flight_id FROM departures UNION ALL SELECT flight_id FROM replayDepartures'
    expect(await value(`SELECT count(*) - count(DISTINCT flight_id) FROM (${ids})`)).toBe(0n)
  })

  it('hold the flights of the busiest airports, under the same ids', async () => {
    const busiest = await prepareFlights({ outDir: join(folder, 'busiest') })
    expect(busiest.airports).toEqual(all.airports.slice(0, 20))
    const chosen = busiest.airports.map((airport) => `'${airport}'`).join(', ')
    const expected = `SELECT * FROM landings WHERE origin IN (${chosen}) AND destination IN (${chosen})`
    const actual = `SELECT * FROM '${busiest.files.landings.replaceAll("'", "''")}'`
    expect(await value(`SELECT count(*) FROM (${expected} EXCEPT ALL ${actual})`)).toBe(0n)
    expect(await value(`SELECT count(*) FROM (${actual} EXCEPT ALL ${expected})`)).toBe(0n)
  })
})

describe('local times', () => {
  it.each([
    ['LAX', '20010115', 8],
    ['LAX', '20010515', 7],
    ['PHX', '20010115', 7],
    ['PHX', '20010515', 7], // Arizona has no daylight saving time
    ['HNL', '20010115', 10],
    ['HNL', '20010515', 10],
    ['IND', '20010115', 5],
    ['IND', '20010515', 5], // nor had Indiana before 2006
    ['ORD', '20010115', 6],
    ['ORD', '20010515', 5],
    ['SJU', '20010515', 4],
    ['PSG', '20010115', 9], // Alaska, not Vancouver
  ])('at %s on %s are %i hours behind UTC', async (origin, day, hours) => {
    const local = "strptime(flight_id[9:21], '%Y%m%d-%H%M')"
    const found = await rows(`
      SELECT DISTINCT date_diff('minute', ${local}, departed_at::TIMESTAMP)
      FROM departures WHERE origin = '${origin}' AND flight_id[9:16] = '${day}'`)
    expect(found).toEqual([[BigInt(hours * 60)]])
  })

  it('that did not exist lie after the change of the clocks', async () => {
    const skipped = `SELECT departed_at::VARCHAR FROM departures WHERE flight_id[9:19] = '20010401-02'`
    expect(await rows(skipped)).toEqual([['2001-04-01 10:10:00+00']])
  })

  it('follow from the positions of the airports', async () => {
    const { airports, flights } = flightSources()
    const positions = await rows(`
      SELECT iata, state, latitude, longitude FROM '${airports}'
      WHERE iata IN (SELECT origin FROM '${flights}' UNION SELECT destination FROM '${flights}')`)
    const expected = positions.map(([airport, state, latitude, longitude]) => {
      const timeZone = lookUpTimeZone(Number(latitude), Number(longitude))
      return [airport, state === 'AK' && timeZone === 'America/Vancouver' ? 'America/Sitka' : timeZone]
    })
    expect(Object.fromEntries(airportTimeZones)).toEqual(Object.fromEntries(expected))
  })

  it('are told for any instant, and are null for an airport without a zone', () => {
    expect(localTime('LAX', new Date('2001-04-01T09:59:00Z'))).toEqual({ hour: 1, weekday: 7 })
    expect(localTime('LAX', new Date('2001-04-01T10:00:00Z'))).toEqual({ hour: 3, weekday: 7 })
    expect(localTime('LAX', new Date(-1))).toEqual({ hour: 15, weekday: 3 })
    expect(localTime('XXX', new Date(0))).toBeNull()
  })
})
