/** The entry of every role process: `node role.js <role>`. Its supervisor sends it its settings when it is to begin. */

import { flushCompileCache } from 'node:module'
import { errorBody, isNoonmarkError } from '../errors.ts'
import { openPlatform, type Platform } from '../platform.ts'
import { hopelessExitCode, type Role, type RoleMessage, type RoleSettings } from './supervisor.ts'

/** What each role is made of: no other process loads it. */
const roles = {
  serve: async () => (await import('./serve.ts')).startServe,
  writer: async () => (await import('./writer.ts')).startWriter,
  worker: async () => (await import('./worker.ts')).startWorker,
} as const

const role = process.argv[2] as Role // the supervisor starts roles only

/** What will not mend itself by starting again. */
const fatal = [
  'port_in_use',
  'host_not_loopback',
  'folder_locked',
  'store_newer',
  'store_damaged',
  'store_missing',
  'project_not_applied',
  // Without a log of predictions nothing should be answered. A writer that finds its own log damaged costs events only.
  ...(role === 'serve' ? ['segment_damaged'] : []),
]

const log = (line: string): void => console.log(line)
/** Tells the supervisor; resolves when it will hear of it, whatever becomes of this process. */
const tell = (message: RoleMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })

try {
  let platform: Platform | null = null
  let stop: (() => Promise<void>) | null = null
  let stopping = false
  const end = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    // One that is still starting has nothing to bring to an end that `kill -9` would not leave whole, too.
    if (stop === null) process.exit(0)
    await stop().catch((error: unknown) => console.error(error))
    await platform?.close()
    process.exit(0)
  }
  process.on('SIGTERM', end)
  // Ctrl-C reaches the whole group; the supervisor decides in which order roles end.
  process.on('SIGINT', () => {})
  process.on('disconnect', end)
  if (process.connected === false) await end()
  const told = new Promise<RoleSettings>((resolve) => process.once('message', resolve))
  // All that takes time before it is known what for; one that stands ready waits behind it.
  const start = await roles[role]()
  const settings = await told
  platform = await openPlatform({
    rootDir: settings.rootDir,
    project: settings.project,
    ...(settings.clockMs === null ? {} : { clockMs: settings.clockMs }),
  })
  const rest = async (): Promise<void> => {
    await tell({ rests: true })
    await end()
  }
  stop = await start(platform, { log, tell, rest }, settings)
  // Else it is kept at the end of the process only, and one that is killed has none.
  flushCompileCache?.()
} catch (error) {
  const { code, message, hint } = errorBody(error).error
  console.error(isNoonmarkError(error) ? `${message} ${hint} (${code})` : error)
  if (!isNoonmarkError(error) || !fatal.includes(error.code)) process.exit(1)
  await tell({ fatal: errorBody(error).error })
  process.exit(hopelessExitCode)
}
