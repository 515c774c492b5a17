import { describe, expect, it } from 'vitest'
import { memoryBlobStore } from '../blob/drivers/memory.ts'
import { replayClock } from '../clock.ts'
import {
  count,
  deployment,
  derive,
  entity,
  featureView,
  gradientBoosting,
  int,
  model,
  moment,
  outcome,
  source,
  string,
  timestamp,
} from '../define/index.ts'
import { isNoonmarkError } from '../errors.ts'
import { memoryMetadataStore } from '../metadata/drivers/memory.ts'
import { applications, currentManifest, functionSource } from './applied-manifest.ts'
import { applyPlan } from './apply.ts'
import { collectDefinitions } from './definitions.ts'
import { noFacts } from './facts.ts'
import { effectiveDeployment, holdsOf, previousChampion, releaseHold, setHold } from './hold.ts'
import { emptyManifest, manifestOf } from './manifest.ts'
import { formatPlan, makePlan, parsePlan } from './plan.ts'

const { holds: _holds, ...facts } = noFacts

/** A project whose one deployment pins `champion`, with its code as a function. */
function built(champion: string | null, trees = 10) {
  const shop = entity('shop', { key: { shop: string() } })
  const orders = source('orders', {
    columns: { order_id: string(), shop: string(), late: int(), ordered_at: timestamp() },
    eventTime: 'ordered_at',
  })
  const view = featureView('shop_orders', { entity: shop, source: orders, features: () => ({ n: count() }) })
  const order = moment('order', { source: orders, key: { order_id: string() }, entities: { shop } })
  const late = model('late', {
    moment: order,
    inputs: [view.for('shop'), derive('hour', int(), { at: order.at }, ({ at }) => at.getUTCHours())],
    label: outcome(orders, { value: (row) => row.late.eq(1), within: '2d' }),
    trainer: gradientBoosting({ trees }),
  })
  const lateness = deployment('lateness', late, champion === null ? {} : { champion })
  const exports = { 'features/all.ts': { shop, orders, view, order, late, lateness } }
  const manifest = manifestOf({ project: 'shop' }, collectDefinitions(exports), () => 'f'.repeat(64))
  return { manifest, functions: [{ digest: 'f'.repeat(64), source: 'export default () => 1' }] }
}

function platform() {
  const stores = { metadata: memoryMetadataStore(), blobs: memoryBlobStore(), clock: replayClock(1_000) }
  const plan = (champion: string | null, trees?: number) => makePlan(stores, built(champion, trees), facts)
  const apply = async (champion: string | null, trees?: number) =>
    applyPlan({ ...stores, plan: await plan(champion, trees), facts, by: 'ada' })
  const champion = async () => {
    const applied = await currentManifest(stores.metadata, stores.blobs, 'shop')
    const holds = await holdsOf(stores.metadata, 'shop')
    return effectiveDeployment(applied!.manifest.deployments.lateness!, holds.lateness).champion
  }
  return { ...stores, plan, apply, champion }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (isNoonmarkError(error)) return error.code
    throw error
  }
  return 'done'
}

describe('applying', () => {
  it('makes a manifest count, with who and when', async () => {
    const { metadata, blobs, apply } = platform()
    expect(await currentManifest(metadata, blobs, 'shop')).toBeNull()
    const { changed, revision, digest, steps } = await apply('late:1')
    expect({ changed, revision, steps: steps.length }).toEqual({ changed: true, revision: 1, steps: 6 })
    const applied = await currentManifest(metadata, blobs, 'shop')
    expect(applied).toMatchObject({ revision: 1, digest, appliedAtMs: 1_000, by: 'ada' })
    expect(applied?.manifest).toEqual(built('late:1').manifest)
  })

  it('stores the code that the manifest names, by its digest', async () => {
    const { metadata, blobs, apply } = platform()
    await apply('late:1')
    expect(await functionSource(metadata, blobs, 'shop', 'f'.repeat(64))).toBe('export default () => 1')
    expect(await codeOf(functionSource(metadata, blobs, 'shop', 'e'.repeat(64)))).toBe('not_found')
  })

  it('changes nothing the second time', async () => {
    const { metadata, plan, apply, ...stores } = platform()
    const first = await plan('late:1')
    await applyPlan({ ...stores, metadata, plan: first, facts, by: 'ada' })
    const before = await metadata.list({ kind: 'manifest', version: 1, indexes: [] }, { project: 'shop' })
    expect(await applyPlan({ ...stores, metadata, plan: first, facts, by: 'bob' })).toMatchObject({
      changed: false,
      revision: 1,
    })
    expect(await apply('late:1')).toMatchObject({ changed: false, revision: 1, steps: [] })
    expect(await metadata.list({ kind: 'manifest', version: 1, indexes: [] }, { project: 'shop' })).toEqual(before)
    expect(await applications(metadata, 'shop')).toHaveLength(1)
  })

  it('changes nothing where a project declares nothing', async () => {
    const { metadata, blobs, clock } = platform()
    const plan = await makePlan({ metadata, blobs }, { manifest: emptyManifest('shop'), functions: [] }, facts)
    expect(await applyPlan({ metadata, blobs, clock, plan, facts, by: 'ada' })).toMatchObject({ changed: false })
    expect(await currentManifest(metadata, blobs, 'shop')).toBeNull()
  })

  it('refuses a plan whose base has moved, and changes nothing', async () => {
    const { plan, apply, champion, ...stores } = platform()
    const first = await plan('late:1')
    await apply('late:2')
    expect(await codeOf(applyPlan({ ...stores, plan: first, facts, by: 'ada' }))).toBe('plan_stale')
    const second = await plan('late:3')
    await apply('late:2', 20)
    expect(await codeOf(applyPlan({ ...stores, plan: second, facts, by: 'ada' }))).toBe('plan_stale')
    expect(await champion()).toBe('late:2')
  })

  it('lets one of two win who apply at the same time', async () => {
    const { plan, ...stores } = platform()
    const plans = await Promise.all([plan('late:1'), plan('late:2'), plan('late:3')])
    const results = await Promise.all(plans.map((one) => codeOf(applyPlan({ ...stores, plan: one, facts, by: 'ada' }))))
    expect(results.sort()).toEqual(['done', 'plan_stale', 'plan_stale'])
    expect(await applications(stores.metadata, 'shop')).toHaveLength(1)
  })

  it('refuses now what has come into use since the plan was made', async () => {
    const { plan, ...stores } = platform()
    const made = await plan('late:1')
    const production = { ...facts, environment: 'production' as const }
    expect(await codeOf(applyPlan({ ...stores, plan: made, facts: production, by: 'ada' }))).toBe('version_unknown')
    expect(await currentManifest(stores.metadata, stores.blobs, 'shop')).toBeNull()
  })

  it('refuses a plan that lacks the code that it names', async () => {
    const { plan, ...stores } = platform()
    const made = { ...(await plan('late:1')), functions: [] }
    expect(await codeOf(applyPlan({ ...stores, plan: made, facts, by: 'ada' }))).toBe('plan_invalid')
  })

  it('keeps every application', async () => {
    const { metadata, apply } = platform()
    for (const champion of ['late:1', 'late:2', 'late:3']) await apply(champion)
    expect((await applications(metadata, 'shop')).map(({ revision }) => revision)).toEqual([3, 2, 1])
    expect(await applications(metadata, 'shop', { limit: 1 })).toHaveLength(1)
  })
})

describe('a plan as a file', () => {
  it('is the plan again', async () => {
    const made = await platform().plan('late:1')
    expect(parsePlan(formatPlan(made))).toEqual(made)
  })

  it.each<[string, (text: string) => string]>([
    ['is no JSON', () => 'plan'],
    ['is something else', () => '{"format":2}'],
    ['was changed by hand', (text) => text.replaceAll('late:1', 'late:2')],
  ])('is refused where it %s', async (_what, change) => {
    const text = formatPlan(await platform().plan('late:1'))
    expect(() => parsePlan(change(text))).toThrow(expect.objectContaining({ code: 'plan_invalid' }))
  })
})

describe('a hold', () => {
  const rollback = { project: 'shop', deployment: 'lateness', version: 'late:1', reason: 'too many alarms', by: 'bob' }

  it('takes effect at once and stands over an apply that pins the same', async () => {
    const { apply, champion, ...stores } = platform()
    await apply('late:1')
    await apply('late:2')
    expect(await previousChampion(stores.metadata, stores.blobs, 'shop', 'lateness')).toBe('late:1')
    await setHold(stores, rollback)
    expect(await champion()).toBe('late:1')
    expect(await apply('late:2', 20)).toMatchObject({ changed: true, held: ['lateness'], released: [] })
    expect(await champion()).toBe('late:1')
  })

  it('ends when main pins another version', async () => {
    const { apply, champion, ...stores } = platform()
    await apply('late:2')
    await setHold(stores, rollback)
    expect(await apply('late:3')).toMatchObject({ released: ['lateness'] })
    expect(await champion()).toBe('late:3')
    await apply('late:2')
    expect(await champion()).toBe('late:2')
  })

  it('ends when it is released', async () => {
    const { apply, champion, ...stores } = platform()
    await apply('late:2')
    await setHold(stores, { ...rollback, version: null })
    expect(await champion()).toBeNull()
    expect(await releaseHold(stores.metadata, 'shop', 'lateness')).toBe(true)
    expect(await releaseHold(stores.metadata, 'shop', 'lateness')).toBe(false)
    expect(await champion()).toBe('late:2')
  })

  it('is for a deployment that there is, and for a version of its model', async () => {
    const { apply, ...stores } = platform()
    await apply('late:2')
    expect(await codeOf(setHold(stores, { ...rollback, deployment: 'other' }))).toBe('not_found')
    expect(await codeOf(setHold(stores, { ...rollback, version: 'early:1' }))).toBe('definition_invalid')
  })

  it('takes the version that answers out of the shadows', () => {
    const spec = built('late:2').manifest.deployments.lateness!
    const hold = { version: 'late:1', pin: 'late:2', sinceMs: 0, reason: '', by: '' }
    expect(effectiveDeployment({ ...spec, shadow: ['late:1', 'late:3'] }, hold)).toMatchObject({
      champion: 'late:1',
      shadow: ['late:3'],
    })
  })
})
