import { setTimeout as pause } from 'node:timers/promises'
import type { ReplayClock } from '../clock.ts'
import { isNoonmarkError } from '../errors.ts'
import { openWorker } from '../platform/operations.ts'
import type { Platform } from '../platform.ts'
import { type FolderLock, lockFolder } from '../segment/index.ts'
import { listen } from './channel.ts'
import { startFilling } from './filling.ts'
import type { RoleVoice } from './role-voice.ts'
import type { WorkerCall } from './worker-channel.ts'

/** How often the worker looks for runs whose process is gone. */
const sweepMs = 30_000
/** How often it looks whether there is something new to measure. */
const lookoutMs = 30_000
/** For how long it is left alone after a failure: it may have cost as much as a report. */
const restMs = 180_000
/** After so long without anything to do the process ends, and its memory is free. */
const restAfterMs = 20_000
/** How long work may take to hear that the worker ends. */
const closeMs = 5_000
const lockPauseMs = 250

/**
 * Starts the worker role: DuckDB work and every change of metadata that a server is asked for, and filling features from history.
 * Returns what ends it.
 */
export async function startWorker(platform: Platform, { log, tell, rest }: RoleVoice): Promise<() => Promise<void>> {
  const lock = await lockPatiently(platform.layout.worker)
  const worker = openWorker(platform)
  const sweep = async (atStart: boolean): Promise<void> => {
    for (const run of await worker.endLostRuns(atStart)) log(`run ${run} lost its process and is recorded as failed`)
  }
  await sweep(true)
  const timer = setInterval(() => {
    sweep(false).catch((error: unknown) => log(String(error)))
  }, sweepMs)
  let asking = 0
  let measuring = false
  let complaint: string | null = null
  let restUntilMs = 0
  const measure = async (): Promise<void> => {
    if (measuring || performance.now() < restUntilMs) return
    measuring = true
    const failure = await worker.measureNewData().catch(String)
    // What goes on failing is said once.
    if (failure !== null && failure !== complaint) log(`the monitors cannot be measured: ${failure}`)
    complaint = failure
    if (failure !== null) restUntilMs = performance.now() + restMs
    measuring = false
  }
  const lookout = setInterval(measure, lookoutMs)
  const server = await listen(platform.layout.workerSocket, {
    async work({ method, input, nowMs }: WorkerCall) {
      const { clock } = platform
      // On a replay clock it is as late here as it is for whoever asks.
      if (clock.replay && nowMs > clock.now()) (clock as ReplayClock).advance(nowMs) // replay says so
      asking++
      try {
        return await worker[method](input)
      } finally {
        asking--
      }
    },
  })
  const filling = await startFilling(platform, log)
  await filling.first
  await tell({ ready: true, detail: {} })
  // It may have been woken for this.
  measure()
  let busyAtMs = performance.now()
  const resting = setInterval(() => {
    if (asking > 0 || measuring || filling.busy || worker.busy) busyAtMs = performance.now()
    if (performance.now() - busyAtMs < restAfterMs) return
    clearInterval(resting)
    rest()
  }, 1_000)
  return async () => {
    clearInterval(resting)
    clearInterval(timer)
    clearInterval(lookout)
    await Promise.race([filling.close(), pause(closeMs)])
    await server.close()
    // What cannot be interrupted is given up: its run is recorded as lost when the next worker starts.
    await Promise.race([worker.close(), pause(closeMs)])
    lock.release()
  }
}

/** Another worker of the folder may still be ending. @throws folder_locked */
async function lockPatiently(folder: string): Promise<FolderLock> {
  for (let waitedMs = 0; ; waitedMs += lockPauseMs) {
    try {
      return await lockFolder(folder)
    } catch (error) {
      if (!isNoonmarkError(error) || error.code !== 'folder_locked' || waitedMs >= closeMs * 2) throw error
      await pause(lockPauseMs)
    }
  }
}
