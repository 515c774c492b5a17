// Goal: offline = online = oracle, the heart of the project. Method: one random history in Parquet and one random log; what
// was served while events came in is asked of DuckDB afterwards, at each answer's as_of, from the tables alone.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { naiveFeature, naiveStanding } from '../../src/aggregate/index.ts'
import { replayClock } from '../../src/clock.ts'
import type { FeatureViewSpec, SourceSpec } from '../../src/define/index.ts'
import { compactLog, createWriter, materialize } from '../../src/materialize/index.ts'
import { duckdbEngine } from '../../src/offline/drivers/duckdb.ts'
import type { TableVersion } from '../../src/offline/index.ts'
import { memoryOnlineStore } from '../../src/online/drivers/memory.ts'
import { type LookupAnswer, prepareLookup } from '../../src/online/index.ts'
import { memoryStreamLog } from '../../src/stream/drivers/memory.ts'
import { columnOf, columnValue, type Instant, jsonRow, knownMs, type Row, statuses } from '../../src/values/index.ts'
import {
  type Availability,
  base,
  declaredAvailable,
  keysOf,
  naiveRow,
  randomFeatures,
  randomInstant,
  randomRow,
  randomSource,
  sameValue,
  scaleOf,
} from './random-source.ts'

const minute = 60_000
const hour = 60 * minute
const cutoverMs = base

const folder = mkdtempSync(join(tmpdir(), 'engines-'))
const engine = duckdbEngine({ tempDirectory: join(folder, 'spill'), rootDir: folder, memoryLimitMb: 256, threads: 1 })
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})
let files = 0

/** Rows as a Parquet file, and the source that reads it. */
async function historyFile(spec: SourceSpec, rows: readonly Row[]): Promise<SourceSpec> {
  const history = `history-${files++}.parquet`
  const columns = Object.entries(spec.columns).map(([name, { type }]) => {
    return [
      name,
      columnOf(
        type,
        rows.map((row) => row[name] ?? null),
      ),
    ] as const
  })
  await engine.writeTable({ rows: rows.length, columns: Object.fromEntries(columns) }, join(folder, history))
  return { ...spec, history }
}

/** What is sent after some time: new events, and repeats of what was sent or stands in history. */
const call = fc.record({
  waitMs: fc.constantFrom(1, 999, minute, 7 * minute, hour, 11 * hour),
  rows: fc.array(
    fc.tuple(
      fc.oneof(fc.constantFrom(0, -minute), fc.integer({ min: -20 * hour, max: hour })),
      randomRow(fc.constant(0)),
    ),
    { maxLength: 5 },
  ),
  repeats: fc.array(fc.nat(999), { maxLength: 2 }),
})

const pastInstant = fc.oneof(
  randomInstant().map((at) => at - 72 * hour),
  fc.constantFrom(base - 2 * hour, base - 26 * hour),
)

const scenario = fc.record({
  id: fc.boolean(),
  available: fc.constantFrom<Availability>('event', 'column', 'lag'),
  history: fc.array(fc.tuple(randomRow(pastInstant), fc.nat(40)), { minLength: 1, maxLength: 30 }),
  calls: fc.array(call, { minLength: 2, maxLength: 8 }),
})

/** One answer as it was served: every feature at one instant, its view asked for the key of this number. */
interface Served {
  readonly k: number
  readonly asOf: Instant
  readonly answer: LookupAnswer
}

describe('features', () => {
  it('are the same offline, online and by the oracle, values and statuses, at each as_of', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ id, available, history, calls }) => {
        const past: Row[] = []
        for (const [row, twin] of history) {
          const same = past[twin]
          past.push(
            same === undefined ? { ...row, row_id: `h${past.length}` } : { ...same, known_at: row.known_at ?? null },
          )
        }
        const source = await historyFile(randomSource({ id, available }).spec, past)
        const features = randomFeatures({ id, available }).map((feature) => ({ ...feature, source }))
        const featureViews: Record<string, FeatureViewSpec> = {}
        for (const { view } of features) featureViews[view.name] = view

        const clock = replayClock(cutoverMs)
        const [online, log] = [memoryOnlineStore(), memoryStreamLog({ clock })]
        const writer = await createWriter({
          project: 'test',
          manifest: { sources: { [source.name]: source }, featureViews },
          online,
          log,
          clock,
        })
        const pinned = await engine.listHistory(source, { rootDir: folder, cutoverMs })
        await materialize({ writer, source: source.name, history: { offline: engine, version: pinned } })

        const known = (row: Row) => knownMs(Number(row[source.eventTime]), declaredAvailable(source, row))
        const counted = naiveStanding(past.map((row) => naiveRow(source, row))).filter(
          ({ row }) => (known(row) ?? Number.POSITIVE_INFINITY) < cutoverMs,
        )
        const ids = new Set(counted.map((row) => row.id))
        const sent: Row[] = []
        let made = 0
        const served: Served[] = []
        const lookup = prepareLookup(
          'test',
          features.map((feature) => ({ ...feature, role: feature.view.name })),
        )
        const look = async (at: Instant) => {
          for (const k of [0, 1, 3, 4]) {
            const keys = Object.fromEntries(features.map((feature) => [feature.view.name, keysOf(feature)[k]!]))
            const answer = await lookup.lookup(online, { keys, at, frontiers: writer.frontiers.all })
            served.push({ k, asOf: answer.asOf[source.name]!, answer })
          }
        }

        for (const { waitMs, rows, repeats } of calls) {
          clock.advance(clock.now() + waitMs)
          await writer.advance()
          const fresh = rows.map(([offset, row]): Row => {
            const happened = clock.now() + offset
            const at = row.known_at === null ? null : happened + Number(row.known_at)
            return { ...row, row_id: `l${made++}`, happened_at: happened, known_at: at }
          })
          const all = [...past, ...sent]
          const events = [...fresh, ...repeats.map((place) => all[place % all.length]!)]
          if (events.length === 0) continue
          await writer.ingest(
            source.name,
            events.map((row) => jsonRow(source.columns, row)),
          )
          for (const row of events) {
            const declared = declaredAvailable(source, row)
            const received = naiveRow(source, row, declared === null ? null : Math.max(declared, clock.now()))
            const early = received.eventMs < cutoverMs
            const inHistory = early && (id ? ids.has(received.id) : (known(row) ?? cutoverMs) < cutoverMs)
            const repeat = id && counted.some((other) => other.id === received.id)
            if (!inHistory && !repeat) counted.push(received)
            sent.push(row)
          }
          await look(clock.now())
          clock.advance(clock.now() + 1)
          await writer.advance()
          await look(clock.now())
          await look(clock.now() - 2 * minute)
        }
        await writer.close()

        const version = await withLog(pinned, source, log)
        const asOf = Float64Array.from(served, (one) => one.asOf)
        const offline = await engine.features({
          features: features.map((feature) => ({
            ...feature,
            asOf,
            key: feature.view.key.map(({ type }, part) => {
              return columnOf(
                type,
                served.map(({ k }) => keysOf(feature)[k]![part]!),
              )
            }),
          })),
          versions: { [source.name]: version },
          rows: served.length,
          onOverflow: 'status',
        })
        for (const [i, feature] of features.entries()) {
          for (const [row, { k, asOf: at, answer }] of served.entries()) {
            const key = keysOf(feature)[k]!
            const name = `${feature.view.name}:${feature.feature.name} of ${key} at ${at - base}`
            const scale = scaleOf(counted, feature, at)
            const oracle = naiveFeature(counted, feature, key, at)
            const found = { value: columnValue(offline[i]!.values, row), status: statuses[offline[i]!.statuses[row]!] }
            expect([name, found.status]).toEqual([name, oracle.status])
            const alike = sameValue(found.value, oracle.value, feature, scale)
            expect(alike, `${name}: ${found.value} offline, ${oracle.value} by the oracle`).toBe(true)
            const [value, status] = [answer.values[i]!, statuses[answer.statuses[i]!]]
            if (status === 'inexact') continue
            expect([name, status]).toEqual([name, oracle.status])
            const same = sameValue(value, oracle.value, feature, scale)
            expect(same, `${name}: ${value} online, ${oracle.value} by the oracle`).toBe(true)
          }
        }
      }),
      { numRuns: 15 },
    )
  })
})

/** The table with the rows of the log, in files of at most a few rows. */
async function withLog(pinned: TableVersion, source: SourceSpec, log: ReturnType<typeof memoryStreamLog>) {
  const made: TableVersion['files'][number][] = []
  let logPosition: string | null = null
  for (;;) {
    const path = join(folder, `log-${files++}.parquet`)
    const compacted = await compactLog({
      project: 'test',
      source,
      log,
      offline: engine,
      after: logPosition,
      path,
      limit: 7,
    })
    if (compacted === null) break
    made.push(compacted.file)
    logPosition = compacted.logPosition
  }
  return { ...pinned, files: [...pinned.files, ...made], logPosition }
}
