import { isReportDue } from '../platform/monitor-reports.ts'
import { hasLostRuns } from '../platform/operations-lease.ts'
import { startServing } from '../platform/serving.ts'
import type { Platform } from '../platform.ts'
import { every, refreshMs } from './every.ts'
import type { RoleVoice } from './role-voice.ts'
import type { RoleSettings } from './supervisor.ts'

/** How often this process looks whether there is work for a worker that rests. */
const lookoutMs = 30_000

/** Starts the serve role: HTTP, lookups, models. Returns what ends it. */
export async function startServe(
  platform: Platform,
  { log, tell }: RoleVoice,
  { host, port }: RoleSettings,
): Promise<() => Promise<void>> {
  const wakeWorker = (): void => void tell({ wake: 'worker' })
  const serving = await startServing(platform, { host, port, log, wakeWorker })
  const refresh = every(refreshMs, () => serving.refresh())
  await tell({ ready: true, detail: { url: serving.url } })
  const lookOut = async (atStart: boolean): Promise<void> => {
    if ((await hasLostRuns(platform, atStart)) || (await isReportDue(platform))) wakeWorker()
  }
  const lookout = every(lookoutMs, () => lookOut(false))
  lookOut(true).catch((error: unknown) => log(String(error)))
  return async () => {
    refresh()
    lookout()
    await serving.close()
  }
}
