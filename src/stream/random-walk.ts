import fc from 'fast-check'
import { expect } from 'vitest'
import type { StreamLogHarness } from './conformance.ts'
import { type LogModel, type ModelRow, modelLog } from './log-model.ts'
import type { LogName, StreamLog, StreamLogSupports } from './stream-log.ts'

const windowMs = 60
const small = fc.integer({ min: 0, max: 5 })
const names: readonly LogName[] = [
  { project: 'flights', source: 'landings' },
  { project: 'flights', source: 'departures' },
]

const modelRow: fc.Arbitrary<ModelRow> = fc.record({
  id: fc.option(small.map(String), { freq: 5 }),
  word: fc.constantFrom('x', 'x', 'x', 'y'),
  eventAgoMs: fc.integer({ min: -40, max: 120 }),
  availableMs: fc.option(fc.integer({ min: 9_900, max: 10_300 }), { freq: 5 }),
  backfill: fc.integer({ min: 0, max: 4 }).map((draw) => draw === 0),
})

/** What happens to two logs and their clock, at random. */
export const randomWalk = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ rows: fc.array(modelRow, { minLength: 1, maxLength: 4 }), on: small }) },
    { weight: 3, arbitrary: fc.record({ clockBy: fc.integer({ min: -30, max: 60 }) }) },
    { weight: 2, arbitrary: fc.record({ advanceBy: fc.integer({ min: -10, max: 20 }), on: small }) },
    { weight: 1, arbitrary: fc.record({ retainAll: fc.constant(true), on: small }) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  ),
  { maxLength: 25 },
)

/** Takes a log of the driver through the steps and holds it to the model after each. */
export async function walk(
  steps: typeof randomWalk extends fc.Arbitrary<infer Steps> ? Steps : never,
  supports: StreamLogSupports,
  create: () => Promise<StreamLogHarness>,
): Promise<void> {
  let nowMs = 10_000
  const harness = await create()
  const open = async () => {
    const log = await harness.open({ now: () => nowMs })
    for (const name of names) await log.declare(name, { deduplicationWindowMs: windowMs })
    return log
  }
  let log = await open()
  const models = names.map(() => modelLog(windowMs))
  try {
    for (const step of steps) {
      if (step === 'restart') {
        if (!supports.durable) continue
        await log.close()
        log = await open()
        continue
      }
      if ('clockBy' in step) {
        nowMs += step.clockBy
        continue
      }
      const name = names[step.on % 2]!
      const model = models[step.on % 2]!
      if ('advanceBy' in step) {
        const { frontierMs, nextOffset } = await log.advance(name, nowMs + step.advanceBy)
        expect(frontierMs).toBeGreaterThanOrEqual(Math.max(model.frontierMs, nowMs + step.advanceBy))
        expect(nextOffset).toBe(model.rows.length)
        model.frontierMs = frontierMs
      } else if ('retainAll' in step) {
        await retainAll(log, name, model)
      } else {
        const rows = step.rows.map((drawn) => model.rowOf(drawn, nowMs))
        const answer = await log.append(name, rows).catch((error: unknown) => error)
        const ceilingMs = Math.max(nowMs, ...models.flatMap((known) => [known.frontierMs, known.lastReceivedMs]))
        model.check(rows, answer, nowMs, ceilingMs)
      }
    }
    for (const [at, name] of names.entries()) await expectRows(log, name, models[at]!)
  } finally {
    await log.close()
    await harness.dispose()
  }
}

async function retainAll(log: StreamLog, name: LogName, model: LogModel): Promise<void> {
  const { firstOffset } = await log.retain(name, model.rows.length)
  const dropped = model.rows.slice(model.firstOffset, firstOffset)
  expect(dropped.filter((row) => row.receivedMs >= model.lastReceivedMs - windowMs)).toEqual([])
  expect(firstOffset).toBeGreaterThanOrEqual(model.firstOffset)
  model.firstOffset = firstOffset
}

async function expectRows(log: StreamLog, name: LogName, model: LogModel): Promise<void> {
  const found: unknown[] = []
  for (let from = model.firstOffset; ; ) {
    const piece = await log.read(name, { from, limit: 7 })
    if (piece.length === 0) break
    found.push(...piece.map(({ name: _, body, ...rest }) => ({ ...rest, body: new TextDecoder().decode(body) })))
    from += piece.length
  }
  expect(found).toEqual(model.rows.slice(model.firstOffset))
}
