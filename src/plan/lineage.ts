import type { FeatureSpec, FeatureViewSpec, Manifest, ModelSpec, MomentSpec, ReferenceSpec } from '../define/index.ts'
import { expressionColumns } from '../values/index.ts'
import { type CatalogEntry, type CatalogKind, catalogEntry } from './catalog.ts'
import { pinsOf } from './facts.ts'
import { modelUses } from './uses.ts'

/** Something that another is made of, or that uses it. A version is known by the deployments that pin it. */
export interface LineageNode {
  readonly kind: CatalogKind | 'version'
  readonly name: string
  /** False: only by way of something between. */
  readonly direct: boolean
}

/** What a definition is made of, down to columns of sources, and who uses it, up to deployments. */
export interface Lineage extends CatalogEntry {
  readonly made_of: readonly LineageNode[]
  readonly used_by: readonly LineageNode[]
}

type NodeKind = LineageNode['kind']
/** `kind name` */
type NodeKey = string

const keyOf = (kind: NodeKind, name: string): NodeKey => `${kind} ${name}`

/**
 * The lineage of one definition, from the manifest alone.
 * @throws not_found
 */
export function lineageOf(manifest: Manifest, kind: CatalogKind, name: string): Lineage {
  const entry = catalogEntry(manifest, kind, name)
  const uses = usesOf(manifest)
  const usedBy = new Map<NodeKey, NodeKey[]>()
  for (const [user, used] of uses) for (const one of used) usedBy.set(one, [...(usedBy.get(one) ?? []), user])
  const start = keyOf(kind, name)
  return { ...entry, made_of: reached(uses, start), used_by: reached(usedBy, start) }
}

/** Everything that edges lead to, the nearest first. */
function reached(edges: ReadonlyMap<NodeKey, readonly NodeKey[]>, start: NodeKey): LineageNode[] {
  const nodes: LineageNode[] = []
  const seen = new Set<NodeKey>([start])
  let level: readonly NodeKey[] = [start]
  for (let depth = 1; level.length > 0; depth++) {
    const next: NodeKey[] = []
    for (const from of level) {
      for (const to of edges.get(from) ?? []) {
        if (seen.has(to)) continue
        seen.add(to)
        next.push(to)
        const space = to.indexOf(' ')
        // The key was made of a kind and a name.
        nodes.push({ kind: to.slice(0, space) as NodeKind, name: to.slice(space + 1), direct: depth === 1 })
      }
    }
    level = next
  }
  return nodes
}

/** What each definition names itself. */
function usesOf(manifest: Manifest): Map<NodeKey, NodeKey[]> {
  const { sources, featureViews, moments, models, deployments } = manifest
  const uses = new Map<NodeKey, NodeKey[]>()
  for (const { name, columns } of Object.values(sources))
    for (const column of Object.keys(columns)) uses.set(columnKey(name, column), [keyOf('source', name)])
  for (const view of Object.values(featureViews)) {
    uses.set(keyOf('feature-view', view.name), [
      ...view.features.map((feature) => keyOf('feature', `${view.name}:${feature.name}`)),
      keyOf('entity', view.entity),
    ])
    for (const feature of view.features)
      uses.set(keyOf('feature', `${view.name}:${feature.name}`), usedByFeature(manifest, view, feature))
  }
  for (const moment of Object.values(moments)) uses.set(keyOf('moment', moment.name), usedByMoment(moment))
  for (const model of Object.values(models)) uses.set(keyOf('model', model.name), usedByModel(manifest, model))
  for (const deployment of Object.values(deployments)) {
    const model = keyOf('model', deployment.model)
    const pins = pinsOf(deployment).map((pin) => keyOf('version', pin))
    uses.set(keyOf('deployment', deployment.name), [...pins, model])
    for (const pin of pins) uses.set(pin, [model])
  }
  return uses
}

const columnKey = (source: string, column: string): NodeKey => keyOf('column', `${source}.${column}`)

function usedByFeature(manifest: Manifest, view: FeatureViewSpec, { aggregate }: FeatureSpec): NodeKey[] {
  const { source } = view
  const expressions = [aggregate.value, aggregate.where].filter((node) => node !== null)
  const columns = new Set([...expressions.flatMap(expressionColumns), ...view.key.map((key) => key.source)])
  const eventTime = manifest.sources[source]?.eventTime
  if (eventTime !== undefined) columns.add(eventTime)
  return [
    ...[...columns].map((column) => columnKey(source, column)),
    keyOf('entity', view.entity),
    keyOf('source', source),
  ]
}

function usedByMoment({ source, key, entities, request }: MomentSpec): NodeKey[] {
  const columns = [...key, ...entities.flatMap((role) => role.key), ...request].map(({ column }) => column)
  return [
    ...[...new Set(columns)].map((column) => columnKey(source, column)),
    ...[...new Set(entities.map(({ entity }) => entity))].map((entity) => keyOf('entity', entity)),
    keyOf('source', source),
  ]
}

function usedByModel(manifest: Manifest, model: ModelSpec): NodeKey[] {
  const { features, references } = modelUses(model)
  const moment = manifest.moments[model.moment]
  const fields = references.flatMap((reference) => {
    const column = moment === undefined ? undefined : referenceColumn(moment, reference)
    return column === undefined || moment === undefined ? [] : [columnKey(moment.source, column)]
  })
  const { label } = model
  const labelColumns = [...expressionColumns(label.value), ...label.on.map(({ column }) => column)]
  return [
    ...new Set([
      keyOf('moment', model.moment),
      ...features.map(({ view, feature }) => keyOf('feature', `${view}:${feature}`)),
      ...fields,
      ...labelColumns.map((column) => columnKey(label.source, column)),
      keyOf('source', label.source),
    ]),
  ]
}

/** The source's column that a field of the moment is read from in its history. */
function referenceColumn({ key, entities, request }: MomentSpec, reference: ReferenceSpec): string | undefined {
  switch (reference.reference) {
    case 'key':
      return key.find(({ name }) => name === reference.field)?.column
    case 'request':
      return request.find(({ name }) => name === reference.field)?.column
    case 'entity':
      return entities.find(({ role }) => role === reference.role)?.key.find(({ name }) => name === reference.column)
        ?.column
    case 'at':
      return undefined
  }
}
