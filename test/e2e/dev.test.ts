// Goal: `noonmark dev` follows the folder: what is changed counts, and a mistake costs nothing but a message.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer, until } from './command-line.ts'
import { historyTo, iso, projectFiles, removeProject, writeProject } from './small-project.ts'

const base = projectFiles()
const file = 'features/shop.ts'
let folder: string
let server: RunningServer

beforeAll(async () => {
  folder = writeProject(base)
  server = await startServer(folder, ['--clock', iso(historyTo)], 'dev')
})

afterAll(async () => {
  await server?.stop()
  removeProject(folder)
})

async function lookUp(feature: string): Promise<{ value?: unknown; status?: string }> {
  const { json } = await server.post<{ rows?: { features: Record<string, { value: unknown; status: string }> }[] }>(
    '/v1/features/lookup',
    { features: [`shop_deliveries:${feature}`], entities: [{ shop: 'cph' }] },
  )
  return json.rows?.[0]?.features[`shop_deliveries:${feature}`] ?? {}
}

/** What `noonmark dev` says of its folder, for whoever shows it. */
const status = (): Record<string, unknown> => JSON.parse(readFileSync(join(folder, '.noonmark/folder.json'), 'utf8'))

/** The line of a file on which a text stands. */
const lineOf = (text: string, wanted: string): number => text.slice(0, text.indexOf(wanted)).split('\n').length

describe('noonmark dev', () => {
  it('applies a folder that never was, and answers', async () => {
    const row = { order_id: 'n1', shop: 'cph', kilograms: 5 }
    expect(await server.post('/v1/moments/order/predictions', row)).toMatchObject({
      status: 200,
      json: { results: { 'late-order': { answered_by: 'fallback:baseline', reason: 'no_version', logged: true } } },
    })
    expect(await lookUp('deliveries_1d')).toMatchObject({ status: 'present' })
  })

  it('takes up a feature that is added, and fills it', async () => {
    writeProject(
      { [file]: base[file]!.replace('deliveries_total: count(),', "$& deliveries_3d: count().over('3d'),") },
      folder,
    )
    await until('the feature', async () => (await lookUp('deliveries_3d')).status === 'present')
    const { value: threeDays } = await lookUp('deliveries_3d')
    const { value: oneDay } = await lookUp('deliveries_1d')
    expect(Number(threeDays)).toBeGreaterThan(Number(oneDay))
  })

  it('says what to mend where a change is a mistake, and goes on with what was applied', async () => {
    writeProject({ [file]: base[file]!.replace("count().over('1d')", "count().over('30s')") }, folder)
    await until('the message', () => server.output().includes('mend:'))
    for (const name of [file, 'feature-view shop_deliveries', 'deliveries_1d', '30s'])
      expect(server.output()).toContain(name)
    expect(await lookUp('deliveries_3d')).toMatchObject({ status: 'present' })
    expect(status()).toMatchObject({
      state: 'invalid',
      project: 'parcels',
      revision: 2,
      error: {
        code: 'window_invalid',
        file,
        line: lineOf(base[file]!, 'deliveries_1d:'),
        definition: 'feature-view shop_deliveries',
        hint: expect.stringContaining('one minute'),
      },
    })
  })

  it('names file, line and column of what is no TypeScript', async () => {
    writeProject({ [file]: `${base[file]}\nexport const half = {` }, folder)
    await until('the status', () => (status().error as { code?: string } | null)?.code === 'project_invalid')
    expect(status()).toMatchObject({ error: { file, line: base[file]!.split('\n').length + 1, column: 22 } })
  })

  it('goes on when the mistake is mended', async () => {
    writeProject({ [file]: base[file]! }, folder)
    await until('the feature to go', async () => (await lookUp('deliveries_3d')).status === undefined)
    expect(await lookUp('deliveries_1d')).toMatchObject({ status: 'present' })
    expect(status()).toMatchObject({ state: 'applied', error: null })
  })

  it('never serves one project as another', async () => {
    writeProject({ 'noonmark.config.ts': base['noonmark.config.ts']!.replace('parcels', 'letters') }, folder)
    await until('the status', () => (status().error as { file?: string } | null)?.file === 'noonmark.config.ts')
    expect(await lookUp('deliveries_1d')).toMatchObject({ status: 'present' })
    writeProject({ 'noonmark.config.ts': base['noonmark.config.ts']! }, folder)
    await until('the folder as it was', () => status().state === 'applied')
  })

  it('serves what was applied where it starts in a folder with a mistake, and takes up the mended one', async () => {
    await server.stop()
    expect(status()).toMatchObject({ state: 'unwatched' })
    writeProject({ [file]: base[file]!.replace('entity: shop', 'entity: shopp') }, folder)
    server = await startServer(folder, ['--clock', iso(historyTo)], 'dev')
    expect(await lookUp('deliveries_1d')).toMatchObject({ status: 'present' })
    expect(status()).toMatchObject({
      state: 'invalid',
      error: { file, line: lineOf(base[file]!, 'entity: shop,'), definition: 'feature-view shop_deliveries' },
    })
    writeProject({ [file]: base[file]! }, folder)
    await until('the mended folder', () => status().state === 'applied')
  })
})

describe('noonmark dev in a folder that was never applied', () => {
  it('waits until its mistakes are mended', async () => {
    const fresh = writeProject({ ...base, 'moments/order.ts': 'export const order = ' })
    const config = join(fresh, 'noonmark.config.ts')
    const starting = startServer(fresh, ['--clock', iso(historyTo)], 'dev')
    await until('its state', () => {
      try {
        return readFileSync(config, 'utf8') !== ''
      } catch {
        return false
      }
    })
    // The first load may see either: both lead to a server.
    writeProject({ 'moments/order.ts': base['moments/order.ts']! }, fresh)
    const started = await starting
    expect((await started.get<{ status: string }>('/health/live')).status).toBe(200)
    await started.stop()
    removeProject(fresh)
  })
})
