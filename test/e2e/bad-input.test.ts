// Goal: a mistake gets an error that says what to mend and where, and changes nothing. Method: a table of mistakes, each made in a
// copy of an applied project or sent to a server; the platform's revision, versions and logs are compared before and after.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlatform } from '../../src/platform.ts'
import { noonmark, noonmarkJson, type RunningServer, startServer } from './command-line.ts'
import { historyTo, iso, projectFiles, removeProject, writeProject } from './small-project.ts'

const clock = ['--clock', iso(historyTo)]
const base = projectFiles()

/** A file of the project with a mistake in it. */
function changed(path: string, from: string | RegExp, to: string): Record<string, string> {
  const text = base[path]!.replace(from, to)
  if (text === base[path]) throw new Error(`${path} has no ${from}`)
  return { [path]: text }
}

/** What must be the same after a mistake. */
async function state(folder: string): Promise<unknown> {
  const platform = await openPlatform({ rootDir: folder, project: 'parcels' })
  try {
    const { revision, digest } = await platform.applied()
    const versions = (await platform.registry.versions()).map((version) => version.digest)
    const extent = (source: string) => platform.logReader().extent({ project: 'parcels', source })
    return { revision, digest, versions, logs: [await extent('deliveries'), await extent('orders')] }
  } finally {
    await platform.close()
  }
}

interface Mistake {
  readonly what: string
  /** Applied before the mistake. */
  readonly applied?: Readonly<Record<string, string>>
  /** The files with the mistake; null: gone. */
  readonly files?: Readonly<Record<string, string | null>>
  readonly args: readonly string[]
  readonly code?: number
  /** Names that the error has to say: its code, and file, definition and field. */
  readonly says: readonly string[]
}

const shopFile = 'features/shop.ts'
const deliveriesFile = 'data/deliveries.csv'
const firstLine = /^(past-\d+,[a-z]+),(-?[\d.]+),(\S+)$/m

const mistakes: readonly Mistake[] = [
  {
    what: 'a time zone that does not exist',
    files: changed(shopFile, "id: 'order_id',", "id: 'order_id', timeZone: 'Europe/Amsterdan',"),
    args: ['apply', '--yes'],
    says: ['time_zone_unknown', shopFile, 'source deliveries', 'timeZone', 'Europe/Amsterdan'],
  },
  {
    what: 'two definitions of one name',
    files: { 'features/again.ts': base[shopFile]! },
    args: ['apply', '--yes'],
    says: ['definition_duplicate', shopFile, 'features/again.ts', "source 'deliveries'", 'name'],
  },
  {
    what: 'definitions in a circle',
    files: {
      'features/one.ts': `import { entity, string } from 'noonmark'
import { two } from './two.ts'

export const one = entity('one', { key: { one: string() }, description: two.name })
`,
      'features/two.ts': `import { entity, string } from 'noonmark'
import { one } from './one.ts'

export const two = entity('two', { key: { two: string() }, description: one.name })
`,
    },
    args: ['apply', '--yes'],
    says: ['definition_cycle', 'features/one.ts', 'features/two.ts'],
  },
  {
    what: 'a feature that does not exist',
    files: changed('models/late.ts', "shopDeliveries.for('shop')", "shopDeliveries.pick('mean_delay_9d').for('shop')"),
    args: ['apply', '--yes'],
    says: ['definition_invalid', 'models/late.ts', 'feature-view shop_deliveries', 'mean_delay_9d', 'mean_delay_2d'],
  },
  {
    what: 'a window under a minute',
    files: changed(shopFile, "count().over('1d')", "count().over('30s')"),
    args: ['apply', '--yes'],
    says: ['window_invalid', shopFile, 'feature-view shop_deliveries', 'deliveries_1d', '30s'],
  },
  {
    what: 'a column that does not exist',
    files: changed(shopFile, 'mean(row.delay_minutes)', 'mean(row.delay_hours)'),
    args: ['apply', '--yes'],
    says: ['definition_invalid', shopFile, 'source deliveries', 'delay_hours', 'delay_minutes'],
  },
  {
    what: 'text that is no TypeScript',
    files: changed(shopFile, "source('deliveries', {", "source('deliveries', {{"),
    args: ['apply', '--yes'],
    says: ['project_invalid', `${shopFile}:5`],
  },
  {
    what: 'a file that is missing where a plan is made',
    files: { [deliveriesFile]: null },
    args: ['plan'],
    says: ['source_file_missing', shopFile, 'source deliveries', 'history', deliveriesFile],
  },
  {
    what: 'a column that its file lacks where a plan is made',
    files: { [deliveriesFile]: 'order_id,shop,delay,delivered_at\n' },
    args: ['apply', '--yes'],
    says: ['source_column_missing', shopFile, 'source deliveries', 'columns.delay_minutes', deliveriesFile],
  },
  {
    what: 'a file that is missing',
    files: { [deliveriesFile]: null },
    args: ['materialize'],
    says: ['source_file_missing', shopFile, 'source deliveries', 'history', deliveriesFile],
  },
  {
    what: 'a column that is missing in a file',
    files: changed(deliveriesFile, 'delay_minutes', 'delay'),
    args: ['materialize'],
    says: ['source_column_missing', shopFile, 'source deliveries', 'columns.delay_minutes', deliveriesFile],
  },
  {
    what: 'a value of another type in a file',
    files: changed(deliveriesFile, firstLine, '$1,soon,$3'),
    args: ['materialize'],
    says: ['source_value_invalid', shopFile, 'source deliveries', 'columns.delay_minutes', 'line 2', 'soon'],
  },
  {
    what: 'a row without an event time',
    files: changed(deliveriesFile, firstLine, '$1,$2,'),
    args: ['materialize'],
    says: ['source_value_missing', shopFile, 'source deliveries', 'columns.delivered_at', 'line 2'],
  },
  {
    what: 'times without an offset',
    files: changed(deliveriesFile, /Z$/gm, ''),
    args: ['materialize'],
    says: ['source_time_naive', shopFile, 'source deliveries', 'timeZone', 'line 2'],
  },
  {
    what: 'a row without an event time, met in a training',
    files: changed('data/orders.csv', firstLine, '$1,$2,'),
    args: ['train', 'late'],
    says: ['source_value_missing', 'moments/order.ts', 'source orders', 'columns.ordered_at', 'line 2'],
  },
  {
    what: 'a moment without history',
    applied: changed('moments/order.ts', "  history: 'data/orders.csv',\n", ''),
    args: ['train', 'late'],
    says: ['moment_without_history', 'moments/order.ts', 'moment order', 'source'],
  },
  {
    what: 'a training set without rows',
    args: ['train', 'late', '--from', '2025-01-01', '--to', '2025-02-01'],
    says: ['training_set_empty', 'models/late.ts', 'model late', 'split'],
  },
  {
    what: 'labels of one class only',
    applied: changed('models/late.ts', 'delay_minutes.gte(0)', 'delay_minutes.gte(-1000)'),
    args: ['train', 'late'],
    says: ['training_one_class', 'models/late.ts', 'model late', 'label'],
  },
  {
    what: 'a parameter that the trainer does not have',
    args: ['train', 'late', '--set', 'depth=3'],
    says: ['parameter_invalid', 'depth', 'max_depth'],
  },
  { what: 'an unknown model', args: ['train', 'early'], says: ['not_found', 'early', 'late'] },
  {
    what: 'a version that does not exist',
    args: ['deploy', 'late:9', '--to', 'late-order'],
    says: ['version_unknown', 'late:9'],
  },
  {
    what: 'events from a file that is missing',
    args: ['ingest', 'deliveries', 'data/nothing.jsonl'],
    says: ['not_found', 'data/nothing.jsonl', 'file'],
  },
  {
    what: 'events that are not those of the source',
    args: ['ingest', 'deliveries', 'data/orders.csv'],
    says: ['source_column_missing', 'source deliveries', 'columns.delay_minutes', 'data/orders.csv'],
  },
  {
    what: 'an event of another type',
    files: {
      'more.jsonl': '{"order_id":"m1","shop":"cph","delay_minutes":"much","delivered_at":"2026-01-31T00:00:00Z"}\n',
    },
    args: ['ingest', 'deliveries', 'more.jsonl'],
    says: ['row_invalid', 'more.jsonl row 1', 'delay_minutes'],
  },
  { what: 'an unknown verb', args: ['trian', 'late'], code: 2, says: ['trian', 'Did you mean train?'] },
  { what: 'an unknown option', args: ['train', 'late', '--fast'], code: 2, says: ['--fast', '--help'] },
  { what: 'a verb without its argument', args: ['train'], code: 2, says: ['model', '--help'] },
]

const row = { order_id: 'n1', shop: 'cph', kilograms: 5 }

let applied: string
let scratch: string

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'noonmark-e2e-'))
  applied = writeProject(base, join(scratch, 'applied'))
  await noonmarkJson(applied, ['apply', '--yes', ...clock])
})

afterAll(() => removeProject(scratch))

describe.concurrent('a mistake on the command line', () => {
  it('is to be outside of any project', async () => {
    const folder = mkdtempSync(join(scratch, 'empty-'))
    const { code, error } = await noonmark(folder, ['plan'])
    expect(code).toBe(1)
    for (const name of ['project_missing', 'noonmark.config.ts', 'mend:']) expect(error).toContain(name)
    expect(readdirSync(folder)).toEqual([])
  })

  for (const { what, applied: before, files = {}, args, code: exit = 1, says } of mistakes) {
    it(`is ${what}`, async () => {
      const folder = join(scratch, what.replaceAll(/\W+/g, '-'))
      cpSync(applied, folder, { recursive: true })
      if (before !== undefined) {
        writeProject(before, folder)
        await noonmarkJson(folder, ['apply', '--yes', ...clock])
      }
      for (const [path, text] of Object.entries(files)) {
        if (text === null) rmSync(join(folder, path))
        else writeProject({ [path]: text }, folder)
      }
      const unchanged = await state(folder)
      const { code, out, error } = await noonmark(folder, exit === 2 ? args : [...args, ...clock])
      expect(code, out + error).toBe(exit)
      for (const name of exit === 2 ? says : [...says, 'error: ', 'mend: ']) expect(out + error).toContain(name)
      expect(out + error).not.toContain('(internal)')
      expect(await state(folder)).toEqual(unchanged)
    })
  }
})

describe('a mistake in a request', () => {
  let server: RunningServer
  let folder: string

  beforeAll(async () => {
    folder = join(scratch, 'served')
    cpSync(applied, folder, { recursive: true })
    server = await startServer(folder, clock)
  })

  afterAll(() => server?.stop())

  const predictions = '/v1/moments/order/predictions'
  const events = '/v1/sources/deliveries/events'
  const event = { order_id: 'n1', shop: 'cph', delay_minutes: 3, delivered_at: iso(historyTo) }
  const { kilograms: _, ...lighter } = row

  const table: readonly (readonly [
    what: string,
    path: string,
    body: unknown,
    status: number,
    code: string,
    path: string,
  ])[] = [
    ['a missing field', predictions, lighter, 400, 'row_invalid', 'kilograms'],
    ['an extra field', predictions, { ...row, colour: 'red' }, 400, 'row_invalid', 'colour'],
    ['a field of another type', predictions, { ...row, kilograms: 'five' }, 400, 'row_invalid', 'kilograms'],
    ['a field that is null', predictions, { ...row, kilograms: null }, 400, 'row_invalid', 'kilograms'],
    [
      'a mistake in one of several rows',
      predictions,
      { rows: [row, lighter] },
      400,
      'row_invalid',
      'rows[1].kilograms',
    ],
    ['text that is no JSON', predictions, '{"order_id": ', 400, 'json_invalid', ''],
    ['a moment ahead of the clock', predictions, { ...row, at: iso(historyTo + 1) }, 400, 'instant_ahead', 'at'],
    ['an unknown moment', '/v1/moments/payment/predictions', row, 404, 'not_found', 'moment'],
    ['an unknown deployment', predictions, { rows: [row], deployments: ['x'] }, 404, 'not_found', 'deployments[0]'],
    [
      'an event without its time',
      events,
      { events: [event, { ...event, delivered_at: null }] },
      400,
      'row_invalid',
      'events[1].delivered_at',
    ],
    [
      'an event of another type',
      events,
      { events: [{ ...event, delay_minutes: 'much' }] },
      400,
      'row_invalid',
      'events[0].delay_minutes',
    ],
    [
      'an event with another field',
      events,
      { events: [{ ...event, colour: 'red' }] },
      400,
      'row_invalid',
      'events[0].colour',
    ],
    [
      'a time without an offset',
      events,
      { events: [{ ...event, delivered_at: '2026-01-31T00:00:00' }] },
      400,
      'instant_invalid',
      'events[0].delivered_at',
    ],
    ['an unknown source', '/v1/sources/gifts/events', { events: [event] }, 404, 'not_found', 'source'],
    ['no events', events, { events: [] }, 400, 'request_invalid', 'events'],
    [
      'an unknown feature',
      '/v1/features/lookup',
      { features: ['shop_deliveries:none'], entities: [{ shop: 'cph' }] },
      404,
      'not_found',
      'features[0]',
    ],
  ]

  for (const [what, path, body, status, code, field] of table) {
    it(`is ${what}`, async () => {
      const answer = await server.post<{ error: { code: string; message: string; hint: string; path?: string } }>(
        path,
        body,
      )
      expect(answer.json.error).toMatchObject({ code, ...(field === '' ? {} : { path: field }) })
      expect(answer.status).toBe(status)
      expect(answer.json.error.hint).not.toBe('')
    })
  }

  it('has left nothing behind', async () => {
    expect(await server.get('/v1/predictions')).toMatchObject({ json: { predictions: [] } })
    expect(await state(folder)).toEqual(await state(applied))
  })

  it('is a port that is in use', async () => {
    const taken: Server = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    const other = join(scratch, 'other')
    cpSync(applied, other, { recursive: true })
    const { code, out, error } = await noonmark(other, ['server', '--port', port])
    taken.close()
    expect(code).toBe(1)
    for (const name of ['port_in_use', port, '--port', 'mend: ']) expect(out + error).toContain(name)
    expect(await state(other)).toEqual(await state(applied))
  })

  it('is a second server of one folder, and the first one goes on', async () => {
    const { code, error } = await noonmark(folder, ['server', '--port', '0', ...clock])
    expect(code).toBe(1)
    for (const name of ['folder_locked', 'mend: ']) expect(error).toContain(name)
    expect(server.file().url).toBe(server.url)
    expect((await server.post(predictions, row)).status).toBe(200)
    expect((await server.post(events, { events: [event] })).status).toBe(200)
  })
})

describe('a server with a history that cannot be read', () => {
  it('takes events and answers by a fallback, and says what to mend', async () => {
    const folder = join(scratch, 'unreadable')
    cpSync(applied, folder, { recursive: true })
    rmSync(join(folder, deliveriesFile))
    const server = await startServer(folder, clock)
    try {
      const event = { order_id: 'n1', shop: 'cph', delay_minutes: 3, delivered_at: iso(historyTo) }
      expect((await server.post('/v1/sources/deliveries/events', { events: [event] })).status).toBe(200)
      expect(await server.post('/v1/moments/order/predictions', row)).toMatchObject({
        status: 200,
        json: { results: { 'late-order': { answered_by: 'fallback:baseline', logged: true } } },
      })
      for (const name of ['source deliveries', deliveriesFile, 'source_file_missing'])
        expect(server.output()).toContain(name)
      expect(server.output()).not.toContain('starts again')
    } finally {
      await server.stop()
    }
  })
})

describe('a server whose writer cannot start', () => {
  it('answers predictions by a fallback, refuses events, and says what to mend', async () => {
    const folder = join(scratch, 'damaged')
    cpSync(applied, folder, { recursive: true })
    writeProject({ '.noonmark/stream/frontier.state': 'x'.repeat(1024) }, folder)
    const server = await startServer(folder, clock)
    try {
      const event = { order_id: 'n1', shop: 'cph', delay_minutes: 3, delivered_at: iso(historyTo) }
      expect(await server.post('/v1/sources/deliveries/events', { events: [event] })).toMatchObject({
        status: 503,
        json: { error: { code: 'writer_unavailable' } },
      })
      expect(await server.post('/v1/moments/order/predictions', row)).toMatchObject({
        status: 200,
        json: { results: { 'late-order': { answered_by: 'fallback:baseline', logged: true } } },
      })
      for (const name of ['frontier.state', 'segment_damaged', 'writer ended (exit 1) and starts again'])
        expect(server.output()).toContain(name)
    } finally {
      await server.stop()
    }
  })
})
