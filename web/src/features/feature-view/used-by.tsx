import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { FeatureViewReport } from '../../../../src/http/reports.ts'
import { plural } from '../../format/number.ts'
import { Card, EmptyState } from '../../ui/index.ts'
import type { GraphEdge } from '../lineage/layered-graph.ts'
import { LineagePicture, type PictureNode } from '../lineage/lineage-picture.tsx'
import { versionParts } from '../model/version-link.tsx'

/** Who reads a view, down to the deployments that answer with it. */
export function UsedByCard({ view }: { readonly view: FeatureViewReport }) {
  const { nodes, edges } = useMemo(() => graphOf(view), [view])
  const { models, deployments } = view.used_by
  return (
    <Card title="Who uses it" over={`${plural(models.length, 'model')}, ${plural(deployments.length, 'deployment')}`}>
      {models.length === 0 ? (
        <EmptyState compact title="No model reads it.">
          Name it in the <code>inputs</code> of a model: <code>{view.name}.for('role')</code>
        </EmptyState>
      ) : (
        <LineagePicture label={`Who uses ${view.name}`} nodes={nodes} edges={edges} />
      )}
    </Card>
  )
}

function graphOf(view: FeatureViewReport): { readonly nodes: PictureNode[]; readonly edges: GraphEdge[] } {
  const { source, used_by: usedBy, name } = view
  const nodes: PictureNode[] = [
    {
      id: 'source',
      layer: 0,
      kind: 'source',
      name: source.name,
      ...(source.history === null ? {} : { detail: source.history }),
    },
    {
      id: 'view',
      layer: 1,
      kind: 'feature view',
      name,
      detail: plural(view.features.length, 'feature'),
      tone: 'accent',
    },
  ]
  const edges: GraphEdge[] = [{ from: 'source', to: 'view' }]
  for (const model of usedBy.models) {
    nodes.push({
      id: `model ${model.name}`,
      layer: 2,
      kind: 'model',
      name: model.name,
      detail: `${plural(model.features.length, 'feature')} of ${model.roles.join(', ')}`,
      link: (props) => <Link to="/models/$name" params={{ name: model.name }} {...props} />,
    })
    edges.push({ from: 'view', to: `model ${model.name}` })
  }
  for (const version of usedBy.versions) {
    const parts = versionParts(version)
    if (parts === null) continue
    nodes.push({
      id: `version ${version}`,
      layer: 3,
      kind: 'version',
      name: version,
      link: (props) => (
        <Link to="/models/$name" params={{ name: parts.model }} search={{ version: parts.number }} {...props} />
      ),
    })
    edges.push({ from: `model ${parts.model}`, to: `version ${version}` })
  }
  for (const { name: deployment, model, champion, shadows } of usedBy.deployments) {
    nodes.push({
      id: `deployment ${deployment}`,
      layer: 4,
      kind: 'deployment',
      name: deployment,
      detail: champion === null ? 'no version pinned' : `champion ${champion}`,
      ...(champion === null ? {} : { tone: 'good' as const }),
      link: (props) => <Link to="/deployments/$name" params={{ name: deployment }} {...props} />,
    })
    const pinned = [...(champion === null ? [] : [champion]), ...shadows].filter((one) => usedBy.versions.includes(one))
    if (pinned.length === 0) edges.push({ from: `model ${model}`, to: `deployment ${deployment}` })
    for (const one of pinned) edges.push({ from: `version ${one}`, to: `deployment ${deployment}` })
  }
  return { nodes, edges }
}
