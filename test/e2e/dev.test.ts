// Goal: `noonmark dev` follows the folder: what is changed counts, and a mistake costs nothing but a message.
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
  })

  it('goes on when the mistake is mended', async () => {
    writeProject({ [file]: base[file]! }, folder)
    await until('the feature to go', async () => (await lookUp('deliveries_3d')).status === undefined)
    expect(await lookUp('deliveries_1d')).toMatchObject({ status: 'present' })
  })
})
