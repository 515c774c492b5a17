import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { replayClock } from '../clock.ts'
import { memoryMetadataStore } from '../metadata/drivers/memory.ts'
import { openSqliteMetadataStore } from '../metadata/drivers/sqlite.ts'
import type { MetadataStore } from '../metadata/index.ts'
import { createRegistry, type Registry } from './registry.ts'
import type { Run } from './run.ts'
import type { Version } from './version.ts'

const clock = replayClock(0)

const version = (digest: string, change: Partial<Version> = {}): Omit<Version, 'number'> => ({
  model: 'late',
  digest,
  run: 'R1',
  createdAtMs: 0,
  artifact: 'artifact',
  reference: 'reference',
  spec: {
    name: 'late',
    moment: 'order',
    inputs: [],
    label: {
      source: 'deliveries',
      value: { op: 'literal', type: 'bool', value: true },
      type: 'bool',
      withinMs: 1,
      aggregate: null,
      on: [],
      absent: null,
    },
    trainer: { kind: 'logistic-regression', parameters: {} },
    baseline: null,
    checks: [],
    split: { from: null, validateFrom: null, validateShare: 0.2, to: null },
    retrain: null,
    tier: 'standard',
  },
  manifest: 'manifest',
  parameters: {},
  seed: 1,
  trainingSet: {
    identity: 'identity',
    content: 'content',
    cutMs: 0,
    fromMs: null,
    toMs: null,
    rows: { training: 1, validation: 1, spine: 2 },
    labelStatus: {},
    loggedAsOf: 0,
    tables: [],
  },
  metrics: { validation: {}, baseline: null, slices: {}, roc: [] },
  importance: [],
  checks: [],
  passed: true,
  git: null,
  environment: {},
  ...change,
})

const run = (id: string, change: Partial<Run> = {}): Run => ({
  id,
  model: 'late',
  status: 'preparing',
  startedAtMs: 0,
  finishedAtMs: null,
  manifest: 'manifest',
  trainer: { kind: 'logistic-regression', parameters: {} },
  seed: 1,
  fromMs: null,
  toMs: null,
  cutMs: 0,
  git: null,
  environment: {},
  trainingSet: null,
  parameters: null,
  metrics: null,
  checks: [],
  version: null,
  error: null,
  ...change,
})

describe.each(['memory', 'sqlite'] as const)('a registry in %s', (driver) => {
  let folder: string
  let metadata: MetadataStore
  let registry: Registry
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'registry-'))
    metadata =
      driver === 'memory'
        ? memoryMetadataStore({ clock })
        : await openSqliteMetadataStore({ file: join(folder, 'metadata.sqlite'), clock })
    registry = createRegistry(metadata, 'shop')
  })
  afterEach(async () => {
    await metadata.close()
    await rm(folder, { recursive: true, force: true })
  })
  const numberOf = async (digest: string, locked = 0, change: Partial<Version> = {}) =>
    (await registry.register(version(digest, change), locked)).version.number

  it('numbers versions of a model in turn, beyond what the lock says and beyond its own', async () => {
    expect(await numberOf('a')).toBe(1)
    expect(await numberOf('b')).toBe(2)
    expect(await numberOf('c', 7)).toBe(8)
    expect(await numberOf('d', 3)).toBe(9)
    expect(await numberOf('a', 0, { model: 'lost' })).toBe(1)
  })

  it('registers a digest once: what stands never changes, whoever made it again', async () => {
    const first = await registry.register(version('a', { passed: false, run: 'R1' }), 0)
    const again = await registry.register(version('a', { passed: true, run: 'R2' }), 5)
    expect(first.existed).toBe(false)
    expect(again).toEqual({ version: first.version, existed: true })
    expect(await registry.version('late:1')).toEqual(first.version)
    expect(await registry.versions()).toEqual([first.version])
  })

  it('gives every version a number of its own when many are registered at once', async () => {
    const digests = Array.from({ length: 12 }, (_, i) => `digest-${i % 8}`)
    const found = await Promise.all(digests.map((digest) => registry.register(version(digest), 0)))
    const numbers = new Map(found.map(({ version: { digest, number } }) => [digest, number]))
    expect([...numbers.values()].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    for (const { version: made } of found) expect(made.number).toBe(numbers.get(made.digest))
    expect(found.filter(({ existed }) => existed)).toHaveLength(4)
  })

  it('lists versions the newest first, of one model or of all', async () => {
    for (const digest of ['a', 'b', 'c']) await numberOf(digest)
    await numberOf('x', 0, { model: 'lost' })
    expect((await registry.versions('late')).map(({ number }) => number)).toEqual([3, 2, 1])
    expect((await registry.versions('lost')).map(({ digest }) => digest)).toEqual(['x'])
    expect(await registry.versions()).toHaveLength(4)
  })

  it('says which versions there are when one is not known', async () => {
    await expect(registry.version('late:1')).rejects.toMatchObject({
      code: 'version_unknown',
      hint: 'Train one: noonmark train late.',
    })
    await numberOf('a')
    await expect(registry.version('late:2')).rejects.toMatchObject({ hint: 'The versions are late:1.', path: 'late:2' })
    await expect(registry.version('late')).rejects.toMatchObject({ code: 'version_unknown' })
  })

  it('keeps the last state of a run, and finds it by its id or its last characters', async () => {
    await registry.saveRun(run('01ABCDEF'))
    await registry.saveRun(run('01ABCXYZ', { model: 'lost' }))
    await registry.saveRun(run('01ABCDEF', { status: 'failed', error: { code: 'c', message: 'm', hint: 'h' } }))
    expect((await registry.run('01ABCDEF')).status).toBe('failed')
    expect((await registry.run('def')).id).toBe('01ABCDEF')
    expect((await registry.runs({ model: 'lost' })).map(({ id }) => id)).toEqual(['01ABCXYZ'])
    expect((await registry.runs({ status: 'failed' })).map(({ id }) => id)).toEqual(['01ABCDEF'])
    expect(await registry.runs({ limit: 1 })).toHaveLength(1)
    await expect(registry.run('nope')).rejects.toMatchObject({ code: 'not_found', path: 'run' })
    await registry.saveRun(run('02AAADEF'))
    await expect(registry.run('def')).rejects.toMatchObject({ message: '2 runs end in def.' })
  })

  it('keeps projects apart', async () => {
    await numberOf('a')
    await registry.saveRun(run('01ABCDEF'))
    const other = createRegistry(metadata, 'other')
    expect(await other.versions()).toEqual([])
    expect(await other.runs()).toEqual([])
    expect((await other.register(version('b'), 0)).version.number).toBe(1)
  })
})
