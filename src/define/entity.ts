import { type ColumnValue, type Dtype, type DtypeSpec, dtypeSpec } from '../values/index.ts'
import { checkColumnName, type Definition, defined, invalid } from './definition.ts'

/** The columns of a key, in order. */
export type KeyColumns = Readonly<Record<string, Dtype>>

/** A thing that features describe. */
export interface Entity<Name extends string = string, Key extends KeyColumns = KeyColumns>
  extends Definition<'entity', Name> {
  readonly key: Key
  readonly description: string | undefined
}

/** An entity in the manifest. */
export interface EntitySpec {
  readonly name: string
  readonly key: readonly { readonly name: string; readonly type: DtypeSpec['type'] }[]
  readonly description?: string
}

/** The value of a key column in code. */
export type KeyValue<D> = Exclude<ColumnValue<D>, null>

/**
 * Declares an entity by its typed key columns.
 * @throws definition_invalid for no key column, or one of another type than string, int, bool, timestamp
 */
export function entity<Name extends string, Key extends KeyColumns>(
  name: Name,
  options: { readonly key: Key; readonly description?: string },
): Entity<Name, Key> {
  const owner = `entity ${name}`
  const columns = Object.entries(options.key ?? {})
  if (columns.length === 0) throw invalid(owner, 'key', 'has no column', 'Declare at least one: key: { id: string() }.')
  for (const [column, type] of columns) {
    checkColumnName(column, owner)
    if (!['string', 'int', 'bool', 'timestamp'].includes(type.type)) {
      throw invalid(owner, `key.${column}`, `cannot be ${type.type}`, 'Key columns are string, int, bool or timestamp.')
    }
  }
  return defined({ kind: 'entity', name, key: Object.freeze({ ...options.key }), description: options.description })
}

/** The entity as it goes into the manifest. */
export function entitySpec({ name, key, description }: Entity): EntitySpec {
  return {
    name,
    key: Object.entries(key).map(([column, type]) => ({ name: column, type: dtypeSpec(type).type })),
    ...(description === undefined ? {} : { description }),
  }
}
