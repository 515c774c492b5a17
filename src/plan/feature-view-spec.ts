import type { Aggregate, FeatureSpec, FeatureView, FeatureViewSpec } from '../define/index.ts'
import { type ExpressionNode, expressionType } from '../values/index.ts'
import { featureDigest } from './feature-digest.ts'
import { listed, mistake, type Place } from './mistake.ts'
import { checkTexts } from './source-spec.ts'

/**
 * A feature view as it goes into the manifest: every feature with the digest of what it means.
 * @throws definition_invalid where an expression reads what the view's source does not have
 */
export function featureViewSpec(place: Place, view: FeatureView): FeatureViewSpec {
  const { name, entity, source, key, owner, description } = view
  const features = Object.entries(view.features).map(([feature, aggregate]): FeatureSpec => {
    checkColumns(place, `features.${feature}`, view, aggregate)
    const spec = aggregate.aggregate
    return {
      name: feature,
      aggregate: spec,
      type: spec.type,
      ...(aggregate.description === undefined ? {} : { description: aggregate.description }),
      digest: featureDigest({ key }, source.spec, spec),
    }
  })
  const spec: FeatureViewSpec = {
    name,
    entity: entity.name,
    source: source.name,
    key,
    features,
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
  }
  checkTexts(place, spec)
  return spec
}

/** A row that was kept from another source's view writes expressions that this source cannot answer. */
function checkColumns(place: Place, field: string, { source }: FeatureView, { aggregate }: Aggregate): void {
  const visit = (node: ExpressionNode): void => {
    if (node.op === 'column') {
      const column = source.spec.columns[node.name]
      const declared = `Source ${source.name} declares ${listed(Object.keys(source.spec.columns))}.`
      if (column === undefined)
        throw mistake(place, field, `reads '${node.name}', which source ${source.name} does not have`, declared)
      if (column.type !== expressionType(node))
        throw mistake(place, field, `reads '${node.name}' as ${node.type}, and it is ${column.type}`, declared)
    }
    if ('left' in node) {
      visit(node.left)
      visit(node.right)
    }
    if ('operand' in node) visit(node.operand)
  }
  for (const node of [aggregate.value, aggregate.where]) if (node !== null) visit(node)
}
