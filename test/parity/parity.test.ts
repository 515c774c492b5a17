/**
 * The heart of Noonmark: a feature has one value at an instant, whoever computes it. What was answered online, while events came
 * in, is what the offline engine computes afterwards from files alone, is what the contract says (docs/concepts/time.md), here as
 * a naive oracle of a page. Values and statuses, at each answer's `as_of`.
 *
 * First the laws, one by one, each with an example. Then random stories, in which everything happens at once: every aggregate over
 * random windows and conditions; rows with every type, nulls, lags, ids, repeats, late and early arrivals, backfills; history cut off
 * anywhere; a writer that is started again; features that are declared later; questions about entities that were never seen.
 *
 * The stories of a run are always the same ones. To look further:
 *
 *     PARITY_SEED=$RANDOM PARITY_STORIES=2000 npx vitest run test/parity/parity.test.ts
 *
 * A story that does not hold is shortened and told in lines, with its seed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { ReplayClock } from '../../src/clock.ts'
import { duckdbEngine } from '../../src/offline/drivers/duckdb.ts'
import { lmdbOnlineStore } from '../../src/online/drivers/lmdb.ts'
import { memoryOnlineStore } from '../../src/online/drivers/memory.ts'
import { openFileStreamLog } from '../../src/stream/drivers/file.ts'
import { memoryStreamLog } from '../../src/stream/drivers/memory.ts'
import { statuses } from '../../src/values/index.ts'
import { expectationsOf, laws, storyOf } from './laws.ts'
import { randomStory } from './random-story.ts'
import { type Answer, type OpenStores, play, type Story, type StoryStores, type Verdict } from './story.ts'

const seed = Number(process.env.PARITY_SEED ?? 20_260_115)
const stories = Number(process.env.PARITY_STORIES ?? 90)
/** Long enough to shorten a story that does not hold. */
const patienceMs = Math.max(240_000, stories * 2_000)

describe('one feature, one value', () => {
  it.each(laws)('$law', async (law) => {
    const verdicts = await answered(storyOf(law), inMemory())
    for (const { asOf, key, answer } of expectationsOf(law)) {
      const verdict = verdicts.find((one) => one.asOf === asOf && one.key[0] === key[0])
      expect(verdict).toMatchObject({ online: answer, offline: answer, oracle: answer })
    }
  })

  it(
    `holds in ${stories} random stories, on stores in memory`,
    async () => {
      const seen = await holdsInStories(stories, inMemory)
      // The stories are worth something: every status that a filled feature can have came up, and most answers were exact.
      const possible = statuses.filter((status) => status !== 'unavailable' && status !== 'inexact')
      expect([...seen.statuses].sort()).toEqual([...possible].sort())
      expect(seen.exact / seen.answers).toBeGreaterThan(0.9)
    },
    patienceMs,
  )

  it(
    `holds in ${Math.ceil(stories / 3)} random stories, on LMDB and a log of files that are closed and opened again`,
    async () => {
      await holdsInStories(Math.ceil(stories / 3), onDisk)
    },
    patienceMs,
  )
})

const folder = mkdtempSync(join(tmpdir(), 'parity-'))
const engine = duckdbEngine({ tempDirectory: join(folder, 'spill'), rootDir: folder, memoryLimitMb: 256, threads: 1 })
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Plays a story; every question must have one answer. */
async function answered(story: Story, stores: StoryStores): Promise<Verdict[]> {
  const verdicts = await play(story, stores, engine, folder)
  expect(verdicts.filter((verdict) => !isOne(verdict)).map(told)).toEqual([])
  return verdicts
}

async function holdsInStories(numRuns: number, open: () => StoryStores) {
  const seen = { answers: 0, exact: 0, statuses: new Set<string>() }
  const property = fc.asyncProperty(randomStory, async (story) => {
    for (const { online, oracle } of await answered(story, open())) {
      seen.answers += 1
      if (online !== null) seen.exact += 1
      seen.statuses.add(oracle.status)
    }
  })
  await fc.assert(property, { numRuns, seed, interruptAfterTimeLimit: 0.9 * patienceMs })
  return seen
}

/** Whether all three answers are the same. The online state may say that it is not exact so far back. */
function isOne({ online, offline, oracle, tolerance }: Verdict): boolean {
  const isSame = ({ status, value }: Answer): boolean => {
    if (status !== oracle.status) return false
    if (tolerance === 0 || typeof value !== 'number') return Object.is(value, oracle.value)
    return Math.abs(value - Number(oracle.value)) <= tolerance
  }
  return isSame(offline) && (online === null || isSame(online))
}

function told({ feature, key, asOf, online, offline, oracle }: Verdict): string {
  const say = (answer: Answer | null) => (answer === null ? 'inexact' : `${answer.value} (${answer.status})`)
  const question = `${feature.view.name}:${feature.feature.name} of ${key.join(', ')} as of ${new Date(asOf).toISOString()}`
  return `${question}: ${say(online)} online, ${say(offline)} offline, ${say(oracle)} by the oracle`
}

/** Stores that outlive a writer, as long as their process lives. */
function inMemory(): StoryStores {
  let kept: OpenStores
  return {
    async open(clock) {
      kept = { online: memoryOnlineStore(), log: memoryStreamLog({ clock }) }
      return kept
    },
    reopen: async () => kept,
    close: () => kept.log.close(),
  }
}

/** Stores on disk, of which a new process finds what the one before left. */
function onDisk(): StoryStores {
  const path = mkdtempSync(join(folder, 'stores-'))
  let kept: OpenStores
  const open = async (clock: ReplayClock): Promise<OpenStores> => {
    const log = await openFileStreamLog({ folder: join(path, 'log'), clock, rollBytes: 2_000 })
    kept = { online: lmdbOnlineStore({ folder: join(path, 'online') }), log }
    return kept
  }
  const close = async (): Promise<void> => {
    await kept.online.close()
    await kept.log.close()
  }
  return {
    open,
    close,
    async reopen(clock) {
      await close()
      return open(clock)
    },
  }
}
