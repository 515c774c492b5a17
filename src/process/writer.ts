import { basename, join } from 'node:path'
import type { ReplayClock } from '../clock.ts'
import { isNoonmarkError } from '../errors.ts'
import { readBundle } from '../materialize/index.ts'
import { openWriter, type WriterMethods } from '../platform/writing.ts'
import type { Platform } from '../platform.ts'
import { listen } from './channel.ts'
import { every, refreshMs } from './every.ts'
import type { RoleVoice } from './role-voice.ts'

/** How often the worker is asked for, while there is something to fill. */
const wakeEveryMs = 2_000

/**
 * Starts the writer role: the stream log and the online state. What history makes of the state comes from the worker; no table is
 * ever read here. Returns what ends it.
 */
export async function startWriter(platform: Platform, { log, tell }: RoleVoice): Promise<() => Promise<void>> {
  const told = new Map<string, string>()
  const open = await openWriter(platform, (error, source) => {
    const line = `source ${source}: ${error instanceof Error ? error.message : String(error)}`
    // What goes on failing is said once.
    if (told.get(source) !== line) log(line)
    told.set(source, line)
    // The next writer begins anew; what was acknowledged is in the log.
    if (isNoonmarkError(error) && error.code === 'state_damaged') process.exit(1)
  })
  const { writer } = open
  const methods: WriterMethods = {
    ingest: ({ source, events, backfill }) => writer.ingest(source, events, backfill === undefined ? {} : { backfill }),
    waitFor: ({ position, timeoutMs }) => writer.waitFor(position, timeoutMs),
    async advanceClock({ toMs }) {
      const clock = platform.clock as ReplayClock // the route exists on a replay clock only
      clock.advance(toMs)
      await writer.advance()
      // Told before anybody hears of the answer, so that no role that starts again stands further back.
      await tell({ clockMs: clock.now() })
      return clock.now()
    },
    async fill({ file }) {
      // What is filled is declared by what is applied now; this process may not have looked since.
      await open.refresh()
      return writer.fill(await readBundle(join(platform.layout.temporary, basename(file))))
    },
    status: async () => ({
      nowMs: platform.clock.now(),
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
  let wokenAtMs = Number.NEGATIVE_INFINITY
  /** What is not filled is the worker's to fill, which may rest. */
  const wakeWorker = async (): Promise<void> => {
    const waiting = Object.keys(writer.frontiers.all).some((source) => writer.unfilled(source).length > 0)
    if (!waiting || performance.now() < wokenAtMs + wakeEveryMs) return
    wokenAtMs = performance.now()
    await tell({ wake: 'worker' })
  }
  const stopLooking = every(refreshMs, async () => {
    if (await open.refresh()) wokenAtMs = Number.NEGATIVE_INFINITY
    await wakeWorker()
  })
  await wakeWorker()
  await tell({ ready: true, detail: {} })
  return async () => {
    stopLooking()
    unsubscribe()
    await server.close()
    await open.close()
  }
}
