import type { Clock } from '../clock.ts'
import type { EntitySpec, Manifest, ResolvedFeature } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import { type DtypeName, formatInstant, type Instant, jsonValue, parseValue, type Value } from '../values/index.ts'
import { before } from './deadline.ts'
import type { FeatureLookup, LookupResult, LookupRow, PositionWaiter } from './feature-lookup.ts'

/** What to look up. */
export interface FeatureQuery {
  /** `view:feature` */
  readonly features: readonly string[]
  /** Key columns by name, one object for each entity to look at. */
  readonly entities: readonly Readonly<Record<string, unknown>>[]
  /** The instant to look from; now where left out. */
  readonly at?: Instant | null
  readonly minPosition?: string | null
}

/** Feature values of one entity, as they stand on the wire. */
export interface FeatureAnswer {
  readonly as_of: string
  /** Source -> the instant for which it answered. */
  readonly sources: Readonly<Record<string, string>>
  /** Source -> the instant from which on features of this entity are exact, `inexact` before; null: at every instant. */
  readonly exact_from: Readonly<Record<string, string | null>>
  readonly features: Readonly<
    Record<string, { readonly value: boolean | number | string | null; readonly status: string }>
  >
}

/** Reads features of entities, now or at an earlier instant. */
export interface FeatureReader {
  /**
   * @throws not_found for an unknown feature, row_invalid naming the key column, instant_ahead, position_not_reached
   */
  lookup(query: FeatureQuery): Promise<{ readonly at: string; readonly rows: readonly FeatureAnswer[] }>
}

/** What a feature reader is made of. */
export interface FeatureReaderOptions {
  readonly manifest: Manifest
  readonly lookup: FeatureLookup
  readonly positions: PositionWaiter
  readonly clock: Clock
  /** How long `min_position` may wait; 5 seconds by default. */
  readonly waitTimeoutMs?: number
}

/** The most entities that one query may name. */
export const entityLimit = 1000

type Prepared = (rows: readonly LookupRow[]) => Promise<readonly LookupResult[]>

const preparedLimit = 100

/** Makes a reader of a project's features. */
export function createFeatureReader(options: FeatureReaderOptions): FeatureReader {
  const { manifest, clock, positions, waitTimeoutMs = 5000 } = options
  const prepared = new Map<string, { readonly entities: readonly EntitySpec[]; readonly run: Prepared }>()

  function prepare(names: readonly string[]) {
    const cacheKey = names.join('\n')
    const known = prepared.get(cacheKey)
    if (known !== undefined) return known
    const resolved = names.map((name, index) => resolve(manifest, name, `features[${index}]`))
    const entityNames = [...new Set(resolved.map(({ view }) => view.entity))]
    const made = {
      entities: entityNames.map((name) => manifest.entities[name]!),
      run: options.lookup.prepare(resolved.map((one) => ({ ...one, key: entityNames.indexOf(one.view.entity) }))),
    }
    if (prepared.size >= preparedLimit) prepared.clear() // lists come from applications: they are few, or made up
    prepared.set(cacheKey, made)
    return made
  }

  return {
    async lookup({ features, entities, at = null, minPosition = null }) {
      const { entities: specs, run } = prepare(features)
      const fields = keyFields(specs)
      const keys = entities.map((entity, index) => readKeys(specs, fields, entity, `entities[${index}]`))
      refuseAhead(at, clock.now())
      if (minPosition !== null) {
        const reached = await before(positions.waitFor(minPosition, waitTimeoutMs), waitTimeoutMs)
        if (reached !== true) {
          throw noonmarkError('position_not_reached', {
            message: `Position ${minPosition} was not applied within ${waitTimeoutMs} ms.`,
            path: 'min_position',
          })
        }
      }
      const instant = at ?? clock.now()
      const types = features.map((name) => resolve(manifest, name, name).feature.type)
      const found = await run(keys.map((rowKeys) => ({ at: instant, keys: rowKeys })))
      return { at: formatInstant(instant), rows: found.map((result) => answer(features, types, result, instant)) }
    },
  }
}

function answer(
  names: readonly string[],
  types: readonly DtypeName[],
  { values, statuses, asOf, exactFrom = {} }: LookupResult,
  at: Instant,
): FeatureAnswer {
  const features: Record<string, { value: boolean | number | string | null; status: string }> = {}
  for (const [index, name] of names.entries()) {
    features[name] = {
      value: jsonValue(types[index]!, values[index] ?? null),
      status: statuses[index] ?? 'unavailable',
    }
  }
  return {
    as_of: formatInstant(Math.min(at, ...Object.values(asOf))),
    sources: Object.fromEntries(Object.entries(asOf).map(([source, instant]) => [source, formatInstant(instant)])),
    exact_from: Object.fromEntries(
      Object.keys(asOf).map((source) => {
        const instant = exactFrom[source]
        return [source, instant === undefined ? null : formatInstant(instant)]
      }),
    ),
    features,
  }
}

function resolve(manifest: Manifest, name: string, path: string): ResolvedFeature {
  const [viewName = '', featureName = ''] = name.split(':', 2)
  const view = Object.hasOwn(manifest.featureViews, viewName) ? manifest.featureViews[viewName] : undefined
  const feature = view?.features.find((one) => one.name === featureName)
  const source = view === undefined ? undefined : manifest.sources[view.source]
  if (view !== undefined && feature !== undefined && source !== undefined) return { feature, view, source }
  const hint =
    view === undefined
      ? `Write view:feature; the views are ${Object.keys(manifest.featureViews).join(', ') || 'none yet'}.`
      : `Its features are ${view.features.map((one) => one.name).join(', ')}.`
  throw noonmarkError('not_found', { message: `There is no feature '${name}'.`, hint, path })
}

/** Key columns of all entities by name: entities that share a name share the value. */
function keyFields(entities: readonly EntitySpec[]): Map<string, DtypeName> {
  return new Map(entities.flatMap(({ key }) => key.map(({ name, type }) => [name, type] as const)))
}

function readKeys(
  entities: readonly EntitySpec[],
  fields: ReadonlyMap<string, DtypeName>,
  given: Readonly<Record<string, unknown>>,
  path: string,
): (Value | null)[][] {
  for (const name of Object.keys(given)) {
    if (fields.has(name)) continue
    throw noonmarkError('row_invalid', {
      message: `${path}.${name} is no key column of these features.`,
      hint: `Their key columns are ${[...fields.keys()].join(', ')}.`,
      path: `${path}.${name}`,
    })
  }
  return entities.map(({ key }) =>
    key.map(({ name, type }) => {
      const json = Object.hasOwn(given, name) ? given[name] : undefined
      if (json !== undefined) return parseValue(type, json, `${path}.${name}`)
      throw noonmarkError('row_invalid', { message: `${path}.${name} is missing.`, path: `${path}.${name}` })
    }),
  )
}

function refuseAhead(at: Instant | null, now: Instant): void {
  if (at === null || at <= now) return
  throw noonmarkError('instant_ahead', {
    message: `at is ${formatInstant(at)}, and the clock stands at ${formatInstant(now)}.`,
    path: 'at',
  })
}
