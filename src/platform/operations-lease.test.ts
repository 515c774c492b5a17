// Goal: a run is watched, cancelled and given up by other processes than the one that trains it. Method: leases in the metadata
// store of a real platform, with the machine's time moved in the records.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlatformWorld, type PlatformWorld } from '../../test/training/platform-world.ts'
import { isNoonmarkError } from '../errors.ts'
import { hasEnded, type Run } from '../registry/index.ts'
import { cancelRun, endLostRuns, holdLease, type LeaseOwner, leaseOf, runLeaseRecord } from './operations-lease.ts'
import { trainingRecords } from './operations-records.ts'
import { startTraining } from './operations-runs.ts'

let world: PlatformWorld
let made = 0

beforeAll(async () => {
  world = await openPlatformWorld()
  await world.ask('POST', '/v1/apply', {})
})
afterAll(() => world.close())

/** A run as a process leaves it that is at it, or was killed. */
async function unfinishedRun(): Promise<Run> {
  const run: Run = {
    id: `01KG8NJW00000000000000000${made++}`,
    model: 'late',
    status: 'training',
    startedAtMs: 1,
    finishedAtMs: null,
    manifest: '',
    trainer: { kind: 'gradient-boosting', parameters: {} },
    seed: 1,
    fromMs: null,
    toMs: null,
    cutMs: 1,
    git: null,
    environment: {},
    trainingSet: null,
    parameters: null,
    metrics: null,
    checks: [],
    version: null,
    error: null,
  }
  await world.platform.registry.saveRun(run)
  return run
}

/** A lease that was last renewed so long ago. */
async function leave(run: string, owner: LeaseOwner, agoMs: number): Promise<void> {
  const { metadata, project } = world.platform
  const body = { owner, aliveAtMs: Date.now() - agoMs, progress: null, cancelled: false }
  await metadata.write([(transaction) => transaction.put(runLeaseRecord, { project, id: run, body })])
}

const statusOf = async (run: Run): Promise<string> => (await world.platform.registry.run(run.id)).status

describe('a lease', () => {
  it('shows how far a run is to every process, and goes with it', async () => {
    const run = await unfinishedRun()
    const lease = await holdLease(world.platform, run.id, 'command', () => undefined)
    lease.progress({ step: 'fit', done: 3, total: 9 })
    const records = trainingRecords(world.platform)
    for (;;) {
      const { progress } = await records.run(run.id)
      if (progress === null) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        continue
      }
      expect(progress).toEqual({ step: 'fit', done: 3, total: 9 })
      break
    }
    await lease.release()
    expect(await leaseOf(world.platform, run.id)).toBeNull()
    expect((await records.run(run.id)).progress).toBeNull()
  })

  it('hears of a cancellation in another process', async () => {
    const { started, ended } = startTraining(
      world.platform,
      { model: 'late', parameters: { trees: 100_000, early_stopping_rounds: 0 } },
      { owner: 'command' },
    )
    const { id } = await started
    expect(hasEnded(await cancelRun(world.platform, id))).toBe(true)
    expect(await ended).toMatchObject({ id, status: 'cancelled', error: { code: 'training_cancelled' } })
    const lines: string[] = []
    for await (const line of trainingRecords(world.platform).runLog(id)) lines.push(line)
    expect(lines.at(-1)).toMatch(/cancelled$/)
  })
})

describe('a run whose process is gone', () => {
  it('is cancelled in the record alone', async () => {
    const run = await unfinishedRun()
    await leave(run.id, 'command', 120_000)
    expect(await cancelRun(world.platform, run.id)).toMatchObject({ status: 'cancelled' })
    expect(await statusOf(run)).toBe('cancelled')
    const again = await cancelRun(world.platform, run.id).catch((error: unknown) => error)
    expect(isNoonmarkError(again) && again.code).toBe('run_ended')
  })

  it('is recorded as failed: at once where it was the worker, else when its lease has run out', async () => {
    const [ofWorker, ofCommand, forgotten] = [await unfinishedRun(), await unfinishedRun(), await unfinishedRun()]
    await leave(ofWorker.id, 'worker', 1_000)
    await leave(ofCommand.id, 'command', 1_000)
    await leave(forgotten.id, 'command', 120_000)
    expect(await endLostRuns(world.platform, false)).toEqual([forgotten.id])
    // As it would be if the clock had been set back by three hours since.
    const ahead = await unfinishedRun()
    await leave(ahead.id, 'command', -3 * 3_600_000)
    expect(await endLostRuns(world.platform, false)).toEqual([ahead.id])
    expect(await statusOf(ofCommand)).toBe('training')
    expect(await endLostRuns(world.platform, true)).toEqual([ofWorker.id])
    expect(await world.platform.registry.run(ofWorker.id)).toMatchObject({
      status: 'failed',
      error: { code: 'run_lost' },
    })
    expect(await statusOf(ofCommand)).toBe('training')
  })

  it('has a log that ends', async () => {
    const run = await unfinishedRun()
    const lines: string[] = []
    for await (const line of trainingRecords(world.platform).runLog(run.id)) lines.push(line)
    expect(lines).toEqual(['training: this run writes no log'])
  })
})
