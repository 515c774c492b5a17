import type { FeatureViewSpec, Manifest } from '../../define/index.ts'
import type { FeatureReport } from '../../http/reports.ts'
import type { DtypeName } from '../../values/index.ts'
import type { ReportSources } from './report-sources.ts'

/** A key that no entity has: of a view that is filled it is an entity that was never seen. */
const nobody: Readonly<Record<DtypeName, unknown>> = {
  string: '\u0000',
  int: -Number.MAX_SAFE_INTEGER,
  int64: '-9223372036854775808',
  float: 0,
  bool: false,
  timestamp: '1970-01-01T00:00:00Z',
}

/** Whether the history of each feature of a view is folded in, as a lookup is answered now. */
export async function fillingOf(
  sources: Pick<ReportSources, 'features'>,
  manifest: Manifest,
  view: FeatureViewSpec,
): Promise<(feature: string) => FeatureReport['filling']> {
  const key = manifest.entities[view.entity]?.key ?? []
  const names = view.features.map(({ name }) => `${view.name}:${name}`)
  try {
    const { rows } = await sources.features().lookup({
      features: names,
      entities: [Object.fromEntries(key.map(({ name, type }) => [name, nobody[type]]))],
    })
    const found = rows[0]?.features ?? {}
    return (feature) =>
      found[`${view.name}:${feature}`]?.status === 'unavailable'
        ? { state: 'unavailable', detail: 'Its history is not folded in yet, or cannot be read.' }
        : { state: 'filled', detail: null }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return () => ({ state: 'unknown', detail })
  }
}
