// Goal: a verb says the same in the folder and through a server. Method: every verb that has a route, once over a real platform
// and once over HTTP before the same platform.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlatformWorld, type PlatformWorld } from '../../test/training/platform-world.ts'
import { isNoonmarkError } from '../errors.ts'
import { createHttpServer, type HttpServer, route } from '../http/index.ts'
import type { Command, CommandContext, CommandInput, CommandOutput } from './command.ts'
import { commands } from './commands/index.ts'
import { remote, runRemote } from './remote.ts'
import { connectServer, type ServerConnection } from './server-connection.ts'

let world: PlatformWorld
let server: ServerConnection
let outDir: string

beforeAll(async () => {
  world = await openPlatformWorld()
  server = connectServer(await world.listen())
  outDir = await mkdtemp(join(tmpdir(), 'noonmark-remote-'))
  await here('apply', { options: { yes: true } })
  await world.refresh()
  await there('train', { arguments: { model: 'late' } })
})
afterAll(async () => {
  await world.close()
  await rm(outDir, { recursive: true, force: true })
})

const verb = (text: string): Command => commands.find((one) => one.verb.join(' ') === text)!

interface Said {
  readonly output: CommandOutput
  readonly said: readonly string[]
}

function contextOf(said: string[], signal = new AbortController().signal): CommandContext {
  return {
    rootDir: world.folder,
    platform: async () => world.platform,
    progress: () => undefined,
    say: (line) => said.push(line),
    interactive: false,
    confirm: async () => false,
    signal,
  }
}

const inputOf = (given: Partial<CommandInput>): CommandInput => ({ arguments: {}, options: {}, ...given })

async function here(text: string, given: Partial<CommandInput> = {}): Promise<Said> {
  const said: string[] = []
  return { output: await verb(text).run(contextOf(said), inputOf(given)), said }
}

async function there(text: string, given: Partial<CommandInput> = {}, signal?: AbortSignal): Promise<Said> {
  const said: string[] = []
  const output = await runRemote(verb(text).remote!, contextOf(said, signal), inputOf(given), server)
  return { output, said }
}

const arguments_ = (values: Record<string, string>, options: CommandInput['options'] = {}) => ({
  arguments: values,
  options,
})

describe('a verb through a server', () => {
  it.each<[string, Partial<CommandInput>]>([
    ['plan', {}],
    ['apply', { options: { yes: true } }],
    ['features list', {}],
    ['features show', arguments_({ feature: 'shop_deliveries:last_delay' })],
    ['features lookup', arguments_({ view: 'shop_deliveries' }, { key: ['shop=cph'], at: '2026-01-30' })],
    [
      'features history',
      arguments_({ view: 'shop_deliveries' }, { key: ['shop=cph'], from: '2026-01-20', to: '2026-01-30', points: '3' }),
    ],
    ['dataset build', arguments_({ model: 'late' })],
    [
      'dataset build',
      arguments_({}, { moment: 'order', features: 'shop_deliveries:last_delay@shop', to: '2026-01-10' }),
    ],
    ['runs list', {}],
    ['runs list', { options: { model: 'other' } }],
    ['versions list', {}],
    ['versions list', { options: { model: 'late' } }],
    ['versions show', arguments_({ version: 'late:1' })],
    ['versions check', arguments_({ version: 'late:1' })],
    ['versions explain', arguments_({ version: 'late:1' })],
    ['lineage', arguments_({ kind: 'column', name: 'deliveries.delay_minutes' })],
    ['lineage', arguments_({ kind: 'version', name: 'late:1' })],
    ['catalog search', arguments_({ text: 'late share' })],
    ['catalog search', { options: { kind: 'deployment' } }],
    ['rollback', arguments_({ deployment: 'late-order' }, { to: 'late:1', reason: 'a test' })],
  ])('says the same as in the folder: %s %j', async (text, given) => {
    expect(await there(text, given)).toEqual(await here(text, given))
  })

  it('shows the same runs, and their lines', async () => {
    const { json } = (await there('runs list')).output
    const [run] = (json as { runs: { id: string }[] }).runs
    const given = arguments_({ run: run!.id })
    expect(await there('runs show', given)).toEqual(await here('runs show', given))
    const two = arguments_({ first: run!.id, second: run!.id })
    expect(await there('runs compare', two)).toEqual(await here('runs compare', two))
    const logs = await there('runs logs', given)
    expect(logs).toEqual(await here('runs logs', given))
    expect(logs.said.at(-1)).toMatch(/succeeded: late:1$/)
    expect(logs.output).toEqual({ json: { lines: logs.said }, text: '' })
  })

  it('writes the same rows to a file', async () => {
    const [a, b] = [join(outDir, 'here.parquet'), join(outDir, 'there.parquet')]
    await here('dataset build', arguments_({ model: 'late' }, { out: a }))
    await there('dataset build', arguments_({ model: 'late' }, { out: b }))
    expect(await readFile(b)).toEqual(await readFile(a))
    const { output } = await here('dataset show', arguments_({ file: b }))
    expect(output.json).toMatchObject({ rows: 500, label_status: { observed: 500 } })
  })

  it.each<[string, Partial<CommandInput>]>([
    ['runs show', arguments_({ run: 'nothing' })],
    ['versions show', arguments_({ version: 'late:9' })],
    ['versions show', arguments_({ version: 'late' })],
    ['features show', arguments_({ feature: 'shop_deliveries:other' })],
    ['features lookup', arguments_({ view: 'shop_deliveries' }, { key: ['shop'] })],
    ['lineage', arguments_({ kind: 'planet', name: 'mars' })],
    ['catalog search', { options: { kind: 'planet' } }],
    ['train', arguments_({ model: 'other' })],
    ['train', arguments_({ model: 'late' }, { seed: 'x' })],
    ['dataset build', {}],
    ['dataset build', arguments_({ model: 'other' })],
    ['dataset build', arguments_({}, { moment: 'order', features: 'shop_deliveries:other' })],
    ['rollback', arguments_({ deployment: 'other' })],
    ['monitors run', {}],
  ])('fails with the same error: %s %j', async (text, given) => {
    const errorOf = async (work: Promise<Said>) => {
      const error = await work.catch((thrown: unknown) => thrown)
      if (!isNoonmarkError(error)) throw error
      const { code, message, hint, path } = error
      return { code, message, hint, path }
    }
    expect(await errorOf(there(text, given))).toEqual(await errorOf(here(text, given)))
  })

  it('cancels what it waits for when it is interrupted', async () => {
    const controller = new AbortController()
    const slow = arguments_({ model: 'late' }, { set: ['trees=100000', 'early_stopping_rounds=0'] })
    setTimeout(() => controller.abort(), 1_000)
    const { output } = await there('train', slow, controller.signal)
    expect(output).toMatchObject({ exitCode: 1, json: { status: 'cancelled' } })
  })
})

describe('the frame', () => {
  let small: HttpServer
  let asked: unknown[]

  beforeAll(async () => {
    asked = []
    const count = route({
      method: 'POST',
      path: '/count',
      summary: 'Counts',
      tag: 'test',
      roomReadsBody: true,
      input: { body: (await import('zod')).z.unknown() },
      async run(_context, { body }) {
        asked.push(body)
        return { count: asked.length }
      },
    })
    const context = { project: () => ({}), metrics: async () => ({}), health: async () => ({}) }
    small = createHttpServer({ context: context as never, routes: [count], port: 0 }) // its route asks nothing of it
  })
  afterAll(() => small.close())

  it('sends several bodies one after another, and tells whoever makes them of an error', async () => {
    const to = connectServer(await small.listen())
    let told: unknown = null
    const bodies = async function* () {
      try {
        yield { first: 1 }
        yield { second: 2 }
      } catch (error) {
        told = error
        throw new Error('said more', { cause: error })
      }
    }
    const parts = { method: 'POST' as const, body: () => bodies(), output: (json: unknown) => ({ json, text: '' }) }
    const sent = await runRemote(remote({ ...parts, path: () => '/count' }), contextOf([]), inputOf({}), to)
    expect(sent.json).toEqual([{ count: 1 }, { count: 2 }])
    expect(asked).toEqual([{ first: 1 }, { second: 2 }])
    const failed = runRemote(remote({ ...parts, path: () => '/nothing' }), contextOf([]), inputOf({}), to)
    await expect(failed).rejects.toThrow('said more')
    expect(isNoonmarkError(told) && told.code).toBe('not_found')
  })

  it.each(['nonsense', 'ftp://host', '', '127.0.0.1:4600'])('refuses %j as an address', (address) => {
    expect(() => connectServer(address)).toThrow('is not the address of a server')
  })

  it('says that nobody answers', async () => {
    await expect(connectServer('http://127.0.0.1:9').send('GET', '/v1/runs')).rejects.toMatchObject({
      code: 'server_not_running',
    })
  })
})
