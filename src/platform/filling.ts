import type { Manifest } from '../define/index.ts'
import { isNoonmarkError, noonmarkError, pathInFile } from '../errors.ts'
import { materialize } from '../materialize/index.ts'
import type { Platform } from '../platform.ts'
import type { OpenWriter } from './writing.ts'

/**
 * Fills what is declared and not filled yet: the history of each source up to its cutover, which the first materialization
 * records. Returns how many features of each source were filled. Where `onFailure` is told of a source that cannot be filled,
 * the others go on; else its error is thrown.
 */
export async function fillDeclared(
  platform: Platform,
  { writer }: OpenWriter,
  onProgress: (label: string, done: number, total: number) => void,
  only?: readonly string[],
  onFailure?: (source: string, error: unknown) => void,
): Promise<Readonly<Record<string, number>>> {
  const { manifest } = await platform.applied().catch(() => ({ manifest: null }))
  const filled: Record<string, number> = {}
  if (manifest === null) return filled
  const sources = new Set(Object.values(manifest.featureViews).map((view) => view.source))
  for (const name of sources) {
    if (only !== undefined && !only.includes(name)) continue
    const source = manifest.sources[name]!
    const waiting = writer.unfilled(name).length
    if (waiting === 0) continue
    try {
      const version = await platform.tables().cutOver(source, platform.clock.now())
      const { features } = await materialize({
        writer,
        source: name,
        history: source.history === null ? null : { offline: platform.engine(), version },
        onProgress: ({ step, done, total }) => onProgress(`fill ${waiting} features of ${name}: ${step}`, done, total),
      })
      filled[name] = features.length
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
