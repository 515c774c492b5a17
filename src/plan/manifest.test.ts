import { describe, expect, it } from 'vitest'
import {
  beatsBaseline,
  bool,
  type CheckSpec,
  count,
  type Definition,
  deployment,
  derive,
  entity,
  example,
  featureView,
  float,
  gradientBoosting,
  int,
  latest,
  mean,
  model,
  moment,
  noLeakage,
  outcome,
  slice,
  source,
  string,
  timestamp,
} from '../define/index.ts'
import { isNoonmarkError, type NoonmarkError } from '../errors.ts'
import { collectDefinitions } from './definitions.ts'
import { manifestDigest, manifestOf } from './manifest.ts'

const shop = entity('shop', { key: { shop: string() } })

const orders = source('orders', {
  columns: {
    order_id: string(),
    shop: string(),
    amount: float(),
    late: bool(),
    paid: int(),
    ordered_at: timestamp(),
    checked_at: timestamp(),
  },
  id: 'order_id',
  eventTime: 'ordered_at',
})

const shopOrders = featureView('shop_orders', {
  entity: shop,
  source: orders,
  features: (row) => ({ orders_1d: count().over('1d'), mean_amount_1h: mean(row.amount).over('1h') }),
})

const order = moment('order', {
  source: orders,
  key: { order_id: string() },
  entities: { shop, other: shop },
  request: { amount: float(), checked_at: timestamp().optional() },
  columns: { other: 'shop' },
})

const label = outcome(orders, { value: (row) => row.late.eq(true), within: '2d' })
const late = {
  moment: order,
  inputs: [shopOrders.for('shop'), order.request.amount] as const,
  label,
  trainer: gradientBoosting(),
  baseline: () => 0.2,
}

const manifest = (...definitions: Definition[]) =>
  manifestOf(
    { project: 'shop' },
    collectDefinitions({ 'models/late.ts': Object.fromEntries(definitions.map((one, at) => [`export${at}`, one])) }),
    (run) => `code of ${run.toString()}`,
  )

function refused(...definitions: Definition[]): NoonmarkError {
  try {
    manifest(...definitions)
  } catch (error) {
    if (isNoonmarkError(error)) return error
    throw error
  }
  throw new Error('the definitions were not refused')
}

/** What JavaScript lets through: a definition with other fields than its builder would give it. */
function tampered(definition: Definition, fields: object): Definition {
  const own = Object.getOwnPropertyDescriptors(definition)
  return Object.create(null, { ...own, ...Object.getOwnPropertyDescriptors(fields) })
}

describe('a manifest', () => {
  it('names every input by its column, with what it is and what it means', () => {
    const { inputs } = manifest(
      model('late', {
        ...late,
        inputs: [
          shopOrders.for('shop'),
          shopOrders.pick('orders_1d').for('other').as({ other_orders_1d: 'busy' }),
          order.request.amount,
          order.entities.shop.shop,
          derive('hour', int(), { at: order.at, n: shopOrders.feature('orders_1d').for('other') }, ({ n }) => n),
        ],
      }),
    ).models.late!
    expect(inputs.map(({ column, input, type }) => [column, input, type])).toEqual([
      ['shop_orders_1d', 'feature', 'int'],
      ['shop_mean_amount_1h', 'feature', 'float'],
      ['busy', 'feature', 'int'],
      ['amount', 'reference', 'float'],
      ['shop', 'reference', 'string'],
      ['hour', 'derive', 'int'],
    ])
    expect(inputs[5]).toMatchObject({
      code: 'code of ({ n }) => n',
      inputs: {
        at: { reference: 'at' },
        n: { reference: 'feature', role: 'other', view: 'shop_orders', feature: 'orders_1d', type: 'int' },
      },
    })
  })

  it('matches the label by the key of the moment: equal names, or as said', () => {
    const trips = source('trips', {
      columns: { trip: string(), late: bool(), day: int(), at: timestamp() },
      eventTime: 'at',
    })
    const drive = moment('drive', {
      source: trips,
      key: { id: string(), day: int() },
      columns: { id: 'trip' },
    })
    const made = manifest(
      model('late', {
        moment: drive,
        inputs: [derive('hour', int(), { at: drive.at }, () => 1)],
        label: outcome(trips, { value: (row) => row.late, within: '1d', on: { trip: 'id' } }),
        trainer: gradientBoosting(),
      }),
    )
    expect(made.models.late?.label.on).toEqual([
      { column: 'trip', field: 'id' },
      { column: 'day', field: 'day' },
    ])
  })

  it('writes the rows of examples as JSON', () => {
    const at = new Date('2026-01-01T00:00:00Z')
    const { checks } = manifest(
      model('late', {
        ...late,
        inputs: [order.request.checked_at, order.request.amount],
        checks: [example('new year', { checked_at: at, amount: Number.NaN }, { atMost: 0.5 })],
      }),
    ).models.late!
    expect(checks[0]).toMatchObject({ row: { checked_at: '2026-01-01T00:00:00.000Z', amount: null } })
  })

  it('is JSON', () => {
    const made = manifest(model('late', late), deployment('late', model('late', late)))
    expect(JSON.parse(JSON.stringify(made))).toEqual(made)
  })
})

describe('the digest of a feature', () => {
  const columns = {
    order_id: string(),
    shop: string(),
    amount: float(),
    paid: int(),
    at: timestamp(),
    seen: timestamp(),
  }
  const digestOf = (sourceOptions: object, viewOptions: object = {}) => {
    const from = source('orders', { columns, eventTime: 'at', ...sourceOptions })
    const view = featureView('view', {
      entity: shop,
      source: from,
      features: (row) => ({ mean: mean(row.amount).over('1h') }),
      ...viewOptions,
    })
    return manifest(view).featureViews.view!.features[0]!.digest
  }
  const known = digestOf({})

  it.each<[string, object, object?]>([
    ['the files of the history', { history: 'data/*.csv' }],
    ['owner and docs', { owner: 'someone', description: 'text' }, { owner: 'other', description: 'more' }],
    ['columns that it does not read', { columns: { ...columns, extra: string() } }],
    ['docs of the columns that it reads', { columns: { ...columns, amount: float({ description: 'in euros' }) } }],
    ['how long ids are remembered', { dedupWindow: '1d' }],
    ['its own docs', {}, { features: () => ({ mean: mean(row().amount).over('1h').describe('text') }) }],
    ['its name', {}, { features: () => ({ other: mean(row().amount).over('1h') }) }],
  ])('stays with other values of %s', (_what, sourceOptions, viewOptions) => {
    expect(digestOf(sourceOptions, viewOptions)).toBe(known)
  })

  it.each<[string, object, object?]>([
    ['the window', {}, { features: () => ({ mean: mean(row().amount).over('2h') }) }],
    ['the filter', {}, { features: () => ({ mean: mean(row().amount).over('1h').where(row().amount.gt(1)) }) }],
    ['the column', {}, { features: () => ({ mean: mean(row().paid).over('1h') }) }],
    ['the aggregate', {}, { features: () => ({ mean: latest(row().amount) }) }],
    ['the key', {}, { key: { shop: 'order_id' } }],
    ['the event time', { eventTime: 'seen' }],
    ['when rows are known', { availableAfter: '5m' }],
    ['the id', { id: 'order_id' }],
    ['the time zone', { timeZone: 'Europe/Amsterdam' }],
    [
      'the type of a column of the key',
      { columns: { ...columns, shop: int() } },
      { entity: entity('shop', { key: { shop: int() } }) },
    ],
  ])('moves with %s', (_what, sourceOptions, viewOptions) => {
    expect(digestOf(sourceOptions, viewOptions)).not.toBe(known)
  })

  function row() {
    let captured: Parameters<Parameters<typeof featureView>[1]['features']>[0] | undefined
    featureView('capture', {
      entity: shop,
      source: source('orders', { columns, eventTime: 'at' }),
      features: (given) => {
        captured = given
        return { n: count() }
      },
    })
    // The columns are those above; the general type does not know them.
    return captured as unknown as {
      amount: Parameters<typeof mean>[0] & { gt(n: number): never }
      paid: Parameters<typeof mean>[0]
    }
  }
})

describe('the digest of a manifest', () => {
  it('moves with what is declared and not with where', () => {
    const one = manifest(shop)
    const moved = manifestOf({ project: 'shop' }, collectDefinitions({ 'features/x.ts': { shop } }), () => '')
    expect(manifestDigest(moved)).toBe(manifestDigest(one))
    expect(manifestDigest(manifest(shop, orders))).not.toBe(manifestDigest(one))
  })
})

const strange = (value: unknown) => value as never // what TypeScript refuses and JavaScript writes

const mistakes: Readonly<
  Record<string, { definition: () => Definition; path: string; message: RegExp; hint?: RegExp }>
> = {
  'a column made twice': {
    definition: () =>
      model('late', { ...late, inputs: [shopOrders.for('shop'), shopOrders.pick('orders_1d').for('shop')] }),
    path: 'model late > inputs[1]',
    message: /makes the column 'shop_orders_1d', which inputs\[0\] makes too/,
    hint: /\.as\(\{ shop_orders_1d/,
  },
  'a derive with the name of a field of the moment': {
    definition: () => model('late', { ...late, inputs: [derive('amount', float(), { at: order.at }, () => 1)] }),
    path: 'model late > inputs[0]',
    message: /every training set of moment order has/,
  },
  'a column with a name that every training set has': {
    definition: () => model('late', { ...late, inputs: [derive('label', float(), { at: order.at }, () => 1)] }),
    path: 'model late > inputs[0]',
    message: /makes the column 'label'/,
  },
  'a renaming of nothing': {
    definition: () => model('late', { ...late, inputs: [shopOrders.for('shop').as({ shop_orders_2d: 'x' })] }),
    path: 'model late > inputs[0].as',
    message: /renames 'shop_orders_2d'/,
    hint: /shop_orders_1d, shop_mean_amount_1h/,
  },
  'a feature that is not there': {
    definition: () => {
      const input = { ...shopOrders.for('shop'), names: strange(['orders_2d']) }
      return model('late', { ...late, inputs: [input] })
    },
    path: 'model late > inputs[0]',
    message: /names no feature of shop_orders: 'orders_2d'/,
  },
  'a label that is a number': {
    definition: () =>
      model('late', { ...late, label: strange(outcome(orders, { value: (row) => row.amount, within: '1d' })) }),
    path: 'model late > label.value',
    message: /is float, and a label is a condition/,
  },
  'a label whose source lacks a key field': {
    definition: () => {
      const other = source('other', { columns: { late: bool(), at: timestamp() }, eventTime: 'at' })
      return model('late', { ...late, label: outcome(other, { value: (row) => row.late, within: '1d' }) })
    },
    path: 'model late > label.on',
    message: /says nothing of 'order_id', a key field of moment order/,
  },
  'a label matched by another type': {
    definition: () =>
      model('late', {
        ...late,
        label: outcome(orders, { value: (row) => row.late, within: '1d', on: { paid: 'order_id' } }),
      }),
    path: 'model late > label.on.paid',
    message: /is int, and 'order_id' of moment order is string/,
  },
  'a label matched to what is no key': {
    definition: () =>
      model('late', {
        ...late,
        label: outcome(orders, { value: (row) => row.late, within: '1d', on: { order_id: 'amount' } }),
      }),
    path: 'model late > label.on.order_id',
    message: /names no key field of moment order: 'amount'/,
  },
  'a label of a source that never says when it is complete': {
    definition: () => {
      const other = source('other', {
        columns: { order_id: string(), late: bool(), at: timestamp(), known_at: timestamp() },
        eventTime: 'at',
        availableAt: 'known_at',
      })
      return model('late', { ...late, label: outcome(other, { value: (row) => row.late, within: '1d' }) })
    },
    path: 'model late > label',
    message: /rows become known at times of their own/,
    hint: /maturesAfter/,
  },
  'an aggregate that gives no condition': {
    definition: () =>
      model('late', { ...late, label: outcome(orders, { value: (row) => row.late, within: '1d', aggregate: 'sum' }) }),
    path: 'model late > label.aggregate',
    message: /does not give a condition: 'sum'/,
  },
  'a trainer that there is not': {
    definition: () => model('late', { ...late, trainer: strange({ kind: 'forest', parameters: {} }) }),
    path: 'model late > trainer',
    message: /is of no kind that there is: 'forest'/,
  },
  'a parameter that is no number': {
    definition: () => model('late', { ...late, trainer: gradientBoosting({ trees: strange('many') }) }),
    path: 'model late > trainer.trees',
    message: /is not a number/,
  },
  'something that nobody foresaw': {
    definition: () => tampered(model('late', late), { checks: 7 }),
    path: 'model late',
    message: /model late cannot be understood/,
  },
  'a tier that there is not': {
    definition: () => model('late', { ...late, tier: strange('gold') }),
    path: 'model late > tier',
    message: /is none: 'gold'/,
  },
  'a baseline that is no function': {
    definition: () => model('late', { ...late, baseline: strange(0.2) }),
    path: 'model late > baseline',
    message: /is not a function/,
  },
  'a source that is something else': {
    definition: () => tampered(shopOrders, { source: shop }),
    path: 'feature-view shop_orders > source',
    message: /is not a source/,
  },
  'a row of another source': {
    definition: () => {
      const other = source('other', {
        columns: { shop: string(), price: float(), at: timestamp() },
        eventTime: 'at',
      })
      let kept: { readonly price: Parameters<typeof mean>[0] } | undefined
      featureView('others', {
        entity: shop,
        source: other,
        features: (row) => {
          kept = row
          return { n: count() }
        },
      })
      return featureView('mixed', { entity: shop, source: orders, features: () => ({ price: mean(kept!.price) }) })
    },
    path: 'feature-view mixed > features.price',
    message: /reads 'price', which source orders does not have/,
  },
  'a column that is no type': {
    definition: () => source('odd', { columns: { at: timestamp(), x: strange('string') }, eventTime: 'at' }),
    path: 'source odd > columns.x',
    message: /is not a type/,
  },
  'an owner that is no text': {
    definition: () => source('odd', { columns: { at: timestamp() }, eventTime: 'at', owner: strange(7) }),
    path: 'source odd > owner',
    message: /is not a text/,
  },
  'a shadow that is the champion': {
    definition: () => deployment('d', model('late', late), { champion: 'late:1', shadow: ['late:1'] }),
    path: 'deployment d > shadow[0]',
    message: /is the champion: 'late:1'/,
  },
  'a fallback that is no probability': {
    definition: () =>
      deployment('d', model('late', late), { fallback: [{ fallback: 'constant', output: { probability: 2 } }] }),
    path: 'deployment d > fallback[0]',
    message: /is not a probability/,
  },
}

describe('a definition that cannot stand', () => {
  for (const [name, { definition, path, message, hint }] of Object.entries(mistakes)) {
    it(`says file, definition, field and mend: ${name}`, () => {
      const error = refused(definition())
      expect(error.message).toMatch(message)
      expect(error.path).toBe(`models/late.ts > ${path}`)
      expect(error.hint).toMatch(hint ?? /./)
    })
  }

  it.each<[string, CheckSpec, RegExp]>([
    ['an unknown metric', beatsBaseline(strange('accuracy'), { by: 0.1 }), /checks\[0\]\.metric is not a metric/],
    ['a slice by nothing', slice('city').noWorseThanChampion('auc', 0.1), /checks\[0\]\.column is neither an input/],
    ['a negative tolerance', slice('shop').noWorseThanChampion('auc', -1), /tolerance is not a number of 0 or more/],
    ['an example of no input', example('x', { city: 1 }, { atLeast: 0 }), /row\.city is not an input/],
    [
      'an example of another type',
      example('x', { amount: 'much' }, { atLeast: 0 }),
      /row\.amount is not a value of type float/,
    ],
    ['an example without bounds', example('x', { amount: 1 }, {}), /has no bounds/],
    ['bounds that no probability keeps', example('x', {}, { atLeast: 0.6, atMost: 0.5 }), /has no bounds/],
    ['a share of leaks', noLeakage({ singleFeatureAuc: 0.2 }), /singleFeatureAuc is not between/],
    ['what is no check', strange({ check: 'vibes' }), /checks\[0\] is not a check/],
  ])('says which check and why: %s', (_name, check, message) => {
    expect(refused(model('late', { ...late, checks: [check] })).message).toMatch(message)
  })

  it('needs a baseline to be beaten', () => {
    const { baseline: _none, ...without } = late
    const error = refused(model('late', { ...without, checks: [beatsBaseline('auc', { by: 0 })] }))
    expect(error.message).toMatch(/needs a baseline/)
  })

  it('may slice by a role or a request field that is no input', () => {
    const check = slice('other').noWorseThanChampion('auc', 0.1)
    expect(manifest(model('late', { ...late, checks: [check] })).models.late?.checks).toEqual([check])
  })
})
