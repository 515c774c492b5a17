// Goal: what is served equals the contract's oracle, values and statuses, at each answer's as_of. Method: random histories
// and live events with lags, repeats and late rows, cut at random between backfill and log, with restarts and features
// that are added later, on every pair of stores.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type NaiveRow, naiveFeature, naiveStanding } from '../../src/aggregate/index.ts'
import { type ReplayClock, replayClock } from '../../src/clock.ts'
import type { FeatureViewSpec, Manifest, ResolvedFeature, SourceSpec } from '../../src/define/index.ts'
import { createWriter, materialize, type Writer } from '../../src/materialize/index.ts'
import type { OfflineEngine, SourceTable, TableVersion } from '../../src/offline/index.ts'
import { lmdbOnlineStore } from '../../src/online/drivers/lmdb.ts'
import { memoryOnlineStore } from '../../src/online/drivers/memory.ts'
import { exactForMs, type OnlineStore, prepareLookup } from '../../src/online/index.ts'
import { openFileStreamLog } from '../../src/stream/drivers/file.ts'
import { memoryStreamLog } from '../../src/stream/drivers/memory.ts'
import type { StreamLog } from '../../src/stream/index.ts'
import { columnOf, jsonRow, knownMs, type Row, statuses } from '../../src/values/index.ts'
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
const cutover = base

/** The table that the offline engine would read from files of these rows. */
function historyEngine(spec: SourceSpec, rows: readonly NaiveRow[]): Pick<OfflineEngine, 'readSource'> {
  const standing = naiveStanding(rows)
  const times = (time: (row: NaiveRow) => number | null) =>
    Float64Array.from(standing, (row) => time(row) ?? Number.NaN)
  return {
    async readSource(_source, _version, options): Promise<SourceTable> {
      const columns = (options?.columns ?? Object.keys(spec.columns)).map((name) => {
        const values = standing.map(({ row }) => row[name] ?? null)
        return [name, columnOf(spec.columns[name]!.type, values)] as const
      })
      return {
        rows: standing.length,
        columns: Object.fromEntries(columns),
        event: times(({ eventMs }) => eventMs),
        available: times(({ availableMs }) => availableMs),
        known: times(({ eventMs, availableMs }) => knownMs(eventMs, availableMs)),
        received: times(() => null),
      }
    },
  }
}

const version: TableVersion = {
  source: 'landings',
  digest: '',
  files: [],
  cutoverMs: cutover,
  logPosition: null,
  listedAtMs: cutover,
}

function manifestOf(
  features: readonly ResolvedFeature[],
  spec: SourceSpec,
): Pick<Manifest, 'sources' | 'featureViews'> {
  const featureViews: Record<string, FeatureViewSpec> = {}
  for (const { view, feature } of features) {
    const before = featureViews[view.name]?.features ?? []
    featureViews[view.name] = { ...view, features: [...before, feature] }
  }
  return { sources: { [spec.name]: spec }, featureViews }
}

interface Stores {
  open(clock: ReplayClock): Promise<{ online: OnlineStore; log: StreamLog }>
  /** Ends the process, as far as stores can tell. */
  restart(clock: ReplayClock): Promise<{ online: OnlineStore; log: StreamLog }>
}

/** What happens, one thing after the other. */
type Step =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'ingest'; readonly events: readonly Event[] }
  | { readonly do: 'look'; readonly backMs: number }
  | { readonly do: 'restart' }
  | { readonly do: 'materialize' }

/** A new event so long before or after the clock, or a repeat of an event or of a row of history. */
type Event =
  | { readonly kind: 'new'; readonly offsetMs: number; readonly row: Row }
  | { readonly kind: 'repeat'; readonly place: number }
  | { readonly kind: 'history'; readonly place: number }

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('new' as const),
      offsetMs: fc.oneof(
        fc.constantFrom(0, -minute),
        fc.integer({ min: -3 * minute, max: minute }),
        fc.integer({ min: -30 * hour, max: 2 * hour }),
      ),
      row: randomRow(fc.constant(0)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), place: fc.nat(999) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('history' as const), place: fc.nat(999) }) },
)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 999, minute, 6 * minute, hour, 13 * hour),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('ingest' as const),
      events: fc.array(event, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('look' as const),
      backMs: fc.oneof(fc.constantFrom(0, 1, minute), fc.integer({ min: 0, max: 2 * hour })),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'materialize' as const }) },
)

/** Some events share an instant, so that Order has to look further. */
const pastInstant = fc.oneof(
  randomInstant().map((at) => at - 3 * 24 * hour),
  fc.constantFrom(base - 2 * hour, base - 26 * hour),
)

const scenario = fc.record({
  id: fc.boolean(),
  available: fc.constantFrom<Availability>('event', 'column', 'lag'),
  history: fc.array(fc.tuple(randomRow(pastInstant), fc.nat(20)), { maxLength: 30 }),
  early: fc.array(event, { maxLength: 4 }),
  /** Every how many features one is there from the beginning. */
  first: fc.integer({ min: 1, max: 4 }),
  steps: fc.array(step, { minLength: 4, maxLength: 14 }),
})

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

async function run(stores: Stores, { id, available, history, early, first, steps }: Scenario): Promise<void> {
  const { spec } = randomSource({ id, available })
  const features = randomFeatures({ id, available })
  const clock = replayClock(base - hour)
  let { online, log } = await stores.open(clock)

  // In files one id may stand twice, with other times; the rest of the row is the same.
  const past: NaiveRow[] = []
  for (const [row, twin] of history) {
    const same = past[twin]
    const next =
      same === undefined ? { ...row, row_id: `h${past.length}` } : { ...same.row, known_at: row.known_at ?? null }
    past.push(naiveRow(spec, next))
  }
  const declaredKnown = (row: NaiveRow) => knownMs(row.eventMs, row.availableMs) ?? Number.POSITIVE_INFINITY
  const counted = naiveStanding(past).filter((row) => declaredKnown(row) < cutover)
  const historyIds = new Set(counted.map((row) => row.id))
  const engine = historyEngine(spec, past)

  let manifest = manifestOf(
    features.filter((_, i) => i % first === 0),
    spec,
  )
  const open = () => createWriter({ project: 'test', manifest, online, log, clock, onError: fail })
  let writer: Writer = await open()
  let ready = new Set<string>()
  const live: NaiveRow[] = []
  const sent: Row[] = []
  let made = 0

  const ingest = async (events: readonly Event[]) => {
    const rows = events.flatMap((one): Row[] => {
      if (one.kind === 'repeat') return sent.length === 0 ? [] : [sent[one.place % sent.length]!]
      if (one.kind === 'history') return past.length === 0 ? [] : [past[one.place % past.length]!.row]
      const happened = clock.now() + one.offsetMs
      const lag = one.row.known_at
      const known = lag === null || lag === undefined ? null : happened + Number(lag)
      return [{ ...one.row, row_id: `l${made++}`, happened_at: happened, known_at: known }]
    })
    if (rows.length === 0) return
    let duplicates = 0
    for (const row of rows) {
      const declared = declaredAvailable(spec, row)
      const received = naiveRow(spec, row, declared === null ? null : Math.max(declared, clock.now()))
      const { eventMs } = received
      const repeat = id && live.some((other) => other.id === received.id)
      const inHistory =
        eventMs < cutover && (id ? historyIds.has(received.id) : declaredKnown(naiveRow(spec, row)) < cutover)
      if (repeat || (inHistory && ready.size > 0)) duplicates += 1
      if (!repeat && !inHistory) live.push(received)
      sent.push(row)
    }
    const result = await writer.ingest(
      'landings',
      rows.map((row) => jsonRow(spec.columns, row)),
    )
    expect(result.accepted + result.duplicates).toBe(rows.length)
    if (ready.size > 0) expect(result.duplicates).toBe(duplicates)
    await writer.advance()
  }
  const fill = async () => {
    const done = await materialize({ writer, source: 'landings', history: { offline: engine, version } })
    expect(writer.unfilled('landings')).toEqual([])
    ready = new Set([...ready, ...done.features])
    await writer.advance()
  }

  const look = async (backMs: number) => {
    const lookup = prepareLookup(
      'test',
      features.map((feature) => ({ ...feature, role: feature.view.name })),
    )
    const at = clock.now() - backMs
    const frontiers = { ...writer.frontiers.all }
    expect(frontiers).toEqual({ landings: clock.now() })
    const rows = [...counted, ...live]
    const asked = [0, 1, 2, 3, 4].map((k) => ({
      keys: Object.fromEntries(features.map((feature) => [feature.view.name, keysOf(feature)[k]!])),
      at,
      frontiers,
    }))
    const answers = await lookup.lookupMany(online, asked)
    for (const [k, answer] of answers.entries()) {
      expect(answer.asOf).toEqual({ landings: at })
      for (const [i, feature] of features.entries()) {
        const key = asked[k]!.keys[feature.view.name]!
        const status = statuses[answer.statuses[i]!]
        const name = `${feature.view.name}:${feature.feature.name} of ${key} at ${at - base}`
        if (!ready.has(feature.feature.digest) && !key.includes(null)) {
          expect(status, name).toBe('unavailable')
          continue
        }
        if (status === 'inexact') {
          expect(at < cutover || at < clock.now() - exactForMs, name).toBe(true)
          continue
        }
        const expected = naiveFeature(rows, feature, key, at)
        expect(status, name).toBe(expected.status)
        const found = answer.values[i]!
        const same = sameValue(found, expected.value, feature, scaleOf(rows, feature, at))
        expect(same, `${name}: ${found}, not ${expected.value}`).toBe(true)
      }
    }
  }

  const everything = async () => {
    await ingest(early)
    clock.advance(cutover)
    await writer.advance()
    await look(0)
    await fill()
    for (const one of steps) {
      if (one.do === 'wait') {
        clock.advance(clock.now() + one.ms)
        await writer.advance()
      } else if (one.do === 'ingest') await ingest(one.events)
      else if (one.do === 'look') await look(one.backMs)
      else if (one.do === 'restart') {
        await writer.close()
        ;({ online, log } = await stores.restart(clock))
        writer = await open()
      } else {
        manifest = manifestOf(features, spec)
        await writer.use(manifest)
        await fill()
      }
      await look(0)
    }
    clock.advance(clock.now() + 1)
    await writer.advance()
    await look(0)
  }
  try {
    await everything()
  } finally {
    await writer.close()
  }
}

const fail = (error: unknown) => {
  throw error
}

describe('what is served', () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  it('equals the oracle at as_of, on stores in memory', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const online = memoryOnlineStore()
        let log: StreamLog
        await run(
          {
            async open(clock) {
              log = memoryStreamLog({ clock })
              return { online, log }
            },
            restart: async () => ({ online, log }),
          },
          given,
        )
      }),
      { numRuns: 60 },
    )
  })

  it('equals the oracle at as_of, on LMDB and a log of files', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const folder = mkdtempSync(join(tmpdir(), 'parity-'))
        folders.push(folder)
        let opened: { online: OnlineStore; log: StreamLog }
        const open = async (clock: ReplayClock) => {
          const log = await openFileStreamLog({ folder: join(folder, 'log'), clock })
          opened = { online: lmdbOnlineStore({ folder: join(folder, 'online') }), log }
          return opened
        }
        const close = async () => {
          await opened.online.close()
          await opened.log.close()
        }
        try {
          const restart = async (clock: ReplayClock) => {
            await close()
            return open(clock)
          }
          await run({ open, restart }, given)
        } finally {
          await close()
        }
      }),
      { numRuns: 15 },
    )
  })
})
