import { setTimeout as pause } from 'node:timers/promises'
import type { OutcomeFinder } from '../http/index.ts'
import type { OutcomeAsk, Worker } from '../http/work.ts'
import type { PredictionRecord } from '../serve/index.ts'

/** How long a page waits for outcomes before it is shown without: a worker that rests has to wake and to read a table. */
const patienceMs = 8_000

/** Outcomes as the worker finds them. Where it is down, or busy for too long, nobody can tell now. */
export function outcomeFinder(worker: Pick<Worker, 'outcomes'>): OutcomeFinder {
  return {
    async find(records) {
      if (records.length === 0) return []
      const unknown = records.map(() => null)
      const late = new AbortController()
      const asked = worker.outcomes({ asks: records.map(outcomeAsk) }).catch(() => unknown)
      const found = await Promise.race([
        asked,
        pause(patienceMs, unknown, { signal: late.signal }).catch(() => unknown),
      ])
      late.abort()
      return found
    },
  }
}

/** No row is both feature and outcome: what happened up to any as_of of the answer is no outcome of it. */
export function outcomeAsk({ model, key, at, asOf }: PredictionRecord): OutcomeAsk {
  return {
    model,
    key: Object.fromEntries(key.map(({ name, value }) => [name, value])),
    at,
    after: Math.max(at, ...Object.values(asOf)),
  }
}
