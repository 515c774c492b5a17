// Goal: a store that is damaged, cut short, gone, newer or someone else's gets an error that names it and says how to mend it; what
// is whole goes on, what is lost is named, nothing begins empty in silence. Method: a project that was trained, deployed and served,
// with what it acknowledged; each test does harm to a copy of it, and asks by command line and HTTP.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noonmark, type RunningServer, startServer, until } from '../e2e/command-line.ts'
import { generateHistory, historyTo, removeProject, shops } from '../e2e/small-project.ts'
import {
  advance,
  change,
  clock,
  copyOf,
  countsOf,
  cutTo,
  eventOf,
  expectedCounts,
  filesOf,
  findPredictions,
  flipAt,
  type LivedProject,
  livedProject,
  type Refused,
  ready,
} from './lived-project.ts'

let lived: LivedProject
const copies: string[] = []

beforeAll(async () => {
  lived = await livedProject()
})

afterAll(() => {
  for (const folder of [lived?.folder, ...copies]) if (folder !== undefined) removeProject(folder)
})

function harmed(...harms: ((folder: string) => void)[]): string {
  const folder = copyOf(lived.folder)
  copies.push(folder)
  for (const harm of harms) harm(folder)
  return folder
}

const metadataOf = (folder: string): string => join(folder, '.noonmark/metadata.sqlite')

/** Runs SQL on a metadata store as another program could. */
function inSqlite(file: string, sql: string): void {
  const database = new Database(file)
  database.exec(sql)
  database.close()
}

describe.concurrent('a metadata store', () => {
  const harms: readonly (readonly [what: string, harm: (file: string) => void, code: string])[] = [
    ['cut short', (file) => change(file, cutTo(0.5)), 'store_damaged'],
    ['that is no database any more', (file) => change(file, flipAt(3)), 'store_damaged'],
    [
      'with flipped bits in every page',
      (file) =>
        change(file, (bytes) => {
          for (let byte = 4096 + 40; byte < bytes.length; byte += 512) bytes[byte]! ^= 0x55
          return bytes
        }),
      'store_damaged',
    ],
    [
      'with a record that was changed',
      (file) => inSqlite(file, "update record set body = replace(body, '0.96', '0.99') where kind = 'version'"),
      'store_damaged',
    ],
    ['that is empty', (file) => truncateSync(file, 0), 'store_missing'],
    ['that is gone', (file) => rmSync(file), 'store_missing'],
    [
      'of another program',
      (file) => {
        rmSync(file)
        inSqlite(file, 'create table cats (name text)')
      },
      'store_foreign',
    ],
    [
      'of a newer release',
      (file) => inSqlite(file, "insert into migration (number, name, applied_at) values (99, 'later', 0)"),
      'store_newer',
    ],
  ]
  for (const [what, harm, code] of harms) {
    it(`${what} is refused by name, and left as it is`, async () => {
      const folder = harmed((copy) => harm(metadataOf(copy)))
      const before = code === 'store_missing' ? null : readFileSync(metadataOf(folder))
      const { code: exit, out, error } = await noonmark(folder, ['versions', 'list'])
      expect(exit, out).toBe(1)
      expect(error).toContain(`(${code})`)
      expect(error).toContain('mend: ')
      if (!what.includes('record')) expect(error).toContain(metadataOf(folder))
      if (before !== null) expect(readFileSync(metadataOf(folder)).equals(before)).toBe(true)
    })
  }

  it('that is gone starts no server either, and brings all back when it is', async () => {
    const folder = harmed()
    const file = metadataOf(folder)
    const kept = readFileSync(file)
    rmSync(file)
    await expect(startServer(folder, clock)).rejects.toThrow('store_missing')
    writeFileSync(file, kept)
    const { out } = await noonmark(folder, ['versions', 'list'])
    expect(out).toContain('late:1')
  })
})

async function served<T>(folder: string, work: (server: RunningServer) => Promise<T>): Promise<T> {
  const server = await startServer(folder, clock)
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}

const send = (server: RunningServer, id: string) =>
  server.post<{ accepted: number; duplicates: number } & Partial<Refused>>('/v1/sources/deliveries/events', {
    events: [eventOf(id, 'cph')],
  })

const segmentOf = (folder: string, place: 'stream' | 'predictions'): string =>
  filesOf(folder, place, /\.segment$/).at(0)!

const historyCounts = (): Record<string, number> => {
  const all = generateHistory(historyTo).deliveries.map(({ shop }) => shop)
  return Object.fromEntries(shops.map((shop) => [shop, all.filter((one) => one === shop).length]))
}

describe('a server over harmed stores', () => {
  it('fills a damaged online state again, aloud, and gives back every prediction but the one whose record is damaged', async () => {
    const folder = harmed(
      (copy) =>
        change(join(copy, '.noonmark/online/data.mdb'), (bytes) => {
          for (let byte = 8192; byte < bytes.length; byte += 256) bytes[byte + 77]! ^= 0x55
          return bytes
        }),
      (copy) => change(segmentOf(copy, 'predictions'), flipAt(8000)),
    )
    await served(folder, async (server) => {
      await ready(server)
      expect(server.output()).toContain('The online state is damaged and is filled again from history and log')
      await advance(server)
      await until('the features', async () => !Object.values(await countsOf(server)).includes('unavailable'))
      expect(await countsOf(server)).toEqual(expectedCounts(lived.acknowledged.events))
      const { found, refused } = await findPredictions(server, lived.acknowledged.predictions)
      expect([...refused.values()]).toEqual([
        expect.objectContaining({
          code: 'segment_damaged',
          message: expect.stringContaining('lost: record 11'),
          path: segmentOf(folder, 'predictions'),
        }),
      ])
      for (const [id, probability] of found) expect(probability).toBe(lived.acknowledged.predictions.get(id))
      const list = await server.get<{ predictions: unknown[]; damaged: { message: string }[] }>(
        '/v1/predictions?limit=1000',
      )
      expect(list.json.predictions).toHaveLength(lived.acknowledged.predictions.size - 1)
      expect(list.json.damaged).toEqual([
        expect.objectContaining({ message: expect.stringContaining('lost: record 11') }),
      ])
      expect((await send(server, 'event-2')).json).toMatchObject({ accepted: 0, duplicates: 1 })
    })
  })

  it('names what a log that was cut short has lost, takes no event into it, and predicts on', async () => {
    const folder = harmed(
      (copy) => change(segmentOf(copy, 'stream'), cutTo(0.5)),
      (copy) => change(segmentOf(copy, 'predictions'), flipAt(-10)),
    )
    const before = readFileSync(segmentOf(folder, 'stream'))
    await served(folder, async (server) => {
      const refused = await send(server, 'event-new')
      expect(refused.status).toBe(500)
      expect(refused.json.error).toMatchObject({ code: 'segment_damaged', path: segmentOf(folder, 'stream') })
      expect(refused.json.error?.message).toMatch(/lost: records \d+ to 23/)
      // What was lost must not be taken as new.
      expect((await send(server, 'event-23')).status).toBe(500)
      // As of an instant that it knows all about, or not at all.
      for (const [shop, count] of Object.entries(await countsOf(server)))
        expect([historyCounts()[shop], 'unavailable']).toContain(count)
      const answer = await server.post<{ results: Record<string, { logged: boolean }> }>(
        '/v1/moments/order/predictions',
        {
          order_id: 'while-damaged',
          shop: 'cph',
          kilograms: 3,
        },
      )
      expect(answer.json.results['late-order']).toMatchObject({ logged: true })
      const { found, refused: gone } = await findPredictions(server, lived.acknowledged.predictions)
      expect(found.size).toBe(lived.acknowledged.predictions.size - 1)
      expect([...gone.values()][0]).toMatchObject({ code: 'segment_damaged' })
      expect(server.output()).toMatch(/source deliveries: .*lost: records/)
    })
    expect(readFileSync(segmentOf(folder, 'stream')).equals(before), 'nothing is cut off or written behind').toBe(true)
  })

  it('names logs whose files are gone', async () => {
    const folder = harmed(
      (copy) => rmSync(join(copy, '.noonmark/stream'), { recursive: true }),
      (copy) => rmSync(segmentOf(copy, 'predictions')),
    )
    await served(folder, async (server) => {
      const refused = await send(server, 'event-1')
      expect(refused.json.error).toMatchObject({
        code: 'segment_damaged',
        message: expect.stringContaining('lost: records 0 to 23'),
      })
      const { found, refused: gone } = await findPredictions(server, lived.acknowledged.predictions)
      expect(found.size).toBe(0)
      for (const error of gone.values()) expect(error).toMatchObject({ code: 'segment_damaged' })
      const list = await server.get<{ damaged: { message: string }[] }>('/v1/predictions')
      expect(list.json.damaged[0]?.message).toContain('lost: records 0 to 23')
    })
  })

  it('answers by a fallback, with the digest named, where the blob of a version was altered; refuses to start without its manifest', async () => {
    const blobs = (copy: string) => filesOf(copy, 'blobs', /[0-9a-f]{64}$/)
    const folder = harmed((copy) => {
      for (const blob of blobs(copy)) if (!readFileSync(blob).includes('"manifest')) continue
      const artifact = filesOf(copy, 'runs', /artifact\.bin$/)[0]!
      const content = readFileSync(artifact)
      for (const blob of blobs(copy)) if (readFileSync(blob).equals(content)) change(blob, flipAt(100))
    })
    await served(folder, async (server) => {
      const answer = await server.post<{ results: Record<string, { answered_by: string; reason?: string }> }>(
        '/v1/moments/order/predictions',
        { order_id: 'altered', shop: 'cph', kilograms: 3 },
      )
      expect(answer.json.results['late-order']).toMatchObject({
        answered_by: 'fallback:baseline',
        reason: 'version_refused: late:1',
      })
      expect(server.output()).toMatch(
        /late:1 does not answer: version_refused: The blob [0-9a-f]{64} is damaged: .*have the digest [0-9a-f]{64}/,
      )
    })
    const bare = harmed((copy) => rmSync(join(copy, '.noonmark/blobs'), { recursive: true }))
    await expect(startServer(bare, clock)).rejects.toThrow(/There is no blob [0-9a-f]{64}.*mend: /s)
  })

  it('is the only one of its folder, and takes neither foreign hosts nor origins nor bodies without end', async () => {
    const folder = harmed()
    await served(folder, async (server) => {
      await ready(server)
      await expect(startServer(folder, clock)).rejects.toThrow('folder_locked')
      const { port } = new URL(server.url)
      const ask = (headers: Record<string, string>, body?: string): Promise<{ status: number; text: string }> =>
        new Promise((resolve, reject) => {
          const call = request(
            { host: '127.0.0.1', port, method: 'POST', path: '/v1/sources/deliveries/events', headers },
            (response) => {
              let text = ''
              response.on('data', (piece) => {
                text += piece
              })
              response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
            },
          )
          call.on('error', reject)
          call.end(body)
        })
      const json = { 'content-type': 'application/json' }
      for (const headers of [
        { ...json, host: 'example.org' },
        { ...json, origin: 'https://example.org' },
      ]) {
        const { status, text } = await ask(headers, '{"events":[]}')
        expect(status).toBe(403)
        expect(text).toContain('host_forbidden')
      }
      const large = await server.post<Refused>(
        '/v1/sources/deliveries/events',
        JSON.stringify({ events: ['x'.repeat(2_000_000)] }),
      )
      expect([large.status, large.json.error.code]).toEqual([413, 'body_too_large'])
      expect(large.json.error.hint).not.toBe('')
      // The first one goes on.
      expect((await send(server, 'event-later')).json).toMatchObject({ accepted: 1 })
    })
  })
})
