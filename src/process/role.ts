/** The entry of every role process: `node role.js <role> <settings as JSON>`. */

import { errorBody, isNoonmarkError } from '../errors.ts'
import { startServing } from '../platform/serving.ts'
import { openPlatform, type Platform } from '../platform.ts'
import { every, refreshMs } from './every.ts'
import { hopelessExitCode, type Role, type RoleMessage, type RoleSettings } from './supervisor.ts'
import { startWorker } from './worker.ts'
import { startWriter } from './writer.ts'

const [role, settingsText] = process.argv.slice(2)
const settings: RoleSettings = JSON.parse(settingsText ?? 'null')

/** What will not mend itself by starting again. */
const fatal = [
  'port_in_use',
  'host_not_loopback',
  'folder_locked',
  'store_newer',
  'store_damaged',
  'store_missing',
  // Of the folder as a whole: damage to the log of one source never stops a role.
  'segment_damaged',
  'project_not_applied',
]

const log = (line: string): void => console.log(line)
/** Tells the supervisor; resolves when it will hear of it, whatever becomes of this process. */
const tell = (message: RoleMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })

try {
  const platform = await openPlatform({
    rootDir: settings.rootDir,
    project: settings.project,
    ...(settings.clockMs === null ? {} : { clockMs: settings.clockMs }),
  })
  let stop: (() => Promise<void>) | null = null
  let stopping = false
  const end = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    // One that is still starting has nothing to bring to an end that `kill -9` would not leave whole, too.
    if (stop === null) process.exit(0)
    await stop().catch((error: unknown) => console.error(error))
    await platform.close()
    process.exit(0)
  }
  process.on('SIGTERM', end)
  // Ctrl-C reaches the whole group; the supervisor decides in which order roles end.
  process.on('SIGINT', () => {})
  process.on('disconnect', end)
  if (process.connected === false) await end()
  stop = await start(role as Role, platform) // the supervisor starts roles only
} catch (error) {
  const { code, message, hint } = errorBody(error).error
  console.error(isNoonmarkError(error) ? `${message} ${hint} (${code})` : error)
  if (!isNoonmarkError(error) || !fatal.includes(error.code)) process.exit(1)
  await tell({ fatal: errorBody(error).error })
  process.exit(hopelessExitCode)
}

async function start(name: Role, platform: Platform): Promise<() => Promise<void>> {
  switch (name) {
    case 'writer':
      return startWriter(platform, { log, tell })
    case 'worker':
      return startWorker(platform, { log, tell })
    case 'serve':
      return startServe(platform)
  }
}

async function startServe(platform: Platform): Promise<() => Promise<void>> {
  const serving = await startServing(platform, { host: settings.host, port: settings.port, log })
  const refresh = every(refreshMs, () => serving.refresh())
  await tell({ ready: true, detail: { url: serving.url } })
  return async () => {
    refresh()
    await serving.close()
  }
}
