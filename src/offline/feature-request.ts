import type { SourceSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import { type Column, type ExpressionNode, formatInstant, statusCode } from '../values/index.ts'
import type { FeatureColumn, FeatureRequest, SpineFeature, TableVersion } from './offline-engine.ts'
import { pointInTime } from './point-in-time.ts'
import type { Spine } from './sorted-rows.ts'
import type { SourceRows, TieRanks } from './source-rows.ts'

/** The rows of a source with the values of the expressions that were asked for, in their order. */
export interface ExpressionRows {
  readonly source: SourceRows
  readonly columns: readonly Column[]
  readonly tieRanks: TieRanks
}

/** Reads a pinned source once with all expressions that its features need. */
export type ReadExpressions = (
  source: SourceSpec,
  version: TableVersion,
  nodes: readonly ExpressionNode[],
) => Promise<ExpressionRows>

/**
 * Answers a request for features with the window kernel, over rows that an engine reads: each source once, each spine
 * sorted once, each feature swept once whatever number of roles ask for it.
 * @throws sum_overflow unless the request wants it as a status
 */
export async function answerFeatures(request: FeatureRequest, read: ReadExpressions): Promise<FeatureColumn[]> {
  const answers: FeatureColumn[] = []
  const total = request.features.length
  let done = 0
  const onFeature = async () => {
    request.onProgress?.(++done, total)
    await new Promise((resolve) => setImmediate(resolve)) // sweeps are long: others get a turn
  }
  for (const asked of groupBy(request.features, ({ source }) => source.name).values()) {
    const { source } = asked[0]!.feature
    const version = request.versions[source.name]
    if (version === undefined) throw new TypeError(`the request names no version of source ${source.name}`)
    const nodes = distinctNodes(asked.map(({ feature }) => feature))
    const rows = await read(source, version, [...nodes.values()])
    const places = new Map([...nodes.keys()].map((text, place) => [text, place]))
    const values = (node: ExpressionNode) => rows.columns[places.get(JSON.stringify(node))!]!
    for (const ofKey of groupBy(asked, ({ view }) =>
      JSON.stringify(view.key.map(({ source: name }) => name)),
    ).values()) {
      const key = keyNodes(ofKey[0]!.feature).map(values)
      const spines = new SharedSpines()
      const asks = ofKey.map(({ feature }) => ({ aggregate: feature.feature.aggregate, spine: spines.of(feature) }))
      const input = { source: rows.source, key, values, tieRanks: rows.tieRanks }
      const columns = await pointInTime(input, asks, request.knownBeforeMs, onFeature)
      ofKey.forEach(({ place, feature }, i) => {
        if (request.onOverflow !== 'status') refuseOverflow(feature, columns[i]!)
        answers[place] = columns[i]!
      })
    }
  }
  return answers
}

interface Asked {
  readonly place: number
  readonly feature: SpineFeature
}

function groupBy<T extends SpineFeature | Asked>(
  items: readonly T[],
  keyOf: (feature: SpineFeature) => string,
): Map<string, Asked[]> {
  const groups = new Map<string, Asked[]>()
  items.forEach((item, place) => {
    const asked: Asked = 'place' in item ? item : { place, feature: item }
    const key = keyOf(asked.feature)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [asked])
    else group.push(asked)
  })
  return groups
}

function keyNodes({ view }: SpineFeature): ExpressionNode[] {
  return view.key.map(({ source, type }) => ({ op: 'column', name: source, type }))
}

/** Every expression that features need, each once. */
function distinctNodes(features: readonly SpineFeature[]): Map<string, ExpressionNode> {
  const nodes = new Map<string, ExpressionNode>()
  for (const feature of features) {
    const { value, where } = feature.feature.aggregate
    for (const node of [...keyNodes(feature), value, where]) if (node !== null) nodes.set(JSON.stringify(node), node)
  }
  return nodes
}

/** Gives features with the same key columns and instants one spine, so that it is sorted once. */
class SharedSpines {
  private readonly spines: Spine[] = []

  of({ key, asOf }: SpineFeature): Spine {
    const same = this.spines.find(
      (spine) =>
        spine.asOf === asOf && spine.key.length === key.length && spine.key.every((column, i) => column === key[i]),
    )
    if (same !== undefined) return same
    const spine = { key, asOf }
    this.spines.push(spine)
    return spine
  }
}

function refuseOverflow({ feature, view, asOf }: SpineFeature, { statuses }: FeatureColumn): void {
  const row = statuses.indexOf(statusCode.overflow)
  if (row < 0) return
  const count = statuses.reduce((sum, status) => sum + (status === statusCode.overflow ? 1 : 0), 0)
  throw noonmarkError('sum_overflow', {
    message: `${view.name}:${feature.name} leaves the range of ${feature.type} for ${count} rows, the first at ${formatInstant(asOf[row]!)}.`,
    path: `feature-view ${view.name} > features.${feature.name}`,
  })
}
