// Goal: whatever happens to the bytes of whatever file of the state, afterwards everything acknowledged is there, or an error names
// what is not; never another value, never an error without a name, never a process that hangs. Method: one project that has lived;
// each run copies it, harms one file of its state at random (flipped bits, zeros, a missing end, all of it) and reads everything
// back through the rooms of a platform. `FAULT_RUNS` sets the number of runs.
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Registry as MetricsRegistry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorBody, isNoonmarkError } from '../../src/errors.ts'
import { openAnswering } from '../../src/platform/answering.ts'
import { fillDeclared, writerHere } from '../../src/platform/filling.ts'
import { openWriter } from '../../src/platform/writing.ts'
import { openPlatform, type Platform } from '../../src/platform.ts'
import { lostRecords } from '../../src/segment/index.ts'
import { historyTo, removeProject, shops } from '../e2e/small-project.ts'
import { change, eventOf, expectedCounts, type LivedProject, livedProject } from './lived-project.ts'

const runs = Number(process.env.FAULT_RUNS ?? 25)
const hangMs = 60_000

let lived: LivedProject
let files: readonly string[]
let blobs: ReadonlyMap<string, string>
let version: string

const open = (folder: string) => openPlatform({ rootDir: folder, project: 'parcels', clockMs: historyTo + 3_600_000 })

beforeAll(async () => {
  lived = await livedProject(12)
  const state = join(lived.folder, '.noonmark')
  files = readdirSync(state, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(state, path)).isFile() && !/writer\.(pid|lock)$|^runs|^temporary|^logs/.test(path))
    .sort()
  const platform = await open(lived.folder)
  const entries = await platform.blobs.list()
  blobs = new Map(
    await Promise.all(
      entries.map(
        async ({ digest }) => [digest, Buffer.from(await platform.blobs.get(digest)).toString('hex')] as const,
      ),
    ),
  )
  version = JSON.stringify(await platform.registry.version('late:1'))
  await platform.close()
}, 120_000)

afterAll(() => {
  if (lived !== undefined) removeProject(lived.folder)
})

type Harm =
  | { readonly how: 'flip'; readonly places: readonly { readonly at: number; readonly bit: number }[] }
  | { readonly how: 'zero'; readonly at: number; readonly length: number }
  | { readonly how: 'cut'; readonly at: number }
  | { readonly how: 'remove' }

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const harm: fc.Arbitrary<Harm> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      how: fc.constant('flip' as const),
      places: fc.array(fc.record({ at: share, bit: fc.nat(7) }), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ how: fc.constant('zero' as const), at: share, length: fc.integer({ min: 1, max: 4096 }) }),
  },
  { weight: 2, arbitrary: fc.record({ how: fc.constant('cut' as const), at: share }) },
  { weight: 1, arbitrary: fc.constant({ how: 'remove' as const }) },
)

function doHarm(path: string, done: Harm): void {
  if (done.how === 'remove') rmSync(path)
  else
    change(path, (bytes) => {
      const place = (at: number): number => Math.floor(at * bytes.length)
      if (done.how === 'cut') return bytes.subarray(0, place(done.at))
      if (done.how === 'zero')
        return bytes.fill(0, place(done.at), Math.min(bytes.length, place(done.at) + done.length))
      if (bytes.length > 0) for (const { at, bit } of done.places) bytes[place(at)]! ^= 1 << bit
      return bytes
    })
}

/** The work's result; null where an error with a name and a way to mend it says that there is none. */
async function named<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    const { code, message, hint } = errorBody(error).error
    if (!isNoonmarkError(error)) throw error
    expect(code).not.toBe('internal')
    expect(message.length * hint.length).toBeGreaterThan(0)
    return null
  }
}

/** Reads all that was acknowledged; throws where anything is other than it was, or is missing without a word. */
async function audit(platform: Platform): Promise<void> {
  const found = await named(() => platform.registry.version('late:1'))
  if (found !== null) expect(JSON.stringify(found)).toBe(version)
  for (const [digest, content] of blobs) {
    const bytes = await named(() => platform.blobs.get(digest))
    if (bytes !== null) expect(Buffer.from(bytes).toString('hex')).toBe(content)
  }
  await named(() => platform.applied())
  await auditLog(platform)
  const writing = await named(() => openWriter(platform))
  if (writing === null) return
  try {
    await named(() => fillDeclared(platform, writerHere(writing.writer), { onProgress: () => undefined }))
    await named(() => writing.writer.advance())
    const repeat = [...lived.acknowledged.events].find(([, shop]) => shop === 'cph')![0]
    const answer = await named(() => writing.writer.ingest('deliveries', [eventOf(repeat, 'cph')]))
    if (answer !== null) expect(answer).toMatchObject({ accepted: 0, duplicates: 1 })
    await named(() => auditAnswers(platform, writing.writer))
  } finally {
    await writing.close().catch(() => undefined)
  }
}

async function auditLog(platform: Platform): Promise<void> {
  const name = { project: 'parcels', source: 'deliveries' }
  const reader = platform.logReader()
  const ids = [...lived.acknowledged.events.keys()]
  for (let from = 0; from < ids.length; ) {
    try {
      const rows = await reader.read(name, { from, limit: 100 })
      // The whole folder may be gone: then the writer knows how far it was.
      if (rows.length === 0) return
      for (const { id } of rows) expect(id).toBe(ids[from++])
    } catch (error) {
      const lost = lostRecords(error)
      if (lost === null) return void (await named(() => Promise.reject(error)))
      from = lost.toOffset
    }
  }
}

async function auditAnswers(
  platform: Platform,
  writer: Awaited<ReturnType<typeof openWriter>>['writer'],
): Promise<void> {
  const online = await platform.stores.openOnlineReader()
  const metrics = new MetricsRegistry()
  const answering = await openAnswering(platform, {
    online,
    frontiers: writer.frontiers,
    positions: writer,
    metrics,
    log: () => undefined,
  })
  try {
    for (const [id, probability] of lived.acknowledged.predictions) {
      const record = await named(() => answering.predictions.get(id))
      // One that is not found must be missing because its whole log is: that the reader is told of.
      if (record !== null) expect(record.output?.probability).toBe(probability)
    }
    const feature = 'shop_deliveries:deliveries_total'
    const looked = await named(() =>
      answering.features.lookup({
        features: [feature],
        entities: shops.map((shop) => ({ shop })),
        at: null,
        minPosition: null,
      }),
    )
    const expected = expectedCounts(lived.acknowledged.events)
    const history = expectedCounts(new Map())
    for (const [i, shop] of shops.entries()) {
      const { value, status } = (looked?.rows[i]?.features[feature] ?? { value: null, status: 'unavailable' }) as {
        value: number | null
        status: string
      }
      if (value === null) expect(status).toBe('unavailable')
      // At the frontier that it says it is at: before the events, or with all of them.
      else expect(Date.parse(looked!.rows[i]!.as_of) > historyTo ? [expected[shop]] : [history[shop]]).toContain(value)
    }
  } finally {
    await answering.close().catch(() => undefined)
    await online.close()
  }
}

describe('any harm to any file of the state', () => {
  it(
    'leaves what was acknowledged, or names what it took',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), harm, async (which, done) => {
          const path = files[which % files.length]!
          const folder = mkdtempSync(join(tmpdir(), 'noonmark-fuzz-'))
          cpSync(lived.folder, folder, { recursive: true, preserveTimestamps: true })
          let timer: NodeJS.Timeout | undefined
          try {
            doHarm(join(folder, '.noonmark', path), done)
            const hung = new Promise<never>((_, reject) => {
              timer = setTimeout(() => reject(new Error('it hangs')), hangMs)
            })
            const read = async (): Promise<void> => {
              const platform = await named(() => open(folder))
              if (platform === null) return
              try {
                await audit(platform)
              } finally {
                await platform.close().catch(() => undefined)
              }
            }
            await Promise.race([read(), hung])
          } catch (cause) {
            throw new Error(
              `${path}, ${JSON.stringify(done)}: ${cause instanceof Error ? cause.stack : String(cause)}`,
              { cause },
            )
          } finally {
            clearTimeout(timer)
            removeProject(folder)
          }
        }),
        { numRuns: runs, endOnFailure: true },
      )
    },
    Math.max(120_000, runs * 8_000),
  )
})
