import { type AggregateSpec, type FeatureViewSpec, type SourceSpec, semantics } from '../define/index.ts'
import { type Digest, digestJson } from '../digest.ts'
import { type DtypeName, expressionColumns } from '../values/index.ts'

/** All that a feature means and nothing else: not its path, owner or docs, not where the files of its source are. */
export interface FeatureMeaning {
  readonly semantics: number
  readonly source: Pick<SourceSpec, 'name' | 'id' | 'eventTime' | 'available' | 'timeZone'>
  /** The types of the columns that the key and the expressions read. */
  readonly columns: Readonly<Record<string, DtypeName>>
  readonly key: readonly { readonly source: string; readonly type: DtypeName }[]
  readonly aggregate: AggregateSpec
}

/** What a feature of a view means. */
export function featureMeaning(
  view: Pick<FeatureViewSpec, 'key'>,
  source: SourceSpec,
  aggregate: AggregateSpec,
): FeatureMeaning {
  const key = view.key.map((column) => ({ source: column.source, type: column.type }))
  const read = [...key.map((column) => column.source), ...aggregateColumns(aggregate)]
  const columns: Record<string, DtypeName> = {}
  for (const name of read) {
    const column = source.columns[name]
    if (column !== undefined) columns[name] = column.type
  }
  const { name, id, eventTime, available, timeZone } = source
  return { semantics, source: { name, id, eventTime, available, timeZone }, columns, key, aggregate }
}

/** The digest of a feature's meaning: state is keyed by it, and a version that was trained on it can be served only with it. */
export function featureDigest(
  view: Pick<FeatureViewSpec, 'key'>,
  source: SourceSpec,
  aggregate: AggregateSpec,
): Digest {
  return digestJson(featureMeaning(view, source, aggregate))
}

/** The source's columns that an aggregate reads, each once, sorted. */
export function aggregateColumns({ value, where }: AggregateSpec): string[] {
  const names = [value, where].flatMap((node) => (node === null ? [] : expressionColumns(node)))
  return [...new Set(names)].sort()
}
