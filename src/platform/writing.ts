import { isNoonmarkError } from '../errors.ts'
import { createWriter, type IngestResult, type Writer } from '../materialize/index.ts'
import { currentManifest, emptyManifest } from '../plan/index.ts'
import type { Platform } from '../platform.ts'
import type { Instant } from '../values/index.ts'

/** The writer of a project's folder with its stores open. */
export interface OpenWriter {
  readonly writer: Writer
  /** Takes up what is applied now; true where that is something new. */
  refresh(): Promise<boolean>
  close(): Promise<void>
}

/**
 * Opens the one writer of a folder: its stream log and its online state.
 * @throws folder_locked another process writes there
 */
export async function openWriter(
  platform: Platform,
  onError?: (error: unknown, source: string) => void,
): Promise<OpenWriter> {
  const { stores, metadata, blobs, project, clock } = platform
  // The manifest is read first: where it cannot be, nothing is left open.
  const read = async () => {
    const applied = await currentManifest(metadata, blobs, project)
    return { revision: applied?.revision ?? 0, manifest: applied?.manifest ?? emptyManifest(project) }
  }
  let current = await read()
  const log = await stores.openLog()
  const online = await stores.openOnline().catch(async (error: unknown) => {
    await log.close()
    throw error
  })
  const giveUpDamaged = (error: unknown): void => {
    if (isNoonmarkError(error) && error.code === 'state_damaged')
      stores.condemnOnline?.(error.message.replace(/\.$/, ''))
  }
  const writer = await createWriter({
    project,
    manifest: current.manifest,
    online,
    log,
    clock,
    onError(error, source) {
      giveUpDamaged(error)
      onError?.(error, source)
    },
  }).catch(async (error: unknown) => {
    giveUpDamaged(error)
    await log.close()
    await online.close()
    throw error
  })
  return {
    writer,
    async refresh() {
      const next = await read()
      if (next.revision === current.revision) return false
      current = next
      await writer.use(next.manifest)
      return true
    },
    async close() {
      await writer.close()
      await log.close()
      await online.close()
    },
  }
}

/** What the writer process answers over its socket. */
export interface WriterMethods {
  readonly ingest: (input: {
    readonly source: string
    readonly events: readonly unknown[]
    readonly backfill?: boolean
  }) => Promise<IngestResult>
  readonly waitFor: (input: { readonly position: string; readonly timeoutMs: number }) => Promise<boolean>
  readonly advanceClock: (input: { readonly toMs: number }) => Promise<number>
  /** Takes what the history of a source makes of its state, from a file of the folder for temporary ones. @throws fill_outdated */
  readonly fill: (input: { readonly file: string }) => Promise<{ readonly logRows: number }>
  readonly status: (input: null) => Promise<WriterStatus>
}

/** How the writer fares. */
export interface WriterStatus {
  /** What time it is for the writer. */
  readonly nowMs: Instant
  readonly frontiers: Readonly<Record<string, number>>
  readonly unfilled: Readonly<Record<string, number>>
  readonly counts: ReturnType<Writer['counts']>
}
