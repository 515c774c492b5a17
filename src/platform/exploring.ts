import type { Manifest, ResolvedFeature } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { columnOf, columnValue, type DtypeName, jsonValue, parseValue, type Status, statuses } from '../values/index.ts'

/** One value as people and programs read it. */
export interface ExploredValue {
  readonly value: boolean | number | string | null
  readonly status: Status
}

/**
 * Features of one entity at instants, computed from the tables.
 * @throws not_found for an unknown view or feature; row_invalid for a key that does not fit
 */
export async function featureValues(
  platform: Platform,
  name: string,
  entity: Readonly<Record<string, string>>,
  instants: readonly number[],
): Promise<readonly Readonly<Record<string, ExploredValue>>[]> {
  const { manifest } = await platform.applied()
  const features = resolve(manifest, name)
  const { view, source } = features[0]!
  const given = Object.keys(entity).filter((column) => !view.key.some((key) => key.entity === column))
  if (given.length > 0) {
    throw noonmarkError('row_invalid', {
      message: `${given.join(', ')} is no key column of ${view.entity}.`,
      hint: `Give ${view.key.map((key) => `--key ${key.entity}=...`).join(' ')}.`,
      path: '--key',
    })
  }
  const key = view.key.map(({ entity: column, type }) => {
    const text = entity[column]
    if (text === undefined)
      throw noonmarkError('row_invalid', {
        message: `The key column ${column} is missing.`,
        hint: `Give --key ${column}=...`,
        path: '--key',
      })
    const value = parseValue(type, fromText(type, text), `--key ${column}`)
    return columnOf(
      type,
      instants.map(() => value),
    )
  })
  const versions = await platform.tables().pin(manifest, [source.name])
  const asOf = Float64Array.from(instants)
  const columns = await platform.engine().features({
    features: features.map((feature) => ({ ...feature, key, asOf })),
    versions,
    rows: instants.length,
    onOverflow: 'status',
  })
  return instants.map((_, row) =>
    Object.fromEntries(
      features.map(({ feature }, i) => {
        const { values, statuses: codes } = columns[i]!
        return [
          feature.name,
          { value: jsonValue(feature.type, columnValue(values, row)), status: statuses[codes[row]!]! },
        ]
      }),
    ),
  )
}

function resolve(manifest: Manifest, name: string): readonly ResolvedFeature[] {
  const [viewName = '', featureName] = name.split(':')
  const view = manifest.featureViews[viewName]
  const features = view?.features.filter((feature) => featureName === undefined || feature.name === featureName) ?? []
  if (view === undefined || features.length === 0) {
    throw noonmarkError('not_found', {
      message: `There is no feature view or feature ${name}.`,
      hint: `The views are ${Object.keys(manifest.featureViews).join(', ')}.`,
      path: name,
    })
  }
  return features.map((feature) => ({ feature, view, source: manifest.sources[view.source]! }))
}

/** Text from a command line as the JSON of a type. */
function fromText(type: DtypeName, text: string): unknown {
  if (type === 'bool') return text === 'true' ? true : text === 'false' ? false : text
  return type === 'int' || type === 'float' ? Number(text) : text
}
