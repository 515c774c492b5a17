import { materialize } from '../materialize/index.ts'
import type { Platform } from '../platform.ts'
import type { OpenWriter } from './writing.ts'

/**
 * Fills what is declared and not filled yet: the history of each source up to its cutover, which the first materialization
 * records. Returns how many features of each source were filled.
 */
export async function fillDeclared(
  platform: Platform,
  { writer }: OpenWriter,
  onProgress: (label: string, done: number, total: number) => void,
  only?: readonly string[],
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
    const version = await platform.tables().cutOver(source, platform.clock.now())
    const { features } = await materialize({
      writer,
      source: name,
      history: source.history === null ? null : { offline: platform.engine(), version },
      onProgress: ({ step, done, total }) => onProgress(`fill ${waiting} features of ${name}: ${step}`, done, total),
    })
    filled[name] = features.length
  }
  return filled
}
