// Goal: a training ends in a version with everything needed to repeat it, or says why not. Method: a small project on real stores,
// trained in this process, and where the process matters in one of its own.
import { execFileSync, spawn } from 'node:child_process'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  beatsBaseline,
  example,
  gradientBoosting,
  logisticRegression,
  noLeakage,
  slice,
} from '../../src/define/index.ts'
import { readLock } from '../../src/plan/index.ts'
import { trainingPorts } from '../../src/platform/training.ts'
import { versionName } from '../../src/registry/index.ts'
import { jobFiles, progressLine, readCurve, type TrainingPorts } from '../../src/train/index.ts'
import { firstDayMs, lastDayMs, nowMs, type ParcelOptions, parcelFiles, parcelProject } from './parcels.ts'
import { openTrainingWorld, type TrainingWorld } from './training-world.ts'

let world: TrainingWorld
const openWorld = async (): Promise<void> => {
  world = await openTrainingWorld({ definitions: parcelProject(), tables: parcelFiles(), nowMs })
}
const apply = (options: ParcelOptions = {}): Promise<void> => world.apply(parcelProject(options))
const closeWorld = (): Promise<void> => world.close()

/** A trainer in a process: JavaScript that is given the job folder. */
const script =
  (text: string): TrainingPorts['runJob'] =>
  (folder, { onLine, signal }) =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', text, folder])
      signal.addEventListener('abort', () => child.kill('SIGKILL'))
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data) => String(data).trimEnd().split('\n').forEach(onLine))
      child.on('close', (status) => resolve(status ?? 1))
    })

describe('a training', () => {
  beforeEach(openWorld)
  afterEach(closeWorld)

  it('makes a version in a process of its own, and tells how far it is, each step finished once', async () => {
    const { runJob } = await trainingPorts(world.platform)
    const reports: [string, number, number][] = []
    const onProgress = (step: string, done: number, total: number) => reports.push([step, done, total])
    const run = await world.train({ model: 'late' }, { onProgress }, { runJob })
    expect(run.error).toBeNull()
    expect(run).toMatchObject({ status: 'succeeded', version: 'late:1', seed: 1, finishedAtMs: nowMs })
    expect(run.checks.map(({ check, passed }) => [check, passed])).toEqual([
      ['leakage', true],
      ['beats_baseline', true],
    ])
    expect(await world.platform.registry.run(run.id)).toEqual(run)
    expect((await world.platform.registry.version('late:1')).passed).toBe(true)
    // Nothing of the process is in the version: trained in this one it is the same.
    expect((await world.train({ model: 'late' })).version).toBe('late:1')
    const steps = [...new Set(reports.map(([step]) => step))]
    expect(steps).toContain('fit gradient-boosting')
    expect(steps).toContain('recompute a sample at its moments')
    for (const step of steps) {
      const own = reports.filter(([name]) => name === step)
      const done = own.map(([, count]) => count)
      expect(done, step).toEqual([...done].sort((a, b) => a - b))
      expect(own.filter(([, count, total]) => total > 0 && count === total).length, step).toBeLessThanOrEqual(1)
      const places = reports.flatMap(([name], place) => (name === step ? [place] : []))
      expect(places.at(-1)! - places[0]!, `${step} goes on after another began`).toBe(places.length - 1)
    }
  })

  it('keeps the curves of its losses in its folder, readable while it goes on, whatever else a trainer writes', async () => {
    const { runJob, runFolder } = await trainingPorts(world.platform)
    const run = await world.train({ model: 'late' }, {}, { runJob })
    const curve = await readCurve(runFolder(run.id))
    expect(curve.map(({ iteration }) => iteration)).toEqual(Array.from({ length: 15 }, (_, at) => at + 1))
    for (const { training_loss, validation_loss } of curve) {
      expect(training_loss).toBeGreaterThan(0)
      expect(validation_loss).toBeGreaterThan(0)
    }
    const early = script(
      `console.log('noonmark:progress {"iteration": 1, "training_loss": NaN, "validation_loss": 0.5}')
       console.log('noonmark:progress {"iteration":')
       console.log('noonmark:progress is what we make')
       process.exit(1)`,
    )
    const lines: string[] = []
    const failed = await world.train({ model: 'late' }, { onLog: (line) => lines.push(line) }, { runJob: early })
    expect(failed.status).toBe('failed')
    expect(await readCurve(runFolder(failed.id))).toEqual([{ iteration: 1, training_loss: null, validation_loss: 0.5 }])
    expect(lines).toEqual(
      expect.arrayContaining(['noonmark:progress {"iteration":', 'noonmark:progress is what we make']),
    )
    await appendFile(join(runFolder(failed.id), 'progress.jsonl'), '{"iteration": 2, "trai')
    expect(await readCurve(runFolder(failed.id))).toHaveLength(1)
    expect(await readCurve(runFolder('none'))).toEqual([])
  })

  it('gives the same version for the same seed, registered once, and another for another seed, parameter or trainer', async () => {
    const first = await world.train({ model: 'late', seed: 7 })
    const again = await world.train({ model: 'late', seed: 7 })
    expect([first.version, again.version]).toEqual(['late:1', 'late:1'])
    expect(again.id).not.toBe(first.id)
    const others = [
      await world.train({ model: 'late', seed: 8 }),
      await world.train({ model: 'late', seed: 7, parameters: { learning_rate: 0.3 } }),
      await world.train({ model: 'late', seed: 7, trainer: 'logistic-regression' }),
    ]
    expect(others.map(({ version }) => version)).toEqual(['late:2', 'late:3', 'late:4'])
    const versions = await world.platform.registry.versions('late')
    expect(new Set(versions.map(({ digest }) => digest)).size).toBe(4)
    expect(versions.find(({ number }) => number === 3)!.parameters).toMatchObject({ learning_rate: 0.3, trees: 15 })
    expect(versions.find(({ number }) => number === 4)!.spec.trainer).toEqual({
      kind: 'logistic-regression',
      parameters: {},
    })
    expect((await readLock(world.rootDir)).versions).toEqual(
      Object.fromEntries(versions.map((version) => [versionName(version), version.digest])),
    )
  })

  it('keeps what is needed to repeat it: commit, environment, data with its files, parameters and what it predicted', async () => {
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...words], { cwd: world.rootDir })
    git('init', '-q')
    git('commit', '-q', '--allow-empty', '-m', 'empty')
    const commit = String(git('rev-parse', 'HEAD')).trim()
    await world.train({ model: 'late' })
    const version = await world.platform.registry.version('late:1')
    expect(version.git).toEqual({ commit, dirty: true })
    expect(version.environment).toMatchObject({ node: process.versions.node })
    expect(version.manifest).toBe((await world.platform.applied()).digest)
    expect(version.seed).toBe(1)
    expect(version.trainingSet).toMatchObject({
      cutMs: nowMs,
      fromMs: null,
      toMs: null,
      loggedAsOf: 0,
      labelStatus: { observed: 400, absent: 0, open: 0 },
    })
    const { training, validation, spine } = version.trainingSet.rows
    expect(training + validation).toBe(spine)
    expect(spine).toBe(400)
    const files = version.trainingSet.tables.map(({ source, files }) => [source, files.map(({ rows }) => rows)])
    expect(Object.fromEntries(files)).toEqual({ orders: [400], deliveries: [400] })
    for (const { files } of version.trainingSet.tables)
      for (const { sha256 } of files) expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    const { blobs } = world.platform
    expect((await blobs.get(version.artifact)).length).toBeGreaterThan(100)
    const reference = JSON.parse(new TextDecoder().decode(await blobs.get(version.reference)))
    expect(reference.columns).toEqual(version.spec.inputs.map(({ column }) => column))
    expect(reference.rows.length).toBe(reference.probabilities.length)
    expect(version.importance.map(({ name }) => name)).toContain('kilograms')
  })

  it('uses only the moments that were asked for', async () => {
    const [fromMs, toMs] = [firstDayMs + 5 * 86_400_000, lastDayMs - 86_400_000]
    const run = await world.train({ model: 'late', fromMs, toMs })
    expect(run.trainingSet).toMatchObject({ fromMs, toMs })
    expect(run.trainingSet!.rows.spine).toBeLessThan(300)
  })
})

describe('a check that fails', () => {
  beforeAll(openWorld)
  afterAll(closeWorld)

  it('ends the run as stopped, and its version can be looked at but never deployed', async () => {
    await apply({ checks: [noLeakage(), beatsBaseline('auc', { by: 0.5 })] })
    const run = await world.train({ model: 'late' })
    expect(run).toMatchObject({ status: 'stopped', error: null })
    expect(run.checks.map(({ passed }) => passed)).toEqual([true, false])
    const version = await world.platform.registry.version(run.version!)
    expect(version.passed).toBe(false)
    expect(version.checks).toEqual(run.checks)
  })

  it('is a slice that is worse than the champion, by its name and figures', async () => {
    const checks = [slice('depot', { minRows: 10 }).noWorseThanChampion('auc', 0.02)]
    await apply({ checks })
    const first = await world.train({ model: 'late' })
    expect(first.status).toBe('succeeded')
    expect(first.checks[0]!.summary).toBe('There is no champion yet.')
    const champion = first.version!
    await apply({ checks, champion })
    const same = await world.train({ model: 'late' })
    expect(same).toMatchObject({ status: 'succeeded', version: champion })
    expect(same.checks[0]!.summary).toContain(`4 of 4 slices within tolerance of ${champion}`)
    const worse = await world.train({ model: 'late', parameters: { trees: 1, leaves: 2 } })
    expect(worse.status).toBe('stopped')
    expect(worse.version).not.toBe(champion)
    expect(worse.checks[0]!.summary).toMatch(
      /slices within tolerance of late:\d; not depot=depot-\d: 0\.\d+ against 0\.\d+/,
    )
  })

  it('ends the run also where the same version was registered before there was such a champion', async () => {
    const checks = [slice('depot', { minRows: 10 }).noWorseThanChampion('auc', 0.02)]
    const weak = { model: 'late', seed: 5, parameters: { trees: 1, leaves: 2 } }
    await apply({ checks })
    const before = await world.train(weak)
    const strong = await world.train({ model: 'late', seed: 5 })
    expect([before.status, strong.status]).toEqual(['succeeded', 'succeeded'])
    await apply({ checks, champion: strong.version! })
    const after = await world.train(weak)
    expect(after).toMatchObject({ status: 'stopped', version: before.version })
    expect(after.checks[0]!.passed).toBe(false)
    expect((await world.platform.registry.version(before.version!)).passed).toBe(true)
  })

  it('is a champion that cannot be asked about these rows, by the inputs that it reads', async () => {
    const checks = [slice('depot').noWorseThanChampion('auc', 0.02)]
    await apply({ checks })
    const { version: champion } = await world.train({ model: 'late' })
    await apply({ checks, champion: champion!, withoutHour: true })
    const run = await world.train({ model: 'late' })
    expect(run).toMatchObject({ status: 'stopped', error: null })
    expect(run.version).not.toBe(champion)
    expect(run.checks[0]!.summary).toContain(`The champion ${champion} reads hour`)
  })

  it('is an example whose probability lies outside its bounds', async () => {
    const light = { kilograms: 1 }
    await apply({
      checks: [example('a light parcel', light, { atMost: 0.9 }), example('a feather', light, { atLeast: 0.99 })],
    })
    const run = await world.train({ model: 'late' })
    expect(run.status).toBe('stopped')
    expect(run.checks.map(({ name, passed }) => [name, passed])).toEqual([
      ['a light parcel', true],
      ['a feather', false],
    ])
  })
})

describe('a training that cannot be done', () => {
  beforeAll(openWorld)
  afterAll(closeWorld)

  it.each([
    ['labels of one class only', { lateHours: 1000, checks: [] }, {}, 'training_one_class'],
    ['no moment in the period', {}, { fromMs: lastDayMs, toMs: nowMs }, 'training_set_empty'],
    ['no outcome for any moment', { deliveriesFile: 'data/no-deliveries.parquet' }, {}, 'training_set_empty'],
    ['a moment without history', { ordersFile: 'data/no-orders.parquet' }, {}, 'moment_without_history'],
    ['a parameter that the trainer does not know', {}, { parameters: { hues: 3 } }, 'parameter_invalid'],
  ] as const)('fails with the code of its reason: %s', async (_, options, request, code) => {
    await apply(options)
    const run = await world.train({ model: 'late', ...request })
    expect(run).toMatchObject({ status: 'failed', version: null, finishedAtMs: nowMs, error: { code } })
    expect(run.error!.hint).not.toBe('')
    expect(await world.platform.registry.run(run.id)).toEqual(run)
    expect(await world.platform.registry.versions()).toEqual([])
  })

  it('is refused at once where the model or trainer is not known', async () => {
    await expect(world.train({ model: 'lat' })).rejects.toMatchObject({ code: 'not_found', path: 'model' })
    await expect(world.train({ model: 'late', trainer: 'oracle' })).rejects.toMatchObject({ code: 'parameter_invalid' })
  })

  it('says the last lines of a trainer that dies', async () => {
    await apply({ checks: [] })
    const runJob = script("console.log('growing a tree'); console.error('out of memory'); process.exit(9)")
    const lines: string[] = []
    const run = await world.train({ model: 'late' }, { onLog: (line) => lines.push(line) }, { runJob })
    expect(run).toMatchObject({ status: 'failed', error: { code: 'trainer_failed' } })
    expect(run.error!.message).toContain('status 9')
    expect(run.error!.message).toContain('growing a tree')
    expect(run.error!.message).toContain('out of memory')
    expect(lines).toContain('growing a tree')
  })

  it('says what a trainer wrote of its failure, and fails where predictions are missing', async () => {
    await apply({ checks: [] })
    const told = script(
      `import { writeFileSync } from 'node:fs'
       writeFileSync(process.argv[1] + '/${jobFiles.error}', JSON.stringify({ message: 'No GPU.', hint: 'Use another machine.' }))
       process.exit(1)`,
    )
    const run = await world.train({ model: 'late' }, {}, { runJob: told })
    expect(run.error).toMatchObject({ code: 'trainer_failed', message: 'No GPU.', hint: 'Use another machine.' })
    const silent = await world.train({ model: 'late' }, {}, { runJob: async () => 0 })
    expect(silent).toMatchObject({ status: 'failed', version: null })
  })

  it('is cancelled by its signal, before the trainer starts and while it works', async () => {
    await apply({ checks: [], trainer: logisticRegression() })
    const jobsBefore = world.jobs.length
    const before = new AbortController()
    const early = await world.train({ model: 'late' }, { signal: before.signal, onProgress: () => before.abort() })
    expect(early).toMatchObject({ status: 'cancelled', error: { code: 'training_cancelled' } })
    expect(world.jobs.length).toBe(jobsBefore)
    const during = new AbortController()
    const runJob = script(
      `console.log('${progressLine({ iteration: 1, iterations: 9, trainLoss: null, validationLoss: null })}')
       setInterval(() => {}, 1000)`,
    )
    const late = await world.train(
      { model: 'late' },
      { signal: during.signal, onProgress: (step) => step.startsWith('fit') && during.abort() },
      { runJob },
    )
    expect(late).toMatchObject({ status: 'cancelled', version: null, error: { code: 'training_cancelled' } })
  })

  it('ends a run process of the platform that is cancelled', async () => {
    await apply({ checks: [], trainer: gradientBoosting({ trees: 100_000, min_rows_leaf: 1 }) })
    const { runJob } = await trainingPorts(world.platform)
    const controller = new AbortController()
    const run = await world.train(
      { model: 'late' },
      { signal: controller.signal, onProgress: (step) => step.startsWith('fit') && controller.abort() },
      { runJob },
    )
    expect(run.status).toBe('cancelled')
  })
})
