import { noonmarkError } from '../errors.ts'
import { defineRecord } from '../metadata/index.ts'
import type { Platform } from '../platform.ts'
import { hasEnded, type Run, type RunProgress } from '../registry/index.ts'

/** Which kind of process trains: one that is started again, or a command that ends with its terminal. */
export type LeaseOwner = 'worker' | 'command'

/** The claim of a process on a run: who trains it is alive, how far it is, and whether somebody asked it to end. */
export interface RunLease {
  readonly owner: LeaseOwner
  /** The machine's time, also on a replay clock: that one may stand still for hours. */
  readonly aliveAtMs: number
  readonly progress: RunProgress | null
  readonly cancelled: boolean
}

/** Leases by the id of the run, for as long as it is trained. */
export const runLeaseRecord = defineRecord<RunLease>({ kind: 'run_lease', version: 1, indexes: [] })

/** A process that has not renewed its lease for so long is gone. */
const leaseMs = 60_000
/** How often a process looks whether its run is still wanted. */
const lookMs = 500
/** How often it says so where nothing else is new. */
const renewMs = 5_000

/** A lease that this process holds. */
export interface HeldLease {
  progress(progress: RunProgress): void
  release(): Promise<void>
}

/** Claims a run for this process; `onCancel` is called once when somebody asks the run to end. */
export async function holdLease(
  { metadata, project }: Platform,
  run: string,
  owner: LeaseOwner,
  onCancel: () => void,
): Promise<HeldLease> {
  const key = { project, id: run }
  let progress: RunProgress | null = null
  let written: RunProgress | null = null
  let writtenAtMs = Date.now()
  let released = false
  await metadata.write([
    (transaction) =>
      transaction.put(runLeaseRecord, { ...key, body: { owner, aliveAtMs: writtenAtMs, progress, cancelled: false } }),
  ])
  const look = async (): Promise<void> => {
    const now = Date.now()
    const lease = await metadata.get(runLeaseRecord, key)
    if (released) return
    if (lease?.body.cancelled === true) onCancel()
    // A clock that was set back must not keep it from saying so.
    if (progress === written && Math.abs(now - writtenAtMs) < renewMs) return
    await metadata.transaction(async (transaction) => {
      const { body } = (await transaction.get(runLeaseRecord, key)) ?? {}
      if (released || body === undefined) return
      await transaction.put(runLeaseRecord, { ...key, body: { ...body, aliveAtMs: now, progress } })
    })
    written = progress
    writtenAtMs = now
  }
  let timer: NodeJS.Timeout
  const turn = (): void => {
    timer = setTimeout(() => {
      // A store that is busy now is asked again in a moment.
      look()
        .catch(() => undefined)
        .finally(() => {
          if (!released) turn()
        })
    }, lookMs)
    timer.unref()
  }
  turn()
  return {
    progress(now) {
      progress = now
    },
    async release() {
      released = true
      clearTimeout(timer)
      await metadata.write([(transaction) => transaction.delete(runLeaseRecord, key)])
    },
  }
}

/** Whether a lease was renewed lately. One that lies ahead is of a time before the clock was set back: who lives has renewed it. */
const isAlive = ({ aliveAtMs }: RunLease): boolean => Math.abs(Date.now() - aliveAtMs) < leaseMs

/** The lease of a run whose process is alive; null without one. */
export async function leaseOf({ metadata, project }: Platform, run: string): Promise<RunLease | null> {
  const lease = (await metadata.get(runLeaseRecord, { project, id: run }))?.body ?? null
  return lease !== null && isAlive(lease) ? lease : null
}

/**
 * Asks a run to end, whichever process trains it. One whose process is gone is recorded as cancelled here.
 * @throws not_found, run_ended
 */
export async function cancelRun(platform: Platform, id: string): Promise<Run> {
  const { metadata, project, registry } = platform
  const run = await registry.run(id)
  if (hasEnded(run))
    throw noonmarkError('run_ended', { message: `Run ${run.id} has ended: ${run.status}.`, path: 'run' })
  const asked = await metadata.transaction(async (transaction) => {
    const lease = await transaction.get(runLeaseRecord, { project, id: run.id })
    if (lease === null || !isAlive(lease.body)) return false
    await transaction.put(runLeaseRecord, { project, id: run.id, body: { ...lease.body, cancelled: true } })
    return true
  })
  if (!asked) {
    await end(platform, run, 'cancelled', 'training_cancelled')
    return registry.run(run.id)
  }
  for (let looks = 0; looks < 20; looks++) {
    const now = await registry.run(run.id)
    if (hasEnded(now)) return now
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
  // It is at something that cannot be interrupted, and will end after it.
  return registry.run(run.id)
}

/**
 * Records runs as failed whose process is gone. A worker that starts knows that no other worker is alive, whatever their leases say.
 * Returns the ids.
 */
export async function endLostRuns(platform: Platform, atStart: boolean): Promise<readonly string[]> {
  const { metadata, project, registry } = platform
  const { records } = await metadata.list(runLeaseRecord, { project })
  const lost: string[] = []
  for (const { id, body } of records) {
    if (!(atStart && body.owner === 'worker') && isAlive(body)) continue
    const run = await registry.run(id).catch(() => null)
    if (run !== null && !hasEnded(run)) {
      await end(platform, run, 'failed', 'run_lost')
      lost.push(id)
    } else await metadata.write([(transaction) => transaction.delete(runLeaseRecord, { project, id })])
  }
  return lost
}

/** Whether there are runs for `endLostRuns`. */
export async function hasLostRuns({ metadata, project }: Platform, atStart: boolean): Promise<boolean> {
  const { records } = await metadata.list(runLeaseRecord, { project })
  return records.some(({ body }) => (atStart && body.owner === 'worker') || !isAlive(body))
}

async function end(
  { metadata, project, registry, clock }: Platform,
  run: Run,
  status: 'cancelled' | 'failed',
  code: 'training_cancelled' | 'run_lost',
): Promise<void> {
  const { message, hint } = noonmarkError(code)
  await registry.saveRun({ ...run, status, error: { code, message, hint }, finishedAtMs: clock.now() })
  await metadata.write([(transaction) => transaction.delete(runLeaseRecord, { project, id: run.id })])
}
