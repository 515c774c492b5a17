import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DeriveSpec, InputSpec, Manifest, ModelSpec } from '../define/index.ts'
import { columnOf, columnValue, type DtypeSpec, parseInstant, tableRow } from '../values/index.ts'
import { duckdbEngine } from './drivers/duckdb.ts'
import type { OfflineEngine, TableVersion } from './offline-engine.ts'
import { buildTrainingSet, type TrainingSetOptions } from './training-set.ts'

let folder: string
let engine: OfflineEngine
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'training-set-'))
  engine = duckdbEngine({ memoryLimitMb: 256, threads: 2, tempDirectory: join(folder, '.spill'), rootDir: folder })
})
afterEach(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

const type = (name: DtypeSpec['type']): DtypeSpec => ({ type: name, nullability: 'default' })
const hour = 3_600_000
const t = (text: string) => parseInstant(`2026-01-01T${text}:00Z`)

const count = {
  function: 'count',
  value: null,
  where: null,
  windowMs: 2 * hour,
  maxAgeMs: null,
  ignoreNulls: false,
  type: 'int',
} as const
const key = [{ entity: 'shop', source: 'shop', type: 'string' }] as const
const source = { available: { from: 'event' }, timeZone: null, dedupWindowMs: 0, maturesAfterMs: null } as const

const weekday: DeriveSpec & { column: string } = {
  input: 'derive',
  name: 'doubled',
  column: 'doubled',
  type: 'int',
  nullable: true,
  code: 'a digest',
  inputs: {
    sales: { reference: 'feature', role: 'shop', view: 'shop_sales', feature: 'sales_2h', type: 'int', digest: 'd1' },
    amount: { reference: 'request', field: 'amount', type: 'float' },
  },
}
const inputs: readonly InputSpec[] = [
  {
    input: 'feature',
    column: 'shop_sales_2h',
    type: 'int',
    role: 'shop',
    view: 'shop_sales',
    feature: 'sales_2h',
    digest: 'd1',
  },
  {
    input: 'reference',
    column: 'amount',
    type: 'float',
    reference: { reference: 'request', field: 'amount', type: 'float' },
  },
  weekday,
]

const model: ModelSpec = {
  name: 'returned',
  moment: 'quote',
  inputs,
  label: {
    source: 'returns',
    value: { op: 'column', name: 'whole', type: 'bool' },
    type: 'bool',
    withinMs: 2 * hour,
    aggregate: null,
    on: [{ column: 'quote_id', field: 'quote_id' }],
    absent: false,
  },
  trainer: { kind: 'gradient-boosting', parameters: {} },
  baseline: null,
  checks: [],
  split: { from: null, validateFrom: null, validateShare: 0.2, to: null },
  retrain: null,
  tier: 'standard',
}

const manifest: Manifest = {
  format: 1,
  semantics: 1,
  project: 'shops',
  entities: { shop: { name: 'shop', key: [{ name: 'shop', type: 'string' }] } },
  sources: {
    quotes: {
      ...source,
      name: 'quotes',
      history: 'quotes.csv',
      columns: { quote_id: type('string'), shop: type('string'), amount: type('float'), quoted_at: type('timestamp') },
      id: null,
      eventTime: 'quoted_at',
    },
    sales: {
      ...source,
      name: 'sales',
      history: 'sales.csv',
      columns: { shop: type('string'), sold_at: type('timestamp') },
      id: null,
      eventTime: 'sold_at',
    },
    returns: {
      ...source,
      name: 'returns',
      history: 'returns.csv',
      columns: { quote_id: type('string'), whole: type('bool'), returned_at: type('timestamp') },
      id: null,
      eventTime: 'returned_at',
    },
  },
  featureViews: {
    shop_sales: {
      name: 'shop_sales',
      entity: 'shop',
      source: 'sales',
      key,
      features: [{ name: 'sales_2h', aggregate: count, type: 'int', digest: 'd1' }],
    },
  },
  moments: {
    quote: {
      name: 'quote',
      source: 'quotes',
      key: [{ name: 'quote_id', type: 'string', column: 'quote_id' }],
      entities: [{ role: 'shop', entity: 'shop', key: [{ name: 'shop', type: 'string', column: 'shop' }] }],
      request: [{ name: 'amount', dtype: type('float'), column: 'amount' }],
    },
  },
  models: { returned: model },
  deployments: {},
  files: {},
}

const files = {
  quotes: [
    'quote_id,shop,amount,quoted_at',
    'q1,a,10,2026-01-01T01:00Z',
    'q2,a,20,2026-01-01T02:00Z',
    'q2,a,20,2026-01-01T02:00Z',
    'q3,b,30,2026-01-01T03:00Z',
    'q4,a,40,2026-01-01T09:00Z',
  ],
  sales: ['shop,sold_at', 'a,2026-01-01T00:30Z', 'a,2026-01-01T01:00Z', 'a,2026-01-01T01:30Z', 'a,2026-01-01T02:00Z'],
  returns: [
    'quote_id,whole,returned_at',
    'q1,true,2026-01-01T01:00Z',
    'q1,true,2026-01-01T01:30Z',
    'q2,false,2026-01-01T04:00Z',
    'q4,true,2026-01-01T09:30Z',
  ],
}

async function options(changed: Partial<typeof files> = {}): Promise<TrainingSetOptions> {
  const versions: Record<string, TableVersion> = {}
  for (const [name, lines] of Object.entries({ ...files, ...changed })) {
    await writeFile(join(folder, `${name}.csv`), lines.join('\n'))
    versions[name] = await engine.listHistory(manifest.sources[name]!, { rootDir: folder, cutoverMs: null })
  }
  return {
    engine,
    manifest,
    model,
    versions,
    derive: async (specs, { rows, column }) =>
      Object.fromEntries(
        specs.map((spec) => {
          const sales = column(spec.inputs.sales!)
          const doubled = Array.from({ length: rows }, (_, row) => 2 * Number(columnValue(sales, row)))
          return [spec.name, columnOf('int', doubled)]
        }),
      ),
    cutMs: t('10:00'),
    fromMs: null,
    toMs: null,
  }
}

describe('a training set', () => {
  it('has every moment, repeats included, with features as known then and what came true later', async () => {
    const set = await buildTrainingSet(await options())
    const rows = Array.from({ length: set.table.rows }, (_, row) => tableRow(set.table, row))
    expect(Object.keys(set.table.columns)).toEqual(
      'at quote_id shop amount shop_sales_2h doubled label label_status label_at weight'.split(' '),
    )
    const shown = rows.map(({ quote_id, shop_sales_2h, doubled, label, label_status, label_at }) => [
      quote_id,
      shop_sales_2h,
      doubled,
      label,
      label_status,
      label_at,
    ])
    expect(shown).toEqual([
      ['q1', 1, 2, true, 'observed', t('01:30')],
      ['q2', 3, 6, false, 'observed', t('04:00')],
      ['q2', 3, 6, false, 'observed', t('04:00')],
      ['q3', 0, 0, false, 'absent', null],
      ['q4', 0, 0, null, 'open', null],
    ])
    expect(rows.map((_, row) => set.hasLabel(row))).toEqual([true, true, true, true, false])
    expect(set.summary).toMatchObject({
      spineRows: 5,
      rows: 5,
      labelStatus: { observed: 3, absent: 1, open: 1, censored: 0, unobservable: 0 },
      loggedAsOf: 0,
      sharedKeys: 2,
      features: [{ input: 'shop_sales_2h', statuses: { present: 5 }, nullRate: 0 }],
    })
  })

  it('drops absent moments where the label does not say what they mean', async () => {
    const built = await options()
    const set = await buildTrainingSet({ ...built, model: { ...model, label: { ...model.label, absent: null } } })
    expect(set.table.rows).toBe(4)
    expect(set.summary).toMatchObject({ spineRows: 5, rows: 4, labelStatus: { absent: 1 } })
    expect(set.features[0]!.asOf).toHaveLength(4)
  })

  it('is the same for the same identity, and another for another cut or other rows', async () => {
    const built = await options()
    const one = await buildTrainingSet(built)
    const again = await buildTrainingSet(built)
    expect([again.identity, again.content]).toEqual([one.identity, one.content])
    const cut = await buildTrainingSet({ ...built, cutMs: t('12:00') })
    expect(cut.identity).not.toBe(one.identity)
    expect(cut.content).not.toBe(one.content)
    const described = { ...manifest.moments.quote!, description: 'A quote is requested' }
    const documented = { ...manifest, moments: { quote: described } }
    expect((await buildTrainingSet({ ...built, manifest: documented })).identity).toBe(one.identity)
    const more = await buildTrainingSet(await options({ sales: [...files.sales, 'b,2026-01-01T02:59Z'] }))
    expect(more.identity).not.toBe(one.identity)
    expect(columnValue(more.table.columns.shop_sales_2h!, 3)).toBe(1)
  })

  it('takes the logged as_of where a moment was served, for features and for the label', async () => {
    const built = await options()
    const set = await buildTrainingSet({
      ...built,
      loggedAsOf: async (moments) => ({
        sales: Float64Array.from({ length: (await moments()).rows }, (_, i) => (i === 1 ? t('01:10') : Number.NaN)),
      }),
    })
    expect([0, 1, 2].map((row) => columnValue(set.table.columns.shop_sales_2h!, row))).toEqual([1, 2, 3])
    expect(set.summary.loggedAsOf).toBe(1)
    expect(set.identity).not.toBe((await buildTrainingSet(built)).identity)
    const late = await buildTrainingSet({
      ...built,
      loggedAsOf: async (moments) => ({ sales: new Float64Array((await moments()).rows).fill(t('01:30')) }),
    })
    // The return at 01:30 is not after the instant at which features were read, so it is no outcome of q1.
    expect(columnValue(late.table.columns.label_status!, 0)).toBe('absent')
  })

  it('holds no moment from the cut on', async () => {
    const set = await buildTrainingSet({ ...(await options()), cutMs: t('09:00') })
    expect(set.table.rows).toBe(4)
  })

  it('tells how far it is', async () => {
    const seen: number[] = []
    await buildTrainingSet({ ...(await options()), onProgress: (done, total) => seen.push(done / total) })
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(1)
  })

  it.each<[string, string, Partial<typeof files>, Partial<TrainingSetOptions>]>([
    ['a moment without past occurrences', 'moment_without_history', { quotes: files.quotes.slice(0, 1) }, {}],
    ['a period without moments', 'training_set_empty', {}, { toMs: t('00:30') }],
    [
      'several outcomes of one moment',
      'outcome_ambiguous',
      { returns: [...files.returns, 'q2,true,2026-01-01T03:00Z'] },
      {},
    ],
  ])('is refused for %s', async (_, code, changed, more) => {
    const built = await options(changed)
    await expect(buildTrainingSet({ ...built, ...more })).rejects.toMatchObject({ code })
  })

  it('is refused where no moment has an outcome and the label does not say what that means', async () => {
    const built = await options({ returns: files.returns.slice(0, 1), quotes: files.quotes.slice(0, 3) })
    const label = { ...model.label, absent: null }
    await expect(buildTrainingSet({ ...built, model: { ...model, label } })).rejects.toMatchObject({
      code: 'training_set_empty',
      message: expect.stringContaining('returns'),
    })
  })
})
