import type { ReplayClock } from '../clock.ts'
import { errorBody, isNoonmarkError } from '../errors.ts'
import { currentManifest } from '../plan/index.ts'
import { fillDeclared, removeBundles, writerBySocket } from '../platform/filling.ts'
import type { WriterStatus } from '../platform/writing.ts'
import type { Platform } from '../platform.ts'
import { dial } from './channel.ts'
import { every, refreshMs } from './every.ts'

/** When a history that could not be read is tried again: its file may be mended by then. */
const refillMs = 30_000
/** The same where the writer was in the way: it is back in a moment. */
const retryMs = 500
/** How long the writer may take to say what time it is. */
const statusDeadlineMs = 5_000
const passing = ['writer_unavailable', 'fill_outdated']

/** Filling as the worker does it. */
export interface Filling {
  /** Resolves when everything declared was filled or tried once. */
  readonly first: Promise<void>
  /** Whether work is under way, or will be tried again. */
  readonly busy: boolean
  close(): Promise<void>
}

/** Fills what is declared and not filled, now and whenever something else is applied, by handing bundles to the writer. */
export async function startFilling(platform: Platform, log: (line: string) => void): Promise<Filling> {
  const { layout, metadata, blobs, project, clock } = platform
  await removeBundles(layout)
  const online = await platform.stores.openOnlineReader()
  const writer = dial(layout.writerSocket, { peer: 'writer' })
  const target = writerBySocket(platform, online, writer)
  const { promise: first, resolve: triedOnce } = Promise.withResolvers<void>()
  const said = new Map<string, string>()
  let revision: number | null = null
  let againAtMs = 0
  let working: Promise<void> | null = null

  const onFailure = (source: string, error: unknown): void => {
    const { message, hint, code } = errorBody(error).error
    if (passing.includes(code)) {
      againAtMs = Math.min(againAtMs, performance.now() + retryMs)
      return
    }
    againAtMs = Math.min(againAtMs, performance.now() + refillMs)
    const line = `source ${source}: its features cannot be filled: ${message} ${hint} (${code})`
    if (said.get(source) !== line) log(line)
    said.set(source, line)
  }
  /** One history that cannot be read stops neither events nor other sources; its features stay unavailable. */
  const fill = async (): Promise<void> => {
    againAtMs = Number.POSITIVE_INFINITY
    try {
      const { nowMs } = (await writer.call('status', null, { deadlineMs: statusDeadlineMs })) as WriterStatus // our writer's answer
      // On a replay clock it is as late here as it is for the writer: the cutover is its instant.
      if (clock.replay && nowMs > clock.now()) (clock as ReplayClock).advance(nowMs)
      await fillDeclared(platform, target, {
        onProgress: (label, done, total) => {
          if (done === total) log(label)
        },
        onFailure,
      })
    } catch (error) {
      if (!isNoonmarkError(error) || !passing.includes(error.code)) throw error
      againAtMs = performance.now() + retryMs
      return
    }
    triedOnce()
  }
  const look = async (): Promise<void> => {
    if (working !== null) return
    const applied = await currentManifest(metadata, blobs, project)
    const now = applied?.revision ?? 0
    if (now === revision && performance.now() < againAtMs) return
    revision = now
    working = fill()
    await working.finally(() => {
      working = null
    })
  }
  const stop = every(refreshMs, look)
  // The first look is not put off.
  look().catch((error: unknown) => log(String(error)))
  return {
    first,
    get busy() {
      return working !== null || againAtMs < Number.POSITIVE_INFINITY
    },
    async close() {
      stop()
      writer.close()
      await working?.catch(() => undefined)
      await online.close()
    },
  }
}
