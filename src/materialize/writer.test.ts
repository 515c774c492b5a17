// Goal: the writer's promises to callers: all or nothing, errors that name the field, positions to wait for, frontiers.
import { afterEach, describe, expect, it } from 'vitest'
import { type Clock, type ReplayClock, replayClock, systemClock } from '../clock.ts'
import {
  count,
  entity,
  type FeatureViewSpec,
  featureView,
  float,
  latest,
  type SourceSpec,
  source,
  string,
  timestamp,
} from '../define/index.ts'
import { digestJson } from '../digest.ts'
import type { SourceTable, TableVersion } from '../offline/index.ts'
import { memoryOnlineStore } from '../online/drivers/memory.ts'
import { type OnlineStore, prepareLookup, storedFrontiers } from '../online/index.ts'
import { memoryStreamLog } from '../stream/drivers/memory.ts'
import { columnOf, formatInstant, statuses } from '../values/index.ts'
import { createWriter, foldHistory, materialize, type Writer } from './index.ts'

const start = Date.UTC(2026, 0, 1)
const hour = 3_600_000

const landings = source('landings', {
  history: 'landings.parquet',
  columns: { flight_id: string(), airport: string(), delay: float(), landed_at: timestamp() },
  id: 'flight_id',
  eventTime: 'landed_at',
})
const quotes = source('quotes', { columns: { airport: string(), asked_at: timestamp() }, eventTime: 'asked_at' })
const airport = entity('airport', { key: { airport: string() } })

function specOf(view: {
  name: string
  source: { spec: SourceSpec }
  key: FeatureViewSpec['key']
  features: Readonly<Record<string, { aggregate: FeatureViewSpec['features'][number]['aggregate'] }>>
}): FeatureViewSpec {
  const features = Object.entries(view.features).map(([name, { aggregate }]) => {
    return { name, aggregate, type: aggregate.type, digest: digestJson([view.source.spec.name, aggregate]) }
  })
  return { name: view.name, entity: 'airport', source: view.source.spec.name, key: view.key, features }
}

const punctuality = specOf(
  featureView('punctuality', {
    entity: airport,
    source: landings,
    features: (row) => ({ landings: count(), last_delay: latest(row.delay) }),
  }),
)
const demand = specOf(
  featureView('demand', { entity: airport, source: quotes, features: () => ({ quotes: count().over('1h') }) }),
)
const manifest = {
  sources: { landings: landings.spec, quotes: quotes.spec },
  featureViews: { punctuality, demand },
}

const history = (rows: readonly { id: string; airport: string; at: number }[]) => {
  const event = Float64Array.from(rows, ({ at }) => at)
  const table: SourceTable = {
    rows: rows.length,
    event,
    available: event,
    known: event,
    received: new Float64Array(rows.length).fill(Number.NaN),
    columns: {
      flight_id: columnOf(
        'string',
        rows.map(({ id }) => id),
      ),
      airport: columnOf(
        'string',
        rows.map((row) => row.airport),
      ),
      delay: columnOf(
        'float',
        rows.map(() => 1),
      ),
      landed_at: columnOf(
        'timestamp',
        rows.map(({ at }) => at),
      ),
    },
  }
  const version: TableVersion = {
    source: 'landings',
    digest: '',
    files: [],
    cutoverMs: start,
    logPosition: null,
    listedAtMs: start,
  }
  return { offline: { readSource: async () => table }, version }
}

const landing = (id: string, at: number, more: object = {}) => ({
  flight_id: id,
  airport: 'SFO',
  delay: 2,
  landed_at: formatInstant(at),
  ...more,
})

describe('the writer', () => {
  let writer: Writer
  afterEach(() => writer.close())

  async function opened(clock: Clock, online: OnlineStore = memoryOnlineStore()) {
    writer = await createWriter({
      project: 'test',
      manifest,
      online,
      log: memoryStreamLog({ clock }),
      clock,
      onError: (error) => {
        throw error
      },
    })
    return online
  }
  async function filled(
    rows: Parameters<typeof history>[0] = [],
  ): Promise<{ clock: ReplayClock; online: OnlineStore }> {
    const clock = replayClock(start)
    const online = await opened(clock)
    await materialize({ writer, source: 'landings', history: history(rows) })
    await materialize({ writer, source: 'quotes', history: null })
    return { clock, online }
  }
  async function counted(online: OnlineStore, at: number): Promise<unknown[]> {
    const features = [
      { view: punctuality, source: landings.spec, feature: punctuality.features[0]!, role: 'airport' },
      { view: demand, source: quotes.spec, feature: demand.features[0]!, role: 'airport' },
    ]
    const request = { keys: { airport: ['SFO'] }, at, frontiers: writer.frontiers.all }
    const answer = await prepareLookup('test', features).lookup(online, request)
    return answer.values.map((value, i) => value ?? statuses[answer.statuses[i]!])
  }

  it('takes a call as a whole or not at all, and names the row and field at fault', async () => {
    const { online, clock } = await filled()
    const bad: readonly [unknown, string, string][] = [
      [{ ...landing('b', start), delay: 'late' }, 'row_invalid', 'events[1].delay'],
      [{ ...landing('b', start), landed_at: '2026-01-01 08:00' }, 'instant_invalid', 'events[1].landed_at'],
      [{ flight_id: 'b', airport: 'SFO' }, 'row_invalid', 'events[1].landed_at'],
      [{ ...landing('b', start), gate: 3 }, 'row_invalid', 'events[1].gate'],
      [landing('x'.repeat(201), start), 'row_invalid', 'events[1].id'],
      [landing('b', start, { airport: 'A'.repeat(2_000) }), 'key_invalid', 'events[1].airport'],
      [landing('b', start - 30 * 24 * hour), 'event_too_old', 'events[1].landed_at'],
      [landing('a', start, { delay: 9 }), 'event_conflict', 'events[1].id'],
      [3, 'row_invalid', 'events[1]'],
    ]
    for (const [event, code, path] of bad) {
      await expect(writer.ingest('landings', [landing('a', start), event]), path).rejects.toMatchObject({ code, path })
    }
    await expect(writer.ingest('landings', [])).rejects.toMatchObject({ code: 'row_invalid', path: 'events' })
    await expect(writer.ingest('arrivals', [])).rejects.toMatchObject({ code: 'not_found' })
    clock.advance(start + 1)
    await writer.advance()
    expect(await counted(online, start + 1)).toEqual([0, 0])
  })

  it('counts an event once that is sent twice, and one that history has not at all', async () => {
    const { online, clock } = await filled([{ id: 'h', airport: 'SFO', at: start - hour }])
    const first = await writer.ingest('landings', [landing('h', start - hour), landing('a', start)])
    expect(first).toMatchObject({ accepted: 1, duplicates: 1 })
    const again = await writer.ingest('landings', [landing('a', start), landing('h', start - hour)])
    expect(again).toMatchObject({ accepted: 0, duplicates: 2, position: first.position })
    const known = await writer.ingest('landings', [landing('h', start - hour)])
    expect(known).toMatchObject({ accepted: 0, duplicates: 1 })
    const late = await writer.ingest('landings', [landing('n', start - hour)])
    expect(late).toMatchObject({ accepted: 1, duplicates: 0 })
    clock.advance(start + 1)
    await writer.advance()
    expect(await counted(online, start + 1)).toEqual([3, 0])
    expect(await writer.waitFor(known.position, 0)).toBe(true)
    expect(writer.counts().landings).toEqual({ accepted: 2, duplicates: 4, historyDuplicates: 3, applied: 2 })
  })

  it('speaks of the rows of the call where the log was given only some of them', async () => {
    await filled([{ id: 'h', airport: 'SFO', at: start - hour }])
    await writer.ingest('landings', [landing('a', start)])
    const events = [landing('h', start - hour), landing('b', start), landing('a', start, { delay: 7 })]
    await expect(writer.ingest('landings', events)).rejects.toMatchObject({
      code: 'event_conflict',
      path: 'events[2].id',
    })
  })

  it('shows rows when the frontier has passed their position, and says so to those who wait', async () => {
    const { online, clock } = await filled()
    const { position } = await writer.ingest('quotes', [{ airport: 'SFO', asked_at: formatInstant(start) }])
    expect(await writer.waitFor(position, 20)).toBe(false)
    expect(await counted(online, start)).toEqual([0, 0])
    const waiting = writer.waitFor(position, 10_000)
    clock.advance(start + 1)
    expect(await waiting).toBe(true)
    expect(await counted(online, start + 1)).toEqual([0, 1])
    await expect(writer.waitFor('elsewhere', 1)).rejects.toMatchObject({ code: 'position_invalid' })
  })

  it('moves its frontiers with the clock while nothing happens', async () => {
    await opened(systemClock())
    const heard = new Map<string, number[]>()
    const end = writer.onFrontier((name, frontierMs) => heard.set(name, [...(heard.get(name) ?? []), frontierMs]))
    while ((heard.get('quotes')?.length ?? 0) < 4) await new Promise((resolve) => setTimeout(resolve, 5))
    end()
    expect([...heard.keys()].sort()).toEqual(['landings', 'quotes'])
    const instants = heard.get('quotes')!
    expect(instants.toSorted((a, b) => a - b)).toEqual(instants)
  })

  it('keeps its frontiers with the state, for whoever reads while nobody writes', async () => {
    const names = ['landings', 'quotes']
    const { online, clock } = await filled()
    for (const later of [1, 2, 3 * hour]) {
      await writer.ingest('landings', [landing(`a${later}`, start)])
      clock.advance(start + later)
      await writer.advance()
      expect(await storedFrontiers(online, 'test', [...names, 'other'])).toEqual({ ...writer.frontiers.all })
    }
    await writer.close()

    const ticking = await opened(systemClock())
    const from = writer.frontiers.get('quotes')!
    while (writer.frontiers.get('quotes')! === from) await new Promise((resolve) => setTimeout(resolve, 5))
    for (const frontierMs of Object.values(await storedFrontiers(ticking, 'test', names)))
      expect(frontierMs).toBeLessThanOrEqual(writer.frontiers.get('quotes')!)
    await writer.close()
    expect(await storedFrontiers(ticking, 'test', names)).toEqual({ ...writer.frontiers.all })
  })

  it('answers a wait in a moment on the clock of the machine', async () => {
    const online = await opened(systemClock())
    await materialize({ writer, source: 'quotes', history: null })
    const { position } = await writer.ingest('quotes', [
      { airport: 'SFO', asked_at: formatInstant(Date.now() - 60_000) },
      { airport: 'SFO', asked_at: formatInstant(Date.now() - 60_000) },
    ])
    expect(await writer.waitFor(position, 10_000)).toBe(true)
    expect(await counted(online, Date.now() + hour)).toEqual(['unavailable', 2])
  })

  it('begins with what is stored, drops what is no longer declared, and fills it anew when it comes back', async () => {
    const { online, clock } = await filled([{ id: 'h', airport: 'SFO', at: start - hour }])
    await writer.ingest('landings', [landing('a', start)])
    clock.advance(start + 1)
    await writer.advance()
    const [landingsCount, lastDelay] = punctuality.features
    const lesser = { ...punctuality, features: [lastDelay!] }
    await writer.use({ ...manifest, featureViews: { punctuality: lesser, demand } })
    expect(await counted(online, start + 1)).toEqual(['unavailable', 0])
    await writer.ingest('landings', [landing('b', start)])
    await writer.use(manifest)
    expect(writer.unfilled('landings')).toEqual([landingsCount!.digest])
    expect(writer.cutover('landings')).toBe(start)
    const rows = history([{ id: 'h', airport: 'SFO', at: start - hour }])
    const done = await materialize({ writer, source: 'landings', history: rows })
    expect(done).toMatchObject({ features: [landingsCount!.digest], historyRows: 1, logRows: 2, cutoverMs: start })
    expect(await materialize({ writer, source: 'landings', history: rows })).toMatchObject({ features: [] })
    clock.advance(start + 2)
    await writer.advance()
    expect(await counted(online, start + 2)).toEqual([3, 0])
  })

  it('begins a fill that was cut off anew, and shows nothing of it before it is whole', async () => {
    const clock = replayClock(start)
    const online = await opened(clock)
    const rows = history([
      { id: 'h', airport: 'SFO', at: start - hour },
      { id: 'i', airport: 'SFO', at: start - hour },
    ])
    await writer.ingest('landings', [landing('h', start - hour), landing('a', start)])
    let steps = 0
    const onProgress = () => {
      if (++steps === 4) throw new Error('the machine went dark')
    }
    await expect(materialize({ writer, source: 'landings', history: rows, onProgress })).rejects.toThrow('dark')
    expect(await counted(online, start)).toEqual(['unavailable', 'unavailable'])
    await materialize({ writer, source: 'landings', history: rows })
    clock.advance(start + 1)
    await writer.advance()
    expect(await counted(online, start + 1)).toEqual([3, 'unavailable'])
  })

  it('takes events while history is put, counts each once, and refuses what its ids could not be told from', async () => {
    const clock = replayClock(start)
    const online = await opened(clock)
    const rows = history([
      { id: 'h', airport: 'SFO', at: start - hour },
      { id: 'i', airport: 'SFO', at: start - hour },
    ])
    const bundle = (await foldHistory(await writer.fillStart('landings'), rows))!
    const answers: object[] = []
    const filling = writer.fill({
      ...bundle,
      async *entries() {
        for await (const piece of bundle.entries()) {
          // The one of history, one that is new, and one from before the ids of history are known.
          answers.push(await writer.ingest('landings', [landing('h', start - hour), landing('a', start)]))
          const old = writer.ingest('landings', [landing('o', start - 30 * 24 * hour)])
          await expect(old).rejects.toMatchObject({ code: 'event_too_old' })
          clock.advance(clock.now() + 1)
          await writer.advance()
          expect(writer.frontiers.get('landings')).toBe(clock.now())
          yield piece
        }
      },
    })
    await filling
    expect(answers.length).toBeGreaterThan(0)
    await writer.advance()
    clock.advance(clock.now() + 1)
    await writer.advance()
    expect(await counted(online, clock.now())).toEqual([3, 'unavailable'])
    expect(await writer.ingest('landings', [landing('i', start - hour)])).toMatchObject({ duplicates: 1 })
  })

  it('refuses what was folded for a state that has changed since, and keeps what it has', async () => {
    const clock = replayClock(start)
    const online = await opened(clock)
    const rows = history([{ id: 'h', airport: 'SFO', at: start - hour }])
    const early = (await foldHistory(await writer.fillStart('landings'), rows))!
    await materialize({ writer, source: 'landings', history: rows })
    await expect(writer.fill(early)).rejects.toMatchObject({ code: 'fill_outdated' })
    const [, lastDelay] = punctuality.features
    await writer.use({ ...manifest, featureViews: { punctuality: { ...punctuality, features: [lastDelay!] }, demand } })
    await writer.use(manifest)
    const late = (await foldHistory(await writer.fillStart('landings'), rows))!
    await writer.use({ ...manifest, featureViews: { punctuality: { ...punctuality, features: [lastDelay!] }, demand } })
    await expect(writer.fill(late)).rejects.toMatchObject({ code: 'fill_outdated' })
    await writer.use(manifest)
    await materialize({ writer, source: 'landings', history: rows })
    clock.advance(start + 1)
    await writer.advance()
    expect(await counted(online, start + 1)).toEqual([1, 'unavailable'])
  })

  it('folds again where a row came in from before the ids of history are known', async () => {
    const clock = replayClock(start)
    const online = await opened(clock)
    const at = start - 20 * 24 * hour
    const rows = history([{ id: 'h', airport: 'SFO', at }])
    const bundle = (await foldHistory(await writer.fillStart('landings'), rows))!
    await writer.ingest('landings', [landing('h', at)], { backfill: true })
    await expect(writer.fill(bundle)).rejects.toMatchObject({ code: 'fill_outdated' })
    await materialize({ writer, source: 'landings', history: rows })
    clock.advance(start + 1)
    await writer.advance()
    expect(await counted(online, start + 1)).toEqual([1, 'unavailable'])
  })

  it('trusts the declared time of a backfill, and puts rows below what is folded where they belong', async () => {
    const { online, clock } = await filled()
    await writer.ingest('quotes', [{ airport: 'SFO', asked_at: formatInstant(start) }])
    clock.advance(start + 2 * hour)
    await writer.ingest('quotes', [{ airport: 'SFO', asked_at: formatInstant(start + 2 * hour) }])
    const old = [{ airport: 'SFO', asked_at: formatInstant(start + hour + 1) }]
    await writer.ingest('quotes', old, { backfill: true })
    clock.advance(start + 2 * hour + 1)
    await writer.advance()
    expect(await counted(online, start + 2 * hour + 1)).toEqual([0, 2])
  })
})
