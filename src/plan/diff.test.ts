import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  count,
  type Deployment,
  deployment,
  derive,
  entity,
  featureView,
  float,
  gradientBoosting,
  int,
  int64,
  latest,
  type Manifest,
  mean,
  model,
  moment,
  outcome,
  source,
  string,
  timestamp,
} from '../define/index.ts'
import { isNoonmarkError, type NoonmarkError } from '../errors.ts'
import { collectDefinitions } from './definitions.ts'
import { diffManifests } from './diff.ts'
import { noFacts, type PlanFacts } from './facts.ts'
import { emptyManifest, manifestDigest, manifestOf } from './manifest.ts'
import type { Step } from './step.ts'
import { modelUses } from './uses.ts'

/** What differs between two versions of one small project. */
interface Choices {
  readonly trees?: number
  readonly window?: '1h' | '2h'
  readonly owner?: string
  readonly history?: string
  readonly eventTime?: 'ordered_at' | 'checked_at'
  readonly lag?: '5m' | '1h'
  readonly columns?: object
  readonly key?: 'shop' | 'order_id'
  readonly without?: 'mean' | 'amount' | 'model' | 'deployment' | 'view'
  readonly describe?: string
  readonly extra?: boolean
  readonly hourCode?: string
  readonly champion?: string
  readonly shadow?: readonly string[]
  readonly timeout?: '50ms'
  readonly momentName?: string
}

const baseColumns = {
  order_id: string(),
  shop: string(),
  amount: float(),
  items: int(),
  note: string(),
  late: float(),
  ordered_at: timestamp(),
  checked_at: timestamp(),
}

function manifest(choices: Choices = {}): Manifest {
  const { columns, eventTime, lag, history, without } = choices
  const shop = entity('shop', { key: { shop: string() } })
  const orders = source('orders', {
    columns: { ...baseColumns, ...columns },
    eventTime: eventTime ?? 'ordered_at',
    ...(lag === undefined ? {} : { availableAfter: lag }),
    ...(history === undefined ? {} : { history }),
  })
  const view = featureView('shop_orders', {
    entity: shop,
    source: orders,
    ...(choices.owner === undefined ? {} : { owner: choices.owner }),
    key: { shop: choices.key ?? 'shop' },
    features: (row) => ({
      orders_1d: count().over('1d'),
      ...(without === 'mean' ? {} : { mean_1h: mean(row.amount).over(choices.window ?? '1h') }),
      ...(choices.extra ? { last: latest(row.amount, { maxAge: '30m' }) } : {}),
      items: count(row.items).describe(choices.describe ?? 'how many'),
    }),
  })
  const order = moment(choices.momentName ?? 'order', {
    source: orders,
    key: { order_id: string() },
    entities: { shop },
    request: without === 'amount' ? {} : { amount: float() },
  })
  const late = model('late', {
    moment: order,
    inputs: [
      ...(without === 'view' ? [] : [view.pick('orders_1d').for('shop')]),
      ...(without === 'mean' || without === 'view'
        ? []
        : // The feature is there; its view's type cannot know.
          [derive('mean', float(), { m: view.feature('mean_1h' as never).for('shop') }, () => 1)]),
      ...(without === 'amount' ? [] : [order.request.amount]),
      derive('hour', int(), { at: order.at }, new Function(`return ${choices.hourCode ?? 1}`) as () => number), // code to compare
    ],
    label: outcome(orders, { value: (row) => row.late.gte(1), within: '2d' }),
    trainer: gradientBoosting({ trees: choices.trees ?? 10 }),
  })
  const answers: Deployment = deployment('lateness', late, {
    ...(choices.champion === undefined ? {} : { champion: choices.champion }),
    ...(choices.shadow === undefined ? {} : { shadow: choices.shadow }),
    ...(choices.timeout === undefined ? {} : { timeout: choices.timeout }),
  })
  const definitions = {
    shop,
    orders,
    ...(without === 'view' ? {} : { view }),
    order,
    ...(without === 'model' ? {} : { late }),
    ...(without === 'model' || without === 'deployment' ? {} : { answers }),
  }
  return manifestOf({ project: 'shop' }, collectDefinitions({ 'features/all.ts': definitions }), (run) => `${run}`)
}

/** Facts of a platform on which `late:1` was trained from a manifest. */
function trained(from: Manifest, more: Partial<PlanFacts> = {}): PlanFacts {
  const version = { digest: 'a'.repeat(64), ...modelUses(from.models.late!) }
  return { ...noFacts, versions: { 'late:1': version, 'late:2': { ...version, digest: 'b'.repeat(64) } }, ...more }
}

const brief = ({ op, kind, name, forces }: Step) =>
  `${op} ${kind} ${name}${forces === undefined ? '' : ` because of ${forces}`}`
const briefs = (before: Manifest | null, after: Manifest, facts?: PlanFacts) =>
  diffManifests(before, after, facts).map(brief)

function refusal(before: Manifest | null, after: Manifest, facts?: PlanFacts): NoonmarkError {
  try {
    diffManifests(before, after, facts)
  } catch (error) {
    if (isNoonmarkError(error)) return error
    throw error
  }
  throw new Error('the plan was not refused')
}

const base = manifest()

describe('a plan', () => {
  it('creates everything at first, what others refer to before what refers', () => {
    expect(briefs(null, base)).toEqual([
      'create entity shop',
      'create source orders',
      'create feature-view shop_orders',
      'create moment order',
      'create model late',
      'create deployment lateness',
    ])
  })

  it('deletes in the other order', () => {
    expect(briefs(base, emptyManifest('shop'))).toEqual([
      'delete deployment lateness',
      'delete model late',
      'delete moment order',
      'delete feature-view shop_orders',
      'delete source orders',
      'delete entity shop',
    ])
  })

  it('has no step where nothing differs, wherever files moved', () => {
    expect(diffManifests(base, { ...manifest(), files: { 'entity shop': 'elsewhere.ts' } })).toEqual([])
  })

  it('refuses another project', () => {
    expect(refusal(base, emptyManifest('other')).code).toBe('plan_invalid')
  })

  const table: readonly [string, Choices, Choices, readonly string[]][] = [
    ['an owner is an update', {}, { owner: 'team-shop' }, ['update feature-view shop_orders']],
    ['a description of a feature is an update', {}, { describe: 'text' }, ['update feature shop_orders:items']],
    ['a feature more fills one', {}, { extra: true }, ['create feature shop_orders:last']],
    [
      'a feature that means something else is replaced, and its models with it change',
      {},
      { window: '2h' },
      ['replace feature shop_orders:mean_1h because of aggregate.windowMs', 'update model late'],
    ],
    [
      'a key that is another column replaces the view',
      {},
      { key: 'order_id' },
      ['replace feature-view shop_orders because of key', 'update model late'],
    ],
    [
      'another event time is another source, and every feature of it is filled again',
      {},
      { eventTime: 'checked_at' },
      [
        'replace source orders because of eventTime',
        'replace feature-view shop_orders because of source orders.eventTime',
        'update model late',
      ],
    ],
    [
      'a lag is another source too: what was known when is another answer',
      {},
      { lag: '5m' },
      [
        'replace source orders because of available',
        'replace feature-view shop_orders because of source orders.available',
        'update model late',
      ],
    ],
    ['other files are an update', {}, { history: 'data/*.csv' }, ['update source orders']],
    ['an optional column more is compatible', {}, { columns: { more: string() } }, ['update source orders']],
    [
      'a required column more is not: rows before it have none',
      {},
      { columns: { more: string().required() } },
      ['replace source orders because of columns.more'],
    ],
    [
      'a column that may be null again is compatible',
      { columns: { note: string().required() } },
      {},
      ['update source orders'],
    ],
    [
      'a column that may no longer be null is not',
      {},
      { columns: { note: string().required() } },
      ['replace source orders because of columns.note.nullability'],
    ],
    [
      'int that becomes int64 is compatible; a feature that counts it means the same number of another type',
      {},
      { columns: { items: int64() } },
      ['update source orders', 'replace feature shop_orders:items because of aggregate.value'],
    ],
    [
      'int64 that becomes int is narrower',
      { columns: { note: int64() } },
      { columns: { note: int() } },
      ['replace source orders because of columns.note.type'],
    ],
    [
      'a column of another type is another source',
      {},
      { columns: { note: int() } },
      ['replace source orders because of columns.note.type'],
    ],
    [
      'a renamed column is another source',
      { columns: { more: string() } },
      { columns: { other: string() } },
      ['replace source orders because of columns.more'],
    ],
    ['a parameter is an update of the model', {}, { trees: 20 }, ['update model late']],
    ['code is an update of the model', {}, { hourCode: '2' }, ['update model late']],
    [
      'another moment is another model',
      {},
      { momentName: 'basket' },
      ['create moment basket', 'replace model late because of moment', 'delete moment order'],
    ],
    ['a timeout is an update of the deployment', {}, { timeout: '50ms' }, ['update deployment lateness']],
    ['a field that nobody reads may go', {}, { without: 'amount' }, ['update moment order', 'update model late']],
    ['what nothing uses any more is deleted', {}, { without: 'deployment' }, ['delete deployment lateness']],
  ]
  it.each(table)('%s', (_law, before, after, expected) => {
    expect(briefs(manifest(before), manifest(after))).toEqual(expected)
  })

  const choices = fc.record<Choices>(
    {
      trees: fc.constantFrom(10, 20),
      window: fc.constantFrom('1h', '2h'),
      owner: fc.constantFrom('a', 'b'),
      eventTime: fc.constantFrom('ordered_at', 'checked_at'),
      lag: fc.constantFrom('5m', '1h'),
      columns: fc.constantFrom({}, { note: int() }, { more: string() }, { more: string().required() }),
      key: fc.constantFrom('shop', 'order_id'),
      without: fc.constantFrom('mean', 'amount', 'model', 'deployment', 'view'),
      describe: fc.constantFrom('a', 'b'),
      extra: fc.boolean(),
      champion: fc.constantFrom('late:1', 'late:2'),
      momentName: fc.constantFrom('order', 'basket'),
    },
    { requiredKeys: [] },
  )

  it('has a step if and only if something is declared differently, and the way back undoes it', () => {
    fc.assert(
      fc.property(choices, choices, (one, other) => {
        const [before, after] = [manifest(one), manifest(other)]
        const [there, back] = [diffManifests(before, after), diffManifests(after, before)]
        expect(there.length === 0).toBe(manifestDigest(before) === manifestDigest(after))
        const reversed = { create: 'delete', delete: 'create', update: 'same', replace: 'same' }
        const named = ({ kind, name, op }: Step, way: Readonly<Record<string, string>>) =>
          `${way[op] ?? op} ${kind} ${name}`
        const same = { update: 'same', replace: 'same' }
        expect(there.map((step) => named(step, same)).sort()).toEqual(back.map((step) => named(step, reversed)).sort())
      }),
    )
  })

  it('names each property that changed, entries of lists by their name', () => {
    const steps = diffManifests(manifest(), manifest({ trees: 20, window: '2h', hourCode: '2' }))
    const changes = steps.find(({ kind }) => kind === 'model')!.changes
    expect(changes.map(({ property }) => property)).toEqual([
      'inputs.mean.inputs.m.digest',
      'inputs.hour.code',
      'trainer.parameters.trees',
    ])
    expect(changes[2]).toEqual({ property: 'trainer.parameters.trees', before: 10, after: 20 })
  })

  it('says what each step will do', () => {
    const effects = (before: Manifest | null, after: Manifest, name: string, facts?: PlanFacts) =>
      diffManifests(before, after, facts).find((step) => step.name === name)?.effects
    expect(effects(null, base, 'shop_orders')).toEqual(['fills 3 features of shop_orders from orders'])
    expect(effects(null, manifest({ history: 'data/*.csv' }), 'orders')).toEqual(['reads its history from data/*.csv'])
    expect(effects(base, manifest({ history: 'data/*.csv' }), 'orders')).toEqual([
      'pins the files of its new history',
      'fills 3 features of shop_orders again',
    ])
    expect(effects(base, manifest({ extra: true }), 'shop_orders:last')).toEqual(['fills shop_orders:last from orders'])
    expect(effects(base, manifest({ trees: 20 }), 'late')).toEqual(['counts from the next training on'])
  })

  it('warns where a row is known only when it has left the window', () => {
    const warnings = (choices: Choices) => diffManifests(null, manifest(choices)).flatMap((step) => step.warnings)
    expect(warnings({ lag: '5m', extra: true })).toEqual([])
    expect(warnings({ lag: '1h', extra: true, window: '2h' })).toEqual([
      expect.stringContaining('shop_orders:last will be empty: rows of orders are known 1h after they happen'),
    ])
    expect(warnings({ lag: '1h' })).toEqual([expect.stringContaining('shop_orders:mean_1h will be empty')])
  })
})

describe('a change and what is deployed', () => {
  const live = manifest({ champion: 'late:1' })

  it('keeps the old state for a version that was trained on it', () => {
    const after = manifest({ champion: 'late:1', window: '2h' })
    const [feature, changed] = diffManifests(live, after, trained(live))
    expect(feature?.effects).toEqual([
      'fills shop_orders:mean_1h again from orders',
      'model late reads the new meaning from its next training on',
      'keeps the old state for late:1 at lateness',
    ])
    expect(changed?.effects).toEqual(['counts from the next training on', 'late:1 at lateness stays as it was trained'])
  })

  it('keeps the states of a whole view that means something else', () => {
    const after = manifest({ champion: 'late:1', key: 'order_id' })
    expect(diffManifests(live, after, trained(live))[0]?.effects).toContain(
      'keeps the old state for late:1 at lateness',
    )
  })

  it.each<[string, Choices, RegExp]>([
    ['a feature', { without: 'mean' }, /late:1, which deployment lateness pins, was trained on shop_orders:mean_1h/],
    ['a view', { without: 'view' }, /late:1, which deployment lateness pins, was trained on shop_orders:orders_1d/],
    ['a field of the moment', { without: 'amount' }, /late:1, .* reads amount of moment order/],
    ['the moment', { momentName: 'basket' }, /late:1, .* answers at moment order/],
  ])('refuses to take away %s that a deployed version reads', (_what, choices, message) => {
    const after = manifest({ champion: 'late:1', ...choices })
    const error = refusal(live, after, trained(live))
    expect(error.code).toBe('definition_in_use')
    expect(error.message).toMatch(message)
    // A version that is no longer pinned holds nothing back.
    expect(() => diffManifests(live, manifest(choices), trained(live))).not.toThrow()
  })

  it('refuses to take away what a held version reads', () => {
    const hold = { version: 'late:1', pin: null, sinceMs: 0, reason: 'worse', by: 'ada' }
    const facts = trained(base, { holds: { lateness: hold } })
    expect(refusal(base, manifest({ without: 'mean' }), facts).code).toBe('definition_in_use')
  })

  it.each<[string, keyof Manifest, string, RegExp]>([
    ['a view that a model reads', 'featureViews', 'shop_orders', /model late uses feature shop_orders:orders_1d/],
    [
      'a source',
      'sources',
      'orders',
      /feature-view shop_orders uses source orders.*\n.*moment order uses source orders/,
    ],
    ['an entity', 'entities', 'shop', /feature-view shop_orders uses entity shop/],
    ['a moment', 'moments', 'order', /model late uses moment order/],
    ['a model', 'models', 'late', /deployment lateness uses model late/],
  ])('refuses to take away %s that stays referred to', (_what, kind, name, message) => {
    const { [name]: _gone, ...rest } = base[kind] as Record<string, unknown> // a record of specs
    const error = refusal(base, { ...base, [kind]: rest })
    expect(error.code).toBe('definition_in_use')
    expect(error.message).toMatch(message)
  })
})

describe('pins', () => {
  const after = manifest({ champion: 'late:1', shadow: ['late:2'] })
  const step = (facts: PlanFacts, before: Manifest = base) => diffManifests(before, after, facts).at(-1)!

  it('answer once their versions are registered', () => {
    expect(step(trained(base)).effects).toEqual(['late:1 answers', 'late:2 predicts beside it, after the reply'])
    expect(step(trained(base)).warnings).toEqual([])
  })

  it('are pending in development until then', () => {
    expect(step(noFacts).effects).toEqual([])
    expect(step(noFacts).warnings).toEqual([
      'late:1 is pending: there is no such version yet, and the fallback answers until there is',
      'late:2 is pending: there is no such version yet',
    ])
  })

  it('are refused in production, also where the deployment does not change', () => {
    const facts: PlanFacts = { ...noFacts, environment: 'production' }
    for (const before of [base, after]) {
      const error = refusal(before, after, facts)
      expect(error.code).toBe('version_unknown')
      expect(error.path).toBe('features/all.ts > deployment lateness > champion')
    }
  })

  it('are refused where lock and registry mean two versions by one number', () => {
    const error = refusal(base, after, trained(base, { locked: { 'late:1': 'c'.repeat(64) } }))
    expect(error.code).toBe('version_conflict')
    expect(error.message).toMatch(/late:1 is cccccccccccc in noonmark\.lock and aaaaaaaaaaaa in the registry/)
  })

  it('do not answer while a rollback is held, until main pins another version', () => {
    const hold = { version: null, pin: 'late:1', sinceMs: 0, reason: 'too many alarms', by: 'ada' }
    const facts = trained(base, { holds: { lateness: hold } })
    const kept = step(facts)
    expect(kept.effects).toEqual(['late:2 predicts beside it, after the reply'])
    expect(kept.warnings).toEqual([
      expect.stringMatching(/is held since a rollback \(too many alarms\): its fallback answers/),
    ])
    const moved = diffManifests(after, manifest({ champion: 'late:2' }), facts).at(-1)!
    expect(moved.effects).toEqual(['late:2 answers', 'ends the hold of its rollback'])
  })
})
