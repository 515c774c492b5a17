import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isNoonmarkError, type NoonmarkError } from '../errors.ts'
import { buildManifest } from './build-manifest.ts'
import { loadProject } from './load-project.ts'

const folders: string[] = []

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true })
})

const config = "import { defineConfig } from 'noonmark'\nexport default defineConfig({ project: 'shop' })\n"

async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'noonmark-plan-'))
  folders.push(folder)
  for (const [name, text] of Object.entries({ 'noonmark.config.ts': config, ...files })) {
    if (text === '') continue
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

async function refused(files: Readonly<Record<string, string>>): Promise<NoonmarkError> {
  const folder = await project(files)
  try {
    await buildManifest(await loadProject(folder))
  } catch (error) {
    if (isNoonmarkError(error)) return error
    throw error
  }
  throw new Error('the project was not refused')
}

const orders = `import { count, derive, entity, featureView, float, int, mean, moment, source, string, timestamp } from 'noonmark'
export const shop = entity('shop', { key: { shop: string() } })
export const orders = source('orders', {
  columns: { order_id: string(), shop: string(), amount: float(), late: float(), ordered_at: timestamp() },
  id: 'order_id', eventTime: 'ordered_at',
})
export const shopOrders = featureView('shop_orders', {
  entity: shop, source: orders,
  features: (row) => ({ orders_1d: count().over('1d'), mean_amount_1h: mean(row.amount).over('1h') }),
})
export const order = moment('order', {
  source: orders, key: { order_id: string() }, entities: { shop }, request: { amount: float() },
})
`

const model = `import { constant, deployment, derive, gradientBoosting, int, model, outcome } from 'noonmark'
import { order, orders, shopOrders } from '../features/orders.ts'
const scale = 2
export const hour = derive('hour', int(), { at: order.at }, ({ at }) => at.getUTCHours() * scale)
export const late = model('late', {
  moment: order, inputs: [shopOrders.for('shop'), order.request.amount, hour],
  label: outcome(orders, { value: (row) => row.late.gte(1), within: '2d' }),
  trainer: gradientBoosting({ trees: 10 }),
  baseline: ({ shop_orders_1d }) => (shop_orders_1d > 5 ? 0.4 : 0.1),
})
`

const whole = {
  'features/orders.ts': orders,
  'models/late.ts': model,
  'deployments.ts': `import { deployment } from 'noonmark'
import { late } from './models/late.ts'
export const lateness = deployment('lateness', late, { champion: 'late:1' })
`,
}

describe('a project', () => {
  it('is its config and every definition that a file of its folders exports', async () => {
    const loaded = await loadProject(await project(whole))
    expect(loaded.config.project).toBe('shop')
    expect(
      loaded.definitions.map(({ definition, file, exportName }) => [
        definition.kind,
        definition.name,
        file,
        exportName,
      ]),
    ).toEqual([
      ['deployment', 'lateness', 'deployments.ts', 'lateness'],
      ['entity', 'shop', 'features/orders.ts', 'shop'],
      ['feature-view', 'shop_orders', 'features/orders.ts', 'shopOrders'],
      ['model', 'late', 'models/late.ts', 'late'],
      ['moment', 'order', 'features/orders.ts', 'order'],
      ['source', 'orders', 'features/orders.ts', 'orders'],
    ])
  })

  it('becomes a manifest that names columns, digests and code, the same at every load', async () => {
    const { manifest, functions } = await buildManifest(await loadProject(await project(whole)))
    const late = manifest.models.late!
    expect(late.inputs.map(({ column, type }) => `${column}: ${type}`)).toEqual([
      'shop_orders_1d: int',
      'shop_mean_amount_1h: float',
      'amount: float',
      'hour: int',
    ])
    expect(late.label.on).toEqual([{ column: 'order_id', field: 'order_id' }])
    const hour = late.inputs[3]
    expect(functions.map(({ digest }) => digest).sort()).toEqual(
      [late.baseline, hour?.input === 'derive' ? hour.code : ''].sort(),
    )
    const again = await buildManifest(await loadProject(await project(whole)))
    expect(again.manifest).toEqual(manifest)
  })

  it('takes nested folders, JavaScript and modules, and leaves tests and declarations alone', async () => {
    const { definitions } = await loadProject(
      await project({
        'features/deep/er/one.mts':
          "import { entity, string } from 'noonmark'\nexport const a = entity('one', { key: { id: string() } })",
        'features/two.js':
          "import { entity, string } from 'noonmark'\nexport default entity('two', { key: { id: string() } })",
        'features/two.test.ts': "throw new Error('never loaded')",
        'features/two.d.ts': 'export {}',
        'features/constants.ts': 'export const limit = 3',
      }),
    )
    expect(definitions.map(({ definition, file }) => [definition.name, file])).toEqual([
      ['one', 'features/deep/er/one.mts'],
      ['two', 'features/two.js'],
    ])
  })

  it('counts a definition that is only referred to, by the file that refers to it', async () => {
    const { definitions } = await loadProject(
      await project({
        'shared/orders.ts': orders,
        'moments/order.ts': "export { order } from '../shared/orders.ts'",
      }),
    )
    expect(definitions.map(({ definition, exportName }) => [definition.kind, exportName])).toEqual([
      ['entity', null],
      ['moment', 'order'],
      ['source', null],
    ])
  })

  it('may export one definition from two files', async () => {
    const { definitions } = await loadProject(
      await project({ 'features/orders.ts': orders, 'features/index.ts': "export * from './orders.ts'" }),
    )
    expect(definitions).toHaveLength(4)
  })

  it('may be empty', async () => {
    expect((await loadProject(await project({}))).definitions).toEqual([])
  })
})

interface BadProject {
  readonly files: Readonly<Record<string, string>>
  readonly code: string
  readonly path: string | RegExp
  readonly message: RegExp
}

const from = (names: string) => `import { ${names} } from 'noonmark'\n`
const features = (text: string) => orders.replace(/features: .*/, `features: (row) => ({ ${text} }),`)

const bad: Readonly<Record<string, BadProject>> = {
  'no config': {
    files: { 'noonmark.config.ts': '', 'features/orders.ts': orders },
    code: 'project_missing',
    path: 'noonmark.config.ts',
    message: /no noonmark\.config\.ts in .*noonmark-plan-/,
  },
  'a config without project': {
    files: { 'noonmark.config.ts': 'export default { project: "shop" }' },
    code: 'definition_invalid',
    path: 'noonmark.config.ts > default',
    message: /does not export the project/,
  },
  'a file with a syntax error': {
    files: { 'features/orders.ts': "export const a = \nexport const b = 'x'" },
    code: 'project_invalid',
    path: /^features\/orders\.ts:2/,
    message: /Unexpected "export"/,
  },
  'an import of a file that is not there': {
    files: { 'features/orders.ts': "import { x } from './nowhere.ts'\nexport const y = x" },
    code: 'project_invalid',
    path: /^features\/orders\.ts:1/,
    message: /Could not resolve "\.\/nowhere\.ts"/,
  },
  'a file that exports nothing': {
    files: { 'features/orders.ts': orders.replaceAll('export ', '') },
    code: 'definition_invalid',
    path: 'features/orders.ts',
    message: /exports nothing/,
  },
  'two definitions of one name': {
    files: {
      'features/a.ts': `${from('entity, string')}export const a = entity('shop', { key: { id: string() } })`,
      'features/b.ts': `${from('entity, string')}export const b = entity('shop', { key: { id: string() } })`,
    },
    code: 'definition_duplicate',
    path: 'features/b.ts > entity shop > name',
    message: /a in features\/a\.ts, and b in features\/b\.ts/,
  },
  'another definition of the same name that is only referred to': {
    files: {
      'features/orders.ts': orders,
      'features/other.ts': `${from('count, entity, featureView, string')}import { orders } from './orders.ts'
const shop = entity('shop', { key: { order_id: string() } })
export const other = featureView('other', { entity: shop, source: orders, features: () => ({ n: count() }) })`,
    },
    code: 'definition_duplicate',
    path: 'features/other.ts > entity shop > name',
    message: /shop in features\/orders\.ts, and one that features\/other\.ts refers to/,
  },
  'a circle of imports': {
    files: {
      'features/a.ts': `${from('featureView, count, entity, string')}import { events } from './b.ts'
export const shop = entity('shop', { key: { shop: string() } })
export const view = featureView('view', { entity: shop, source: events, features: () => ({ n: count() }) })`,
      'features/b.ts': `${from('source, string, timestamp')}import { shop } from './a.ts'
export const events = source('events', { columns: { [Object.keys(shop.key)[0]!]: string(), at: timestamp() }, eventTime: 'at' })`,
    },
    code: 'definition_cycle',
    path: /^features\/[ab]\.ts:3$/,
    message: /features\/[ab]\.ts imports features\/[ab]\.ts imports features\/[ab]\.ts/,
  },
  'a definition that reads the clock': {
    files: {
      'features/orders.ts': orders.replace(
        "id: 'order_id'",
        "history: 'data/' + new Date().getFullYear() + '.csv', id: 'order_id'",
      ),
    },
    code: 'definition_unstable',
    path: 'features/orders.ts > source orders > history',
    message: /source orders: history is "data\/\d{4}\.csv" .* and "data\/\d{4}\.csv" .* another day/,
  },
  'a definition that draws lots': {
    files: { 'features/orders.ts': features('n: count().where(row.amount.gt(Math.random()))') },
    code: 'definition_unstable',
    path: /features\/orders\.ts > feature-view shop_orders > features\.n\.aggregate\.where/,
    message: /loaded again/,
  },
  'a definition that comes and goes': {
    files: {
      'features/orders.ts': `${orders}export const maybe = Date.now() > ${Date.now() + 200 * 86_400_000} ? entity('maybe', { key: { id: string() } }) : null`,
    },
    code: 'definition_unstable',
    path: /maybe/,
    message: /missing/,
  },
  'a window under a minute': {
    files: { 'features/orders.ts': features("orders_5s: count().over('5s')") },
    code: 'window_invalid',
    path: 'features/orders.ts:9 > feature-view shop_orders > orders_5s > count().over',
    message: /feature-view shop_orders > orders_5s: A window of 5s is too short/,
  },
  'a duration of months': {
    files: { 'features/orders.ts': features("a: count().over('1d'), b: count().over('1M' as never)") },
    code: 'duration_invalid',
    path: 'features/orders.ts:9 > feature-view shop_orders > b > count().over',
    message: /'1M' is not a duration/,
  },
  'an unknown time zone': {
    files: { 'features/orders.ts': orders.replace("id: 'order_id'", "timeZone: 'Mars/Olympus', id: 'order_id'") },
    code: 'time_zone_unknown',
    path: 'features/orders.ts:3 > source orders > timeZone',
    message: /'Mars\/Olympus' is not a time zone/,
  },
  'an event time that is no column': {
    files: { 'features/orders.ts': orders.replace("eventTime: 'ordered_at'", "eventTime: 'at' as never") },
    code: 'definition_invalid',
    path: 'features/orders.ts:3 > source orders > eventTime',
    message: /names no column: 'at'/,
  },
  'an unknown feature, in JavaScript': {
    files: {
      'features/orders.ts': orders,
      'models/late.js': model.replace("shopOrders.for('shop')", "shopOrders.pick('orders_2d').for('shop')"),
    },
    code: 'definition_invalid',
    path: /^models\/late\.js:6 > feature-view shop_orders > orders_2d$/,
    message: /orders_2d is not a feature/,
  },
  'a wrong role, in JavaScript': {
    files: { 'features/orders.ts': orders, 'models/late.js': model.replace("for('shop')", "for('store')") },
    code: 'definition_invalid',
    path: /^models\/late\.js:5 > model late > inputs\[0\]$/,
    message: /asks for the role 'store', which moment order does not have/,
  },
  'something that is not there, in JavaScript': {
    files: { 'features/orders.js': orders.replace('source: orders, key:', 'source: undefined, key:') },
    code: 'project_invalid',
    path: /^features\/orders\.js:11 > moment order$/,
    message: /^moment order: Cannot read properties of undefined/,
  },
  'a parameter that the trainer does not have, in JavaScript': {
    files: { 'features/orders.ts': orders, 'models/late.js': model.replace('trees: 10', 'tress: 10') },
    code: 'definition_invalid',
    path: 'models/late.js > model late > trainer.tress',
    message: /is not a parameter of gradient-boosting/,
  },
  'a function that uses what cannot be stored with it': {
    files: {
      'features/orders.ts': orders,
      'models/late.ts': model
        .replace('export const hour', 'const make = (limit: number) =>')
        .replace('= derive(', 'derive(')
        .replace('* scale)', '* limit)\nexport const hour = make(3)'),
    },
    code: 'code_closure',
    path: 'models/late.ts > model late > inputs[2] hour',
    message: /uses `limit`/,
  },
  'a pin of another model': {
    files: { ...whole, 'deployments.ts': whole['deployments.ts'].replace('late:1', 'early:1') },
    code: 'definition_invalid',
    path: 'deployments.ts:3 > deployment lateness > champion',
    message: /is a version of another model: 'early:1'/,
  },
}

describe('a project that cannot be loaded', () => {
  for (const [name, { files, code, path, message }] of Object.entries(bad)) {
    it(`says where and why: ${name}`, async () => {
      const error = await refused(files)
      expect({ code: error.code, message: error.message }).toEqual({ code, message: expect.stringMatching(message) })
      if (typeof path === 'string') expect(error.path).toBe(path)
      else expect(error.path).toMatch(path)
      expect(error.hint).not.toBe('')
    })
  }
})
