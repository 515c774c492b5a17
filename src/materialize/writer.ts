import type { Clock } from '../clock.ts'
import type { Manifest, ResolvedFeature, SourceSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import {
  createFrontiers,
  entityGroups,
  type FrontierListener,
  type Frontiers,
  type OnlineStore,
  stateKeys,
} from '../online/index.ts'
import { parsePosition, type StreamLog } from '../stream/index.ts'
import type { Instant } from '../values/index.ts'
import type { FillProgress, FillStart, HistoryBundle } from './history-bundle.ts'
import { type IngestResult, type SourceCounts, SourceWriter } from './source-writer.ts'

/** What a writer is opened with. */
export interface WriterOptions {
  readonly project: string
  readonly manifest: Pick<Manifest, 'sources' | 'featureViews'>
  readonly online: OnlineStore
  readonly log: StreamLog
  readonly clock: Clock
  /** Told of each failure; the work is tried again. */
  readonly onError?: (error: unknown, source: string) => void
}

/**
 * The only writer of a project's online state: it takes events into the log, applies the log to the state and publishes the
 * frontier of each source. Begun anew, it goes on where the stored positions say.
 */
export interface Writer {
  readonly project: string
  readonly frontiers: Frontiers

  /**
   * Takes events of a source: all of them are durable when it resolves, or none is kept.
   * @throws row_invalid, instant_invalid, key_invalid, event_conflict, event_too_old naming `events[i].field`;
   * log_unavailable; not_found for a source that is not declared
   */
  ingest(source: string, events: readonly unknown[], options?: { readonly backfill?: boolean }): Promise<IngestResult>

  /**
   * Waits until reads see the rows up to a position: true, or false when the time is over.
   * @throws position_invalid
   */
  waitFor(position: string, timeoutMs: number): Promise<boolean>

  /** Calls back after each publication of a frontier; returns what ends it. */
  onFrontier(listener: FrontierListener): () => void

  /** Moves every frontier up to the clock: call it when a replay clock was advanced. */
  advance(): Promise<void>

  /** The digests of features that are declared and not filled. */
  unfilled(source: string): string[]

  /** What is recorded of the cutover of a source; null before its first materialization and without history. */
  cutover(source: string): Instant | null

  /** Counts since the writer was opened, by source. */
  counts(): Readonly<Record<string, SourceCounts>>

  /** A source as whoever folds its history must see it. */
  fillStart(source: string): Promise<FillStart>

  /**
   * Takes what the history of a source makes of its state, and goes through the log: what the bundle has is filled then.
   * @throws fill_outdated where the state is not what the bundle was computed for any more
   */
  fill(bundle: HistoryBundle, onProgress?: FillProgress): Promise<{ readonly logRows: number }>

  /** Takes up another manifest: what is no longer declared is dropped, what is new is `unavailable` until it is filled. */
  use(manifest: WriterOptions['manifest']): Promise<void>

  /** Ends the work under way. Stores stay open: they are not the writer's. */
  close(): Promise<void>
}

/** How often an idle writer looks at the clock, so that frontiers stay within 50 ms of it. */
const tickMs = 20
/** The same while someone waits for a position. */
const hurriedTickMs = 1
/** How far the frontier that is kept may lie behind, on the clock of the machine: keeping each would be most of what an idle writer does. */
const keptFrontierLagMs = 1_000
/** For how long a source is left alone after a failure. */
const pauseMs = 1_000

/** Opens the writer of a project. There must be no other. */
export async function createWriter(options: WriterOptions): Promise<Writer> {
  const { project, online, log, clock, onError = () => undefined } = options
  const keys = stateKeys(project)
  const frontiers = createFrontiers()
  // A replay clock stands until it is advanced, and then what was reached is what a restart must find.
  const frontierLagMs = clock.replay ? 0 : keptFrontierLagMs
  let writers = new Map<string, SourceWriter>()
  let closed = false
  const failedAt = new Map<string, number>()

  const open = async (manifest: WriterOptions['manifest']) => {
    const opened = new Map<string, SourceWriter>()
    for (const source of Object.values(manifest.sources)) {
      const groups = entityGroups(featuresOf(manifest, source), keys)
      const writer = new SourceWriter({ project, source, groups, keys, online, log, frontiers, frontierLagMs })
      await writer.open()
      opened.set(source.name, writer)
    }
    writers = opened
  }
  const writerOf = (source: string): SourceWriter => {
    const writer = writers.get(source)
    if (writer !== undefined) return writer
    throw noonmarkError('not_found', {
      message: `There is no source '${source}'.`,
      hint: `Declared are ${[...writers.keys()].join(', ')}.`,
      path: 'source',
    })
  }
  const pump = async (writer: SourceWriter) => {
    const { name } = writer.source
    try {
      await writer.pump()
      failedAt.delete(name)
    } catch (error) {
      failedAt.set(name, performance.now())
      onError(error, name)
    }
  }

  const busy = new Set<string>()
  const tick = () => {
    for (const [source, writer] of writers) {
      // A replay clock that stands has nothing to say: rows wake the writer themselves.
      const still = clock.replay && frontiers.get(source) === clock.now() && !failedAt.has(source)
      const paused = performance.now() - (failedAt.get(source) ?? Number.NEGATIVE_INFINITY) < pauseMs
      if (still || paused || busy.has(source)) continue
      busy.add(source)
      pump(writer).finally(() => busy.delete(source))
    }
    if (!closed) timer = setTimeout(tick, frontiers.waiting > 0 ? hurriedTickMs : tickMs)
  }
  /** Resolves when the writers of the manifest are open; calls made meanwhile wait. */
  let opening = open(options.manifest)
  await opening
  await Promise.all([...writers.values()].map(pump))
  let timer = setTimeout(tick, tickMs)

  return {
    project,
    frontiers,
    async ingest(source, events, ingestOptions) {
      await opening
      const writer = writerOf(source)
      const result = await writer.ingest(events, ingestOptions)
      pump(writer)
      return result
    },
    async waitFor(position, timeoutMs) {
      await opening
      const { source, receivedMs, project: other } = parsePosition(position)
      if (other !== project || !writers.has(source)) {
        throw noonmarkError('position_invalid', {
          message: 'The position is one of another log.',
          path: 'min_position',
        })
      }
      pump(writerOf(source))
      const reached = frontiers.waitBeyond(source, receivedMs, timeoutMs)
      if (frontiers.waiting > 0 && !closed) {
        clearTimeout(timer)
        timer = setTimeout(tick, hurriedTickMs)
      }
      return reached
    },
    onFrontier: (listener) => frontiers.subscribe(listener),
    async advance() {
      await opening
      await Promise.all([...writers.values()].map(pump))
    },
    unfilled: (source) => writerOf(source).unfilled,
    cutover: (source) => writerOf(source).state.cutoverMs,
    counts: () => Object.fromEntries([...writers].map(([source, { counts }]) => [source, { ...counts }])),
    async fillStart(name) {
      await opening
      const { source, groups } = writerOf(name)
      return { project, source, groups, keys, online, log }
    },
    async fill(bundle, onProgress = () => undefined) {
      await opening
      return writerOf(bundle.about.source).fill(bundle, onProgress)
    },
    async use(manifest) {
      const before = opening
      opening = (async () => {
        await before.catch(() => undefined)
        // One source has one writer: the last one ends before the next one reads where it stood.
        await Promise.all([...writers.values()].map((writer) => writer.retire()))
        await open(manifest)
      })()
      await opening
      await Promise.all([...writers.values()].map(pump))
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await Promise.all([...writers.values()].map((writer) => writer.retire()))
    },
  }
}

/** The features of a source, each with all that computes it. */
export function featuresOf({ featureViews }: WriterOptions['manifest'], source: SourceSpec): ResolvedFeature[] {
  return Object.values(featureViews)
    .filter((view) => view.source === source.name)
    .flatMap((view) => view.features.map((feature) => ({ feature, view, source })))
}
