import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ulid } from 'ulid'
import type { Manifest, SourceSpec } from '../define/index.ts'
import { isNoonmarkError, noonmarkError, pathInFile } from '../errors.ts'
import {
  type FillProgress,
  type FillStart,
  featuresOf,
  foldHistory,
  type HistoryBundle,
  unfilledFeatures,
  type Writer,
  writeBundle,
} from '../materialize/index.ts'
import { entityGroups, type OnlineStore, stateKeys } from '../online/index.ts'
import type { Platform } from '../platform.ts'
import type { ChannelClient } from '../process/channel.ts'

/** Where the state of a source is seen, and who takes what its history makes of it. */
export interface FillTarget {
  start(manifest: Manifest, source: SourceSpec): Promise<FillStart>
  /** @throws fill_outdated, writer_unavailable */
  take(bundle: HistoryBundle, onProgress: FillProgress): Promise<void>
}

/** A writer of this process. */
export function writerHere(writer: Writer): FillTarget {
  return {
    start: (_manifest, source) => writer.fillStart(source.name),
    async take(bundle, onProgress) {
      await writer.fill(bundle, onProgress)
    },
  }
}

/** The writer of another process: it is handed the bundle in a file. */
export function writerBySocket(
  { project, layout, logReader }: Platform,
  online: Pick<OnlineStore, 'read'>,
  writer: Pick<ChannelClient, 'call'>,
): FillTarget {
  const keys = stateKeys(project)
  return {
    async start(manifest, source) {
      const groups = entityGroups(featuresOf(manifest, source), keys)
      return { project, source, groups, keys, online, log: logReader() }
    },
    async take(bundle) {
      await mkdir(layout.temporary, { recursive: true })
      const file = `${bundlePrefix}${ulid()}`
      const path = join(layout.temporary, file)
      try {
        await writeBundle(path, bundle)
        await writer.call('fill', { file })
      } finally {
        await rm(path, { force: true })
      }
    },
  }
}

const bundlePrefix = 'history-'

/** Removes bundles that a killed process left behind. */
export async function removeBundles({ temporary }: Platform['layout']): Promise<void> {
  const left = await readdir(temporary).catch(() => [])
  for (const name of left) if (name.startsWith(bundlePrefix)) await rm(join(temporary, name), { force: true })
}

/** What filling is told and asked. */
export interface FillOptions {
  readonly onProgress: (label: string, done: number, total: number) => void
  /** Only these sources. */
  readonly only?: readonly string[]
  /** Told of a source that cannot be filled; the others go on. Without it the error is thrown. */
  readonly onFailure?: (source: string, error: unknown) => void
}

/**
 * Fills what is declared and not filled yet: the history of each source up to its cutover, which the first materialization
 * records. Returns how many features of each source were filled.
 */
export async function fillDeclared(
  platform: Platform,
  target: FillTarget,
  { onProgress, only, onFailure }: FillOptions,
): Promise<Readonly<Record<string, number>>> {
  const { manifest } = await platform.applied().catch(() => ({ manifest: null }))
  const filled: Record<string, number> = {}
  if (manifest === null) return filled
  const sources = new Set(Object.values(manifest.featureViews).map((view) => view.source))
  for (const name of sources) {
    if (only !== undefined && !only.includes(name)) continue
    const source = manifest.sources[name]!
    try {
      const start = await target.start(manifest, source)
      const waiting = (await unfilledFeatures(start)).length
      if (waiting === 0) continue
      const version = await platform.tables().cutOver(source, platform.clock.now())
      const progress: FillProgress = (step, done, total) =>
        onProgress(`fill ${waiting} features of ${name}: ${step}`, done, total)
      const history = source.history === null ? null : { offline: platform.engine(), version }
      const bundle = await foldHistory(start, history, progress)
      if (bundle === null) continue
      await target.take(bundle, progress)
      filled[name] = bundle.about.features.length
    } catch (thrown) {
      const error = inFile(manifest, thrown)
      if (onFailure === undefined) throw error
      onFailure(name, error)
    }
  }
  return filled
}

/** An error about a source, told with the file that declares it. */
function inFile(manifest: Manifest, error: unknown): unknown {
  if (!isNoonmarkError(error) || error.path === undefined) return error
  const { code, message, hint, path } = error
  return noonmarkError(code, { message, hint, path: pathInFile(manifest.files, path), cause: error })
}
