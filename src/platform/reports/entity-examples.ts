import type { FeatureViewSpec, Manifest } from '../../define/index.ts'
import type { FeatureViewReport } from '../../http/reports.ts'
import { formatInstant, jsonValue } from '../../values/index.ts'
import type { ReportSources } from './report-sources.ts'

/** Latest predictions that are looked at, and entities that are named. */
const [lookedAt, mostExamples] = [300, 12]

/** Entities of a view that were asked about lately, the most frequent first: something to look at. */
export async function entityExamples(
  { predictions }: Pick<ReportSources, 'predictions'>,
  manifest: Manifest,
  view: FeatureViewSpec,
): Promise<FeatureViewReport['examples']> {
  const served = Object.values(manifest.moments).some(({ entities }) =>
    entities.some(({ entity }) => entity === view.entity),
  )
  if (!served) return []
  const found = new Map<string, { entity: Record<string, string>; predictions: number; last_at: string }>()
  // Examples out of what can be read; what cannot is said where predictions are listed.
  const { records } = await predictions.newest({ limit: lookedAt, onDamage: () => undefined })
  for (const { entities, at } of records) {
    for (const { entity, key } of entities) {
      if (entity !== view.entity || key.some(({ value }) => value === null)) continue
      const named = Object.fromEntries(key.map(({ name, type, value }) => [name, String(jsonValue(type, value))]))
      const id = JSON.stringify(named)
      const known = found.get(id)
      // The latest come first.
      if (known === undefined) found.set(id, { entity: named, predictions: 1, last_at: formatInstant(at) })
      else known.predictions++
    }
  }
  return [...found.values()].toSorted((a, b) => b.predictions - a.predictions).slice(0, mostExamples)
}
