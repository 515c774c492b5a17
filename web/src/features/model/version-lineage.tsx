import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { ModelReport, Overview, VersionDetail } from '../../../../src/http/reports.ts'
import { momentSourceQuery, overviewQuery } from '../../api/queries.ts'
import { formatShortCount, plural } from '../../format/number.ts'
import { Card, type Column, DataTable, TextLink } from '../../ui/index.ts'
import type { GraphEdge } from '../lineage/layered-graph.ts'
import { LineagePicture, type PictureNode } from '../lineage/lineage-picture.tsx'
import { featureOf } from './importance.tsx'
import { Digest, shortDigest, TrainingSetCard } from './training-set.tsx'

/** What a version was made from: a picture from files to the version, its inputs, its training set. */
export function LineageTab({ model, version }: { readonly model: ModelReport; readonly version: VersionDetail }) {
  const views = useQuery(overviewQuery).data?.feature_views
  const momentSource = useQuery(momentSourceQuery(model.moment)).data?.source
  const { nodes, edges } = useMemo(
    () => graphOf(model, version, views ?? [], momentSource),
    [model, version, views, momentSource],
  )
  return (
    <div className="space-y-4">
      <Card title="From files to the version" over="left is what the right is made of">
        <LineagePicture label={`What ${version.version} is made of`} nodes={nodes} edges={edges} />
      </Card>
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <TrainingSetCard set={version.training_set} />
        <Card flush title={plural(version.inputs.length, 'input')} over="by what they mean; the digest is the meaning">
          <DataTable caption="Inputs" rows={version.inputs} rowKey={({ column }) => column} columns={inputColumns} />
        </Card>
      </div>
    </div>
  )
}

const inputColumns: readonly Column<VersionDetail['inputs'][number]>[] = [
  {
    id: 'column',
    header: 'Input',
    value: ({ column }) => column,
    cell: ({ column, type }) => (
      <>
        <span className="wrap-anywhere">{column}</span> <span className="text-xs text-faint">{type}</span>
      </>
    ),
  },
  {
    id: 'from',
    header: 'From',
    value: ({ from }) => from,
    cell: ({ from, feature_view: view }) =>
      view === null ? (
        from
      ) : (
        <TextLink to="/feature-views/$name" params={{ name: view }} search={featureOf(from)} className="wrap-anywhere">
          {from}
        </TextLink>
      ),
  },
  {
    id: 'digest',
    header: 'Digest',
    from: 'sm',
    cell: ({ digest }) => (digest === null ? <span className="text-faint">a field</span> : <Digest digest={digest} />),
  },
]

function graphOf(
  model: ModelReport,
  version: VersionDetail,
  views: Overview['feature_views'],
  momentSource: string | undefined,
): { readonly nodes: readonly PictureNode[]; readonly edges: readonly GraphEdge[] } {
  const { training_set: set, inputs } = version
  const nodes: PictureNode[] = []
  const edges: GraphEdge[] = []
  for (const { source, files, digest } of set.tables) {
    nodes.push({
      id: `source ${source}`,
      layer: 1,
      kind: 'source',
      name: source,
      detail: `table ${shortDigest(digest)}`,
    })
    for (const { path, rows, sha256 } of files) {
      const folder = path.slice(0, path.lastIndexOf('/') + 1)
      // Files of the same content, read by two sources, are one.
      const id = `file ${path} ${sha256}`
      if (!nodes.some((node) => node.id === id))
        nodes.push({
          id,
          layer: 0,
          kind: folder === '' ? 'file' : `file in ${folder}`,
          name: path.slice(folder.length),
          detail: `${formatShortCount(rows)} rows, ${shortDigest(sha256)}`,
        })
      edges.push({ from: id, to: `source ${source}` })
    }
  }
  const used = new Map<string, string[]>()
  for (const { feature_view: view, column } of inputs) {
    if (view !== null) used.set(view, [...(used.get(view) ?? []), column])
  }
  for (const [view, columns] of used) {
    nodes.push({
      id: `view ${view}`,
      layer: 2,
      kind: 'feature view',
      name: view,
      detail: plural(columns.length, 'input'),
      link: (props) => <Link to="/feature-views/$name" params={{ name: view }} {...props} />,
    })
    const source = views.find(({ name }) => name === view)?.source
    if (source !== undefined) edges.push({ from: `source ${source}`, to: `view ${view}` })
    edges.push({ from: `view ${view}`, to: 'set' })
  }
  const fields = inputs.filter(({ feature_view: view }) => view === null).length
  nodes.push({
    id: 'moment',
    layer: 2,
    kind: 'moment',
    name: model.moment,
    detail: fields === 0 ? 'rows to predict for' : `rows, and ${plural(fields, 'input')}`,
  })
  if (momentSource !== undefined) edges.push({ from: `source ${momentSource}`, to: 'moment' })
  nodes.push({ id: 'label', layer: 2, kind: 'label', name: model.label.means, detail: `of ${model.label.source}` })
  edges.push(
    { from: `source ${model.label.source}`, to: 'label' },
    { from: 'label', to: 'set' },
    { from: 'moment', to: 'set' },
  )
  nodes.push({
    id: 'set',
    layer: 3,
    kind: 'training set',
    name: shortDigest(set.content),
    detail: `${formatShortCount(set.rows.training)} + ${formatShortCount(set.rows.validation)} rows`,
  })
  if (version.git !== null) {
    nodes.push({
      id: 'commit',
      layer: 3,
      kind: 'commit',
      name: shortDigest(version.git.commit),
      detail: version.git.dirty ? 'with changes' : 'code and definitions',
    })
    edges.push({ from: 'commit', to: 'run' })
  }
  nodes.push({
    id: 'run',
    layer: 4,
    kind: 'run',
    name: version.run.slice(-8),
    detail: `${version.trainer}, seed ${version.seed}`,
    link: (props) => <Link to="/runs/$id" params={{ id: version.run }} {...props} />,
  })
  nodes.push({
    id: 'version',
    layer: 5,
    kind: 'version',
    name: version.version,
    detail: shortDigest(version.digest),
    tone: 'accent',
  })
  edges.push({ from: 'set', to: 'run' }, { from: 'run', to: 'version' })
  return { nodes, edges }
}
