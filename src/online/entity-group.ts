import { type PreparedFeature, prepareFeature } from '../aggregate/index.ts'
import type { FeatureViewSpec, ResolvedFeature, SourceSpec } from '../define/index.ts'
import { isNoonmarkError } from '../errors.ts'
import { type DtypeName, encodeEntityKey, expressionColumns, type Row } from '../values/index.ts'
import type { Key } from './online-store.ts'
import { rowReader } from './raw-row.ts'
import { entityGroupId, type StateKeys } from './state-key.ts'

/**
 * The features of a source that are keyed by the same columns: they share the entity's mark and its raw rows. One source
 * can have several, such as landings by origin and by destination.
 */
export interface EntityGroup {
  readonly id: string
  readonly source: SourceSpec
  /** The source's columns that name the entity. */
  readonly columns: readonly string[]
  readonly types: readonly DtypeName[]
  /** Each meaning once, whatever views share it. */
  readonly features: readonly GroupFeature[]
  readonly markPrefix: Key
  readonly rowPrefix: Key
  /** Reads the columns that keys and expressions need. */
  readonly read: (body: Uint8Array) => Row
}

export interface GroupFeature {
  readonly digest: string
  readonly prepared: PreparedFeature
  readonly prefix: Key
}

/** The entity group of a view. */
export function groupOf(view: FeatureViewSpec): string {
  return entityGroupId(
    view.source,
    view.key.map(({ source }) => source),
  )
}

/** The features by entity group, in the order in which groups first occur. */
export function entityGroups(features: readonly ResolvedFeature[], keys: StateKeys): EntityGroup[] {
  const byGroup = Map.groupBy(features, ({ view }) => groupOf(view))
  return [...byGroup].map(([id, members]) => {
    const { source, view } = members[0]!
    const columns = view.key.map((key) => key.source)
    const byDigest = new Map(members.map((member) => [member.feature.digest, member]))
    return {
      id,
      source,
      columns,
      types: view.key.map(({ type }) => type),
      features: [...byDigest].map(([digest, member]) => ({
        digest,
        prepared: prepareFeature(member),
        prefix: keys.feature(digest),
      })),
      markPrefix: keys.marks(id),
      rowPrefix: keys.rows(id),
      read: rowReader(source.columns, [...columns, ...members.flatMap(featureColumns)]),
    }
  })
}

/** The columns that a feature's expressions read. */
export function featureColumns({ feature }: ResolvedFeature): string[] {
  const { value, where } = feature.aggregate
  return [value, where].flatMap((node) => (node === null ? [] : expressionColumns(node)))
}

/**
 * The entity that a row is about; null where a key column is null, or the key is too long to be asked for: such a row is
 * about none.
 */
export function entityOf(group: EntityGroup, row: Row): Uint8Array | null {
  const values = group.columns.map((column) => row[column] ?? null)
  try {
    return encodeEntityKey(group.types, values)
  } catch (error) {
    if (isNoonmarkError(error) && error.code === 'key_invalid') return null
    throw error
  }
}
