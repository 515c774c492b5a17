/** The entry of every role process: `node role.js <role> <settings as JSON>`. */

import type { ReplayClock } from '../clock.ts'
import { errorBody, isNoonmarkError } from '../errors.ts'
import { fillDeclared } from '../platform/filling.ts'
import { startServing } from '../platform/serving.ts'
import { openWriter, type WriterMethods } from '../platform/writing.ts'
import { openPlatform, type Platform } from '../platform.ts'
import { listen } from './channel.ts'
import {
  hopelessExitCode,
  type Role,
  type RoleMessage,
  type RoleOrder,
  type RoleReady,
  type RoleSettings,
} from './supervisor.ts'
import { startWorker } from './worker.ts'

/** How often a role looks whether something else is applied. */
const refreshMs = 250
/** When a history that could not be read is tried again: its file may be mended by then. */
const refillMs = 30_000

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
const ready = (detail: RoleReady['detail']): Promise<void> => tell({ ready: true, detail })

try {
  const platform = await openPlatform({
    rootDir: settings.rootDir,
    project: settings.project,
    ...(settings.clockMs === null ? {} : { clockMs: settings.clockMs }),
  })
  const stop = await start(role as Role, platform) // the supervisor starts roles only
  let stopping = false
  const end = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    await stop().catch((error: unknown) => console.error(error))
    await platform.close()
    process.exit(0)
  }
  process.on('SIGTERM', end)
  // Ctrl-C reaches the whole group; the supervisor decides in which order roles end.
  process.on('SIGINT', () => {})
  process.on('disconnect', end)
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
      return startWriter(platform)
    case 'worker': {
      const stop = await startWorker(platform, log)
      await ready({})
      return stop
    }
    case 'serve':
      return startServe(platform)
  }
}

async function startWriter(platform: Platform): Promise<() => Promise<void>> {
  const open = await openWriter(platform, (error, source) =>
    log(`source ${source}: ${error instanceof Error ? error.message : String(error)}`),
  )
  const { writer } = open
  const methods: WriterMethods = {
    ingest: ({ source, events, backfill }) => writer.ingest(source, events, backfill === undefined ? {} : { backfill }),
    waitFor: ({ position, timeoutMs }) => writer.waitFor(position, timeoutMs),
    async advanceClock({ toMs }) {
      const clock = platform.clock as ReplayClock // the route exists on a replay clock only
      if (toMs > clock.now()) clock.advance(toMs)
      await writer.advance()
      // Told before anybody hears of the answer, so that no role that starts again stands further back.
      await tell({ clockMs: clock.now() })
      return clock.now()
    },
    status: async () => ({
      frontiers: { ...writer.frontiers.all },
      unfilled: Object.fromEntries(
        Object.keys(writer.frontiers.all).map((source) => [source, writer.unfilled(source).length]),
      ),
      counts: writer.counts(),
    }),
  }
  const server = await listen(platform.layout.writerSocket, methods as never, () => [
    ['frontiers', { ...writer.frontiers.all }],
  ])
  let changed: Record<string, number> | null = null
  const unsubscribe = writer.onFrontier((source, frontierMs) => {
    // Frontiers of many sources move in one turn; readers hear of them together.
    if (changed === null) {
      changed = {}
      queueMicrotask(() => {
        server.announce('frontiers', changed)
        changed = null
      })
    }
    changed[source] = frontierMs
  })
  let refillAtMs = Number.POSITIVE_INFINITY
  const said = new Map<string, string>()
  const fill = async (): Promise<void> => {
    refillAtMs = Number.POSITIVE_INFINITY
    const onProgress = (label: string, done: number, total: number) => {
      if (done === total) log(label)
    }
    // One history that cannot be read stops neither events nor other sources; its features stay unavailable.
    await fillDeclared(platform, open, onProgress, undefined, (source, error) => {
      refillAtMs = performance.now() + refillMs
      const { message, hint, code } = errorBody(error).error
      const line = `source ${source}: its features cannot be filled: ${message} ${hint} (${code})`
      if (said.get(source) !== line) log(line)
      said.set(source, line)
    })
  }
  const refresh = every(refreshMs, async () => {
    if ((await open.refresh()) || performance.now() >= refillAtMs) await fill()
  })
  await fill()
  await ready({})
  return async () => {
    refresh()
    unsubscribe()
    await server.close()
    await open.close()
  }
}

async function startServe(platform: Platform): Promise<() => Promise<void>> {
  const serving = await startServing(platform, { host: settings.host, port: settings.port, log })
  const refresh = every(refreshMs, () => serving.refresh())
  await ready({ url: serving.url })
  return async () => {
    refresh()
    await serving.close()
  }
}

/** Repeats work with a pause between, and at once where something else is applied; returns what ends it. */
function every(pauseMs: number, work: () => Promise<void>): () => void {
  let ended = false
  let working = false
  let again = false
  let complaint = ''
  let timer: NodeJS.Timeout | undefined
  const turn = async (): Promise<void> => {
    if (ended) return
    working = true
    again = false
    await work().then(
      () => {
        complaint = ''
      },
      (error: unknown) => {
        // What goes on failing is said once.
        if (String(error) !== complaint) console.error(error)
        complaint = String(error)
      },
    )
    working = false
    if (!ended) timer = setTimeout(turn, again ? 0 : pauseMs)
  }
  const hurry = (order: unknown): void => {
    if (order !== ('applied' satisfies RoleOrder)) return
    again = true
    if (working) return
    clearTimeout(timer)
    turn()
  }
  process.on('message', hurry)
  timer = setTimeout(turn, pauseMs)
  return () => {
    ended = true
    clearTimeout(timer)
    process.off('message', hurry)
  }
}
