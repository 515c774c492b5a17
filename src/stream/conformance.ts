import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parsePosition, receivedOf } from './position.ts'
import { randomWalk, walk } from './random-walk.ts'
import {
  type AppendRow,
  beginningMs,
  type LogClock,
  type LogName,
  type LogRow,
  type StreamLog,
  type StreamLogSupports,
} from './stream-log.ts'

/** What the suite needs of a driver. */
export interface StreamLogHarness {
  /** Opens the same log again after it was closed, or the first time. */
  open(clock: LogClock): Promise<StreamLog>
  /** Removes what the log left behind. */
  dispose(): Promise<void>
}

const landings: LogName = { project: 'flights', source: 'landings' }
const departures: LogName = { project: 'flights', source: 'Departures of/today' }
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (content: Uint8Array) => new TextDecoder().decode(content)
const dayMs = 86_400_000

/** A row whose content is one word. */
function row(id: string | null, word: string, times: Partial<AppendRow> = {}): AppendRow {
  const eventMs = times.eventMs ?? 1_000
  return { id, eventMs, availableMs: eventMs, content: bytes(word), body: bytes(`${word} of ${id}`), ...times }
}

/** Every row of a log, read in small pieces. */
async function readAll(log: StreamLog, name: LogName, limit = 7): Promise<LogRow[]> {
  const rows: LogRow[] = []
  for (let from = (await log.extent(name)).firstOffset; ; ) {
    const piece = await log.read(name, { from, limit })
    expect(piece.length).toBeLessThanOrEqual(limit)
    if (piece.length === 0) return rows
    rows.push(...piece)
    from += piece.length
  }
}

/** The laws of a stream log. Call it in a test file of your driver to certify it. */
export function streamLogConformance(
  driver: string,
  supports: StreamLogSupports,
  create: () => Promise<StreamLogHarness>,
): void {
  describe(`stream log: ${driver}`, () => {
    let harness: StreamLogHarness
    let log: StreamLog
    let nowMs: number
    const clock: LogClock = { now: () => nowMs }
    const restart = async () => {
      await log.close()
      log = await harness.open(clock)
    }
    beforeEach(async () => {
      nowMs = 10_000
      harness = await create()
      log = await harness.open(clock)
    })
    afterEach(async () => {
      await log.close()
      await harness.dispose()
    })

    it('supports what it says', () => expect(log.supports).toEqual(supports))

    describe('append', () => {
      it('stores rows in order with their stamp, and answers where they are', async () => {
        const first = await log.append(landings, [row('a', 'one'), row(null, 'two', { availableMs: null })])
        nowMs = 10_500
        const second = await log.append(landings, [row('b', 'three', { eventMs: 900, availableMs: 20_000 })])
        expect(first).toMatchObject({ accepted: 2, duplicates: 0, receivedMs: 10_000 })
        expect(parsePosition(second.position)).toEqual({ ...landings, offset: 2, receivedMs: 10_500 })
        expect(receivedOf(first.position)).toBe(10_000)
        const rows = await readAll(log, landings)
        expect(rows.map(({ name, body, ...rest }) => ({ ...rest, body: text(body) }))).toEqual([
          {
            offset: 0,
            id: 'a',
            eventMs: 1_000,
            receivedMs: 10_000,
            declaredAvailableMs: 1_000,
            availableMs: 10_000,
            backfill: false,
            body: 'one of a',
          },
          {
            offset: 1,
            id: null,
            eventMs: 1_000,
            receivedMs: 10_000,
            declaredAvailableMs: null,
            availableMs: null,
            backfill: false,
            body: 'two of null',
          },
          {
            offset: 2,
            id: 'b',
            eventMs: 900,
            receivedMs: 10_500,
            declaredAvailableMs: 20_000,
            availableMs: 20_000,
            backfill: false,
            body: 'three of b',
          },
        ])
        expect(new Set(rows.map((stored) => stored.name)).size).toBe(3)
        for (const stored of rows) expect(stored.name).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
      })

      it('trusts the declared available time of a backfilled row, and keeps its stamp too', async () => {
        await log.append(landings, [row('a', 'one', { availableMs: 2_000, backfill: true })])
        expect(await log.read(landings, { from: 0, limit: 1 })).toMatchObject([
          { availableMs: 2_000, receivedMs: 10_000, backfill: true },
        ])
      })

      it('counts a repeat as a duplicate that changes nothing, in the same call or a later one', async () => {
        const first = await log.append(landings, [
          row('a', 'one'),
          row('b', 'two'),
          row('a', 'one', { availableMs: 5_000 }),
        ])
        expect(first).toMatchObject({ accepted: 2, duplicates: 1 })
        nowMs = 11_000
        const again = await log.append(landings, [row('a', 'one', { availableMs: 9_000 })])
        expect(again).toMatchObject({ accepted: 0, duplicates: 1, receivedMs: 10_000 })
        expect(parsePosition(again.position).offset).toBe(0)
        expect(await readAll(log, landings)).toHaveLength(2)
      })

      it('never takes rows without an id for repeats', async () => {
        await log.append(landings, [row(null, 'one'), row(null, 'one')])
        expect(await log.append(landings, [row(null, 'one')])).toMatchObject({ accepted: 1, duplicates: 0 })
      })

      it('refuses an id with other content, shows both, names the row and keeps nothing of the call', async () => {
        await log.append(landings, [row('a', 'one')])
        await expect(log.append(landings, [row('b', 'two'), row('a', 'other')])).rejects.toMatchObject({
          code: 'event_conflict',
          path: 'events[1].id',
          message: expect.stringMatching(/one of a.*other of a/),
        })
        await expect(log.append(landings, [row('c', 'x'), row('d', 'y'), row('c', 'z')])).rejects.toMatchObject({
          code: 'event_conflict',
          path: 'events[2].id',
          message: expect.stringMatching(/x of c.*z of c/),
        })
        expect((await readAll(log, landings)).map((stored) => stored.id)).toEqual(['a'])
        expect(await log.append(landings, [row('b', 'anything')])).toMatchObject({ accepted: 1 })
      })

      it('shows bodies as the source describes them', async () => {
        await log.declare(landings, { describe: (body) => `<${body.length} bytes>` })
        await log.append(landings, [row('a', 'one')])
        await expect(log.append(landings, [row('a', 'three')])).rejects.toMatchObject({
          message: expect.stringMatching(/<8 bytes>.*<10 bytes>/),
        })
      })

      it('accepts exactly one of many concurrent calls with the same id', async () => {
        const calls = Array.from({ length: 20 }, () => log.append(landings, [row('a', 'one'), row(null, 'x')]))
        const answers = await Promise.all(calls)
        expect(answers.map((answer) => answer.accepted).sort()).toEqual([...Array(19).fill(1), 2])
        expect((await readAll(log, landings)).filter((stored) => stored.id === 'a')).toHaveLength(1)
      })

      it('refuses an empty call, an id over 200 bytes and a time that is no whole number', async () => {
        await expect(log.append(landings, [])).rejects.toMatchObject({ code: 'row_invalid', path: 'events' })
        await expect(log.append(landings, [row('é'.repeat(101), 'x')])).rejects.toMatchObject({ path: 'events[0].id' })
        expect(await log.append(landings, [row('é'.repeat(100), 'x')])).toMatchObject({ accepted: 1 })
        const broken = row('b', 'x', { eventMs: 1.5 })
        await expect(log.append(landings, [row('a', 'x'), broken])).rejects.toMatchObject({ path: 'events[1]' })
      })

      it('keeps sources apart', async () => {
        await log.append(landings, [row('a', 'one')])
        expect(await log.append(departures, [row('a', 'other')])).toMatchObject({ accepted: 1 })
        expect(await log.sources()).toEqual([departures, landings])
      })

      it('finds nothing in a log that nobody wrote, and does not list it', async () => {
        expect(await log.read(landings, { from: 0, limit: 10 })).toEqual([])
        expect(await log.extent(landings)).toEqual({ firstOffset: 0, nextOffset: 0, lastReceivedMs: null })
        expect(await log.frontier(landings)).toEqual({ frontierMs: beginningMs, nextOffset: 0 })
        expect(await log.sources()).toEqual([])
      })
    })

    describe('the deduplication window', () => {
      it('refuses a new id with an older event time, by the stamps of the log and never by the clock', async () => {
        nowMs = 100 * dayMs
        await log.append(landings, [row('a', 'one', { eventMs: 0 })])
        nowMs = 200 * dayMs
        const old = row('b', 'two', { eventMs: 93 * dayMs - 1 })
        await expect(log.append(landings, [row('c', 'x', { eventMs: 93 * dayMs }), old])).rejects.toMatchObject({
          code: 'event_too_old',
          path: 'events[1].id',
        })
        expect(await log.append(landings, [row('c', 'x', { eventMs: 93 * dayMs })])).toMatchObject({ accepted: 1 })
      })

      it('takes a backfilled row of any age, once', async () => {
        const old = row('a', 'one', { eventMs: 0, backfill: true })
        nowMs = 100 * dayMs
        await log.append(landings, [old, row('b', 'x', { eventMs: nowMs })])
        nowMs = 300 * dayMs
        await log.append(landings, [row('c', 'x', { eventMs: nowMs })])
        expect(await log.append(landings, [old, { ...old, id: 'd' }])).toMatchObject({ accepted: 1, duplicates: 1 })
        await expect(log.append(landings, [{ ...old, content: bytes('other') }])).rejects.toMatchObject({
          code: 'event_conflict',
        })
      })

      it('is as long as the source declares, also when it is declared longer later', async () => {
        await log.declare(landings, { deduplicationWindowMs: 100 })
        for (const [id, stampMs] of [
          ['a', 10_000],
          ['between', 10_020],
        ] as const) {
          nowMs = stampMs
          await log.append(landings, [row(id, 'one', { eventMs: 10_000 })])
        }
        nowMs = 10_101
        await log.append(landings, [row('b', 'two', { eventMs: 10_101 })])
        await expect(log.append(landings, [row('a', 'one', { eventMs: 10_000 })])).rejects.toMatchObject({
          code: 'event_too_old',
        })
        await log.declare(landings, { deduplicationWindowMs: 101 })
        expect(await log.append(landings, [row('a', 'one', { eventMs: 10_000 })])).toMatchObject({ duplicates: 1 })
      })

      it('remembers a row whose event lies ahead of its stamp until its event is old, too', async () => {
        await log.declare(landings, { deduplicationWindowMs: 100 })
        await log.append(landings, [row('a', 'one', { eventMs: 50_000 })])
        nowMs = 50_100
        await log.append(landings, [row('b', 'two', { eventMs: 50_100 })])
        if (supports.durable) await restart()
        await log.declare(landings, { deduplicationWindowMs: 100 })
        expect(await log.append(landings, [row('a', 'one', { eventMs: 50_000 })])).toMatchObject({ duplicates: 1 })
      })
    })

    describe('stamps and the frontier', () => {
      it('never go back, though the clock does', async () => {
        await log.append(landings, [row('a', 'one')])
        nowMs = 9_000
        expect(await log.append(landings, [row('b', 'two')])).toMatchObject({ receivedMs: 10_000 })
        await log.advance(landings, 12_000)
        expect(await log.append(landings, [row('c', 'three')])).toMatchObject({ receivedMs: 12_000 })
        expect(await log.advance(landings)).toEqual({ frontierMs: 12_000, nextOffset: 3 })
        expect(await log.frontier(landings)).toEqual({ frontierMs: 12_000, nextOffset: 3 })
      })

      it('agree while rows are on their way: no row below a frontier comes after it', async () => {
        const published: { frontierMs: number; nextOffset: number }[] = []
        const calls: Promise<unknown>[] = []
        for (let index = 0; index < 300; index += 1) {
          nowMs += index % 3
          calls.push(log.append(landings, [row(`${index}`, 'x'), row(null, 'y')]))
          if (index % 5 === 0) calls.push(log.advance(landings).then((frontier) => published.push(frontier)))
          if (index % 50 === 0) await Promise.all(calls)
        }
        await Promise.all(calls)
        const rows = await readAll(log, landings, 1_000)
        expect(rows).toHaveLength(600)
        for (const { frontierMs, nextOffset } of published) {
          expect(rows.filter((stored) => stored.receivedMs < frontierMs && stored.offset >= nextOffset)).toEqual([])
        }
        expect((await log.advance(landings)).frontierMs).toBe(nowMs)
      })
    })

    describe('reading on', () => {
      it('tails what is there, then what comes, and ends when told to', async () => {
        await log.append(landings, [row('a', '1'), row('b', '2'), row('c', '3')])
        const ending = new AbortController()
        const seen: (string | null)[] = []
        for await (const rows of log.tail(landings, { from: 1, limit: 1, signal: ending.signal })) {
          seen.push(...rows.map((stored) => stored.id))
          if (seen.length === 2) setImmediate(() => log.append(landings, [row('d', '4')]))
          if (seen.length === 3) ending.abort()
        }
        expect(seen).toEqual(['b', 'c', 'd'])
      })

      it('ends a waiting tail when the log closes', async () => {
        const ended = (async () => {
          for await (const rows of log.tail(landings, { from: 0 })) expect(rows).toHaveLength(1)
        })()
        await log.append(landings, [row('a', '1')])
        await log.close()
        await ended
        await expect(log.append(landings, [row('b', '2')])).rejects.toMatchObject({ code: 'log_unavailable' })
        log = await harness.open(clock)
      })

      it('calls subscribers back after each commit, until they end it', async () => {
        const seen: number[] = []
        const end = log.subscribe(landings, (nextOffset) => seen.push(nextOffset))
        await log.append(landings, [row('a', '1'), row('b', '2')])
        await log.append(departures, [row('a', '1')])
        end()
        await log.append(landings, [row('c', '3')])
        expect(seen).toEqual([2])
      })
    })

    it('lets go of old rows but never of those whose ids it remembers', async () => {
      await log.declare(landings, { deduplicationWindowMs: 100 })
      for (let index = 0; index < 10; index += 1) {
        nowMs = 10_000 + index * 50
        await log.append(landings, [row(`${index}`, 'x', { eventMs: nowMs })])
      }
      const { firstOffset } = await log.retain(landings, 10)
      expect(firstOffset).toBeLessThanOrEqual(7)
      expect((await readAll(log, landings)).map((stored) => stored.offset)).toEqual(
        Array.from({ length: 10 - firstOffset }, (_, index) => firstOffset + index),
      )
      if (firstOffset > 0) {
        await expect(log.read(landings, { from: 0, limit: 1 })).rejects.toMatchObject({ code: 'log_position_gone' })
      }
      expect(await log.append(landings, [row('8', 'x', { eventMs: 10_400 })])).toMatchObject({ duplicates: 1 })
    })

    if (supports.durable) {
      it('survives a restart: rows, stamps, frontiers and identities', async () => {
        await log.append(landings, [row('a', 'one'), row(null, 'two')])
        await log.advance(landings, 15_000)
        const before = await readAll(log, landings)
        nowMs = 5_000
        await restart()
        expect(await readAll(log, landings)).toEqual(before)
        expect((await log.frontier(landings)).frontierMs).toBeGreaterThanOrEqual(15_000)
        expect(await log.append(landings, [row('a', 'one')])).toMatchObject({ duplicates: 1, receivedMs: 10_000 })
        expect((await log.append(landings, [row('b', 'three')])).receivedMs).toBeGreaterThanOrEqual(15_000)
        await expect(log.append(landings, [row('a', 'other')])).rejects.toMatchObject({ code: 'event_conflict' })
      })
    } else {
      it('is empty after a restart, as it says', async () => {
        await log.append(landings, [row('a', 'one')])
        await restart()
        expect(await log.extent(landings)).toEqual({ firstOffset: 0, nextOffset: 0, lastReceivedMs: null })
      })
    }

    it('does what a plain array does, over random calls, clocks, repeats, retention and restarts', async () => {
      await fc.assert(
        fc.asyncProperty(randomWalk, (steps) => walk(steps, supports, create)),
        { numRuns: 60 },
      )
    })
  })
}
