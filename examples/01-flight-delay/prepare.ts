/**
 * Turns the flights of `vega-datasets` into the Parquet files of this example: two sources up to the instant at which the
 * replay begins, and what happens after it. Run it with `node prepare.ts <folder> [--all] [--history-end <instant>]`.
 *
 * The flights give the actual departure as a local time without a zone. It becomes UTC by the airport's position (see
 * `airport-time.ts`) and the rules of the tz database, daylight saving time included, as DuckDB's built-in ICU has them.
 * - Local times that exist twice, when clocks go back, do not occur: the flights run from January to June, and every zone
 *   sets its clocks back in October. ICU would take the later of the two instants, so that nothing seems known too early.
 * - Local times that do not exist occur once: LAX to MEM on 2001-04-01 at 02:10, when clocks went from 02:00 to 03:00. It
 *   is read as ten minutes after the change, 10:10 UTC.
 *
 * The landing is not in the data. We derive it: departure + 30 minutes + distance / 7.5 miles per minute.
 */
import { mkdirSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { airportTimeZones } from './airport-time.ts'

const dayMs = 86_400_000
/** How long moments are replayed. */
const replayMs = 7 * dayMs
/** How long landings run on after the last moment: longer than the outcome's horizon and every flight. */
const maturingMs = 3 * dayMs
const groundMs = 30 * 60_000
const milesPerMinute = 7.5
const busiestCount = 20

/** The four files, in the order in which they are written. */
export const flightFiles = {
  departures: 'data/departures.parquet',
  landings: 'data/landings.parquet',
  replayDepartures: 'data/replay-departures.parquet',
  replayLandings: 'data/replay-landings.parquet',
} as const

/** Where the flights begin to be replayed unless told otherwise: 2001-06-01T00:00:00Z. */
export const defaultHistoryEnd = Date.UTC(2001, 5, 1)

/** The flights run from 2001-01-01 to 2001-07-01: there must be some history, and events until the last moment is mature. */
const firstHistoryEnd = Date.UTC(2001, 0, 2)
const lastHistoryEnd = Date.UTC(2001, 6, 1) - replayMs - maturingMs

/** What to prepare, and where. */
export interface PrepareOptions {
  /** The folder that gets `data/`; it is made where missing. Files of an earlier preparation are replaced. */
  readonly outDir: string
  /** `busiest-20`: flights between the 20 airports with the most departures and arrivals; `all`: all three million. */
  readonly airports?: 'busiest-20' | 'all'
  /** UTC milliseconds: history is what was known before, the replay begins here. Default 2001-06-01T00:00:00Z. */
  readonly historyEnd?: number
  /** Called when a step begins and once at the end, with `done` equal to `total`. */
  readonly onProgress?: (progress: { readonly step: string; readonly done: number; readonly total: number }) => void
}

/** What was prepared: counts of rows, and instants in UTC milliseconds. */
export interface PrepareSummary {
  /** The airports of the flights, the busiest first. */
  readonly airports: readonly string[]
  /** Flights between these airports, of the whole half year. */
  readonly flights: number
  readonly departures: number
  readonly landings: number
  readonly replayDepartures: number
  readonly replayLandings: number
  /** Flights whose stated delay is under -120 minutes, and over 720; they are kept as they are. */
  readonly delaysUnderMinus120: number
  readonly delaysOver720: number
  readonly historyEnd: number
  /** Moments are replayed up to here, events up to `eventsEnd`. */
  readonly replayEnd: number
  readonly eventsEnd: number
  /** Absolute paths by the names of `flightFiles`. */
  readonly files: Readonly<Record<keyof typeof flightFiles, string>>
  readonly durationMs: number
}

/** The files of `vega-datasets`, which exports only its code: they lie beside the folder of its main file. */
export function flightSources(): { readonly flights: string; readonly airports: string } {
  const main = createRequire(import.meta.url).resolve('vega-datasets')
  const data = join(dirname(dirname(main)), 'data')
  return { flights: join(data, 'flights-3m.parquet'), airports: join(data, 'airports.csv') }
}

/**
 * Writes the four files. The same options give the same rows in the same order, and the rows of the 20 busiest airports
 * are the same rows, ids included, as among all flights.
 * @throws RangeError where `historyEnd` leaves no history or no whole replay within the flights
 */
export async function prepareFlights(options: PrepareOptions): Promise<PrepareSummary> {
  const startedAt = performance.now()
  const { outDir, airports = 'busiest-20', historyEnd = defaultHistoryEnd, onProgress } = options
  if (!(Number.isInteger(historyEnd) && historyEnd >= firstHistoryEnd && historyEnd <= lastHistoryEnd)) {
    const range = `${new Date(firstHistoryEnd).toISOString()} to ${new Date(lastHistoryEnd).toISOString()}`
    throw new RangeError(`historyEnd must lie within ${range}, so that history and replay fit into the flights.`)
  }
  const replayEnd = historyEnd + replayMs
  const eventsEnd = replayEnd + maturingMs
  const files = mapFiles((file) => resolve(outDir, file))
  const steps = ['read the flights', ...Object.values(flightFiles).map((file) => `write ${file}`)]
  const report = (done: number) => onProgress?.({ step: steps[done] ?? 'done', done, total: steps.length })

  // DuckDB would spill into the current folder, which may hold tracked files.
  const temporary = { memory_limit: '1GB', temp_directory: join(outDir, 'data', '.spill') }
  const instance = await DuckDBInstance.create(':memory:', temporary)
  const connection = await instance.connect()
  try {
    report(0)
    mkdirSync(join(outDir, 'data'), { recursive: true })
    await connection.run("SET TimeZone = 'UTC'")
    await createFlights(connection, airports)
    const facts = await readFacts(connection)
    const departure = 'flight_id, origin, destination, distance, departed_at'
    const landing = 'flight_id, origin, destination, distance, arrival_delay, departed_at, landed_at'
    const write = (path: string, columns: string, time: TimeColumn, from: number, to: number) =>
      writeRows(connection, path, columns, time, from, to)
    report(1)
    const departures = await write(files.departures, departure, 'departed_at', 0, historyEnd)
    report(2)
    const landings = await write(files.landings, landing, 'landed_at', 0, historyEnd)
    report(3)
    const replayDepartures = await write(files.replayDepartures, departure, 'departed_at', historyEnd, replayEnd)
    report(4)
    const replayLandings = await write(files.replayLandings, landing, 'landed_at', historyEnd, eventsEnd)
    report(5)
    return {
      airports: await readAirports(connection),
      flights: facts.flights,
      departures,
      landings,
      replayDepartures,
      replayLandings,
      delaysUnderMinus120: facts.early,
      delaysOver720: facts.late,
      historyEnd,
      replayEnd,
      eventsEnd,
      files,
      durationMs: Math.round(performance.now() - startedAt),
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function mapFiles(map: (file: string) => string): Record<keyof typeof flightFiles, string> {
  const { departures, landings, replayDepartures, replayLandings } = flightFiles
  return {
    departures: map(departures),
    landings: map(landings),
    replayDepartures: map(replayDepartures),
    replayLandings: map(replayLandings),
  }
}

/** The table `flights`: one row per flight between the chosen airports, in UTC, with its id. */
async function createFlights(connection: DuckDBConnection, airports: 'busiest-20' | 'all'): Promise<void> {
  const source = quoted(flightSources().flights)
  const zones = [...airportTimeZones].map(([airport, timeZone]) => `(${quoted(airport)}, ${quoted(timeZone)})`)
  await connection.run(`CREATE TABLE zones AS SELECT * FROM (VALUES ${zones.join(', ')}) AS z(airport, time_zone)`)
  await connection.run(`
    CREATE TABLE busiest AS
    SELECT airport, count(*) AS movements
    FROM (SELECT origin AS airport FROM ${source} UNION ALL SELECT destination FROM ${source})
    GROUP BY airport
    ORDER BY movements DESC, airport
    ${airports === 'all' ? '' : `LIMIT ${busiestCount}`}`)
  // Flights have no id. Route, local minute and a number make one: flights that share route and minute, whether they are
  // alike in all columns or not, are numbered in the order of the file, which says nothing about their delays.
  await connection.run(`
    CREATE TABLE numbered AS
    SELECT *, row_number() OVER (PARTITION BY origin, destination, date ORDER BY file_row_number) AS number
    FROM read_parquet(${source}, file_row_number = true) LEFT JOIN zones ON airport = origin
    WHERE origin IN (SELECT airport FROM busiest) AND destination IN (SELECT airport FROM busiest)`)
  const unknown = await readColumn(
    connection,
    'SELECT DISTINCT origin FROM numbered WHERE time_zone IS NULL ORDER BY 1',
  )
  if (unknown.length > 0) throw new RangeError(`No time zone is known for ${unknown.join(', ')}: see airport-time.ts.`)
  // ICU takes 3 microseconds for each local time. The zones change their clocks on whole hours only, so we convert each
  // whole local hour of a zone once and add the minutes.
  await connection.run(`
    CREATE TABLE hours AS
    SELECT time_zone, hour, epoch_ms(timezone(time_zone, hour)) AS instant
    FROM (SELECT DISTINCT time_zone, date_trunc('hour', date) AS hour FROM numbered)`)
  await connection.run(`
    CREATE TABLE flights AS
    SELECT
      concat_ws('-', origin, destination, strftime(date, '%Y%m%d-%H%M'), number) AS flight_id,
      origin,
      destination,
      distance::DOUBLE AS distance,
      delay::DOUBLE AS arrival_delay,
      make_timestamptz(1000 * departed) AS departed_at,
      make_timestamptz(1000 * (departed + ${groundMs} + (distance * ${60_000 / milesPerMinute})::BIGINT)) AS landed_at
    FROM (
      SELECT numbered.*, hours.instant + epoch_ms(date) - epoch_ms(hour) AS departed
      FROM numbered JOIN hours ON hours.time_zone = numbered.time_zone AND hour = date_trunc('hour', date)
    )`)
  await connection.run('DROP TABLE numbered')
}

interface Facts {
  readonly flights: number
  readonly early: number
  readonly late: number
}

async function readFacts(connection: DuckDBConnection): Promise<Facts> {
  const reader = await connection.runAndReadAll(`
    SELECT count(*), count(*) FILTER (arrival_delay < -120), count(*) FILTER (arrival_delay > 720)
    FROM flights`)
  const [flights = 0, early = 0, late = 0] = (reader.getRows()[0] ?? []).map(Number)
  return { flights, early, late }
}

async function readAirports(connection: DuckDBConnection): Promise<string[]> {
  return await readColumn(connection, 'SELECT airport FROM busiest ORDER BY movements DESC, airport')
}

async function readColumn(connection: DuckDBConnection, sql: string): Promise<string[]> {
  return (await connection.runAndReadAll(sql)).getRows().map((row) => String(row[0]))
}

type TimeColumn = 'departed_at' | 'landed_at'

/**
 * Writes the flights whose `time` lies in [from, to), in the order of that time and the id. Timestamps are written as
 * DuckDB writes instants, TIMESTAMP(us, UTC); all of them are whole milliseconds.
 */
async function writeRows(
  connection: DuckDBConnection,
  path: string,
  columns: string,
  time: TimeColumn,
  from: number,
  to: number,
): Promise<number> {
  const result = await connection.runAndReadAll(`
    COPY (
      SELECT ${columns} FROM flights
      WHERE ${time} >= make_timestamptz(${from * 1000}) AND ${time} < make_timestamptz(${to * 1000})
      ORDER BY ${time}, flight_id
    ) TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd)`)
  return Number(result.getRows()[0]?.[0])
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

const usage = 'Usage: node prepare.ts <folder> [--all] [--history-end 2001-06-01T00:00:00Z]'

/** The command line: undefined where it cannot be understood. */
function readArguments(): PrepareOptions | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { all: { type: 'boolean', default: false }, 'history-end': { type: 'string' } },
    })
    const [outDir] = positionals
    const end = values['history-end']
    // Without an offset, Date.parse would take the zone of this machine.
    if (outDir === undefined || positionals.length > 1 || (end !== undefined && !/(Z|[+-]\d\d:\d\d)$/.test(end))) return
    const historyEnd = end === undefined ? defaultHistoryEnd : Date.parse(end)
    return { outDir, airports: values.all ? 'all' : 'busiest-20', historyEnd }
  } catch {
    return undefined
  }
}

async function main(): Promise<void> {
  const options = readArguments()
  if (options === undefined) {
    console.error(usage)
    process.exitCode = 2
    return
  }
  try {
    const summary = await prepareFlights({
      ...options,
      onProgress: ({ step, done, total }) => console.error(`${done}/${total} ${step}`),
    })
    const { files, airports, durationMs, flights } = summary
    console.log(`${flights.toLocaleString('en-US')} flights between ${airports.length} airports`)
    for (const [name, path] of Object.entries(files)) {
      const rows = summary[name as keyof typeof files] // Object.entries forgets the names of the keys
      console.log(`${rows.toLocaleString('en-US').padStart(9)}  ${path}`)
    }
    console.log(`in ${(durationMs / 1000).toFixed(1)} s`)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main()
