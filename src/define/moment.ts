import { type Dtype, type DtypeName, type DtypeSpec, dtypeSpec, type FieldValue } from '../values/index.ts'
import { checkColumnName, type Definition, defined, invalid } from './definition.ts'
import type { Entity, KeyValue } from './entity.ts'
import type { Source } from './source.ts'

export type Fields = Readonly<Record<string, Dtype>>
export type Roles = Readonly<Record<string, Entity>>

/** A moment in the manifest. */
export interface MomentSpec {
  readonly name: string
  readonly source: string
  /** The key that names one occurrence: field -> type and the source's column. */
  readonly key: readonly { readonly name: string; readonly type: DtypeName; readonly column: string }[]
  /** The entity of each role and the source's column for each key column of it. */
  readonly entities: readonly {
    readonly role: string
    readonly entity: string
    readonly key: readonly { readonly name: string; readonly type: DtypeName; readonly column: string }[]
  }[]
  readonly request: readonly { readonly name: string; readonly dtype: DtypeSpec; readonly column: string }[]
  readonly owner?: string
  readonly description?: string
}

/** What an input may refer to at a moment, besides features. */
export type ReferenceSpec =
  | { readonly reference: 'request'; readonly field: string; readonly type: DtypeName }
  | { readonly reference: 'key'; readonly field: string; readonly type: DtypeName }
  | { readonly reference: 'entity'; readonly role: string; readonly column: string; readonly type: DtypeName }
  | { readonly reference: 'at'; readonly type: 'timestamp' }

/** A value of the moment's request that models and derives read: `quote.request.distance`. */
export interface MomentReference<Name extends string = string, T = unknown> {
  readonly reference: ReferenceSpec['reference']
  readonly moment: string
  /** The name of the column that it makes as an input of a model. */
  readonly name: Name
  readonly spec: ReferenceSpec
  readonly nullable: boolean
  readonly $value?: T
}

type RoleKeys<R extends string, E> =
  E extends Entity<string, infer K>
    ? { readonly [C in keyof K & string]: MomentReference<RoleColumn<R, K, C>, KeyValue<K[C]>> }
    : never

/** A role's column is the role's name where the key is one column, else `<role>_<column>`. */
type RoleColumn<R extends string, K, C extends string> = IsUnion<keyof K> extends true ? `${R}_${C}` : R
type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never

/** A named point of the business flow at which predictions are made. */
export interface Moment<
  Name extends string = string,
  K extends Fields = Fields,
  E extends Roles = Roles,
  Q extends Fields = Fields,
> extends Definition<'moment', Name> {
  readonly source: Source
  readonly roles: E
  readonly key: { readonly [F in keyof K & string]: MomentReference<F, FieldValue<K[F]>> }
  readonly request: { readonly [F in keyof Q & string]: MomentReference<F, FieldValue<Q[F]>> }
  readonly entities: { readonly [R in keyof E & string]: RoleKeys<R, E[R]> }
  /** The instant of the moment itself. */
  readonly at: MomentReference<'at', Date>
  readonly spec: MomentSpec
}

export interface MomentOptions<K extends Fields, E extends Roles, Q extends Fields> {
  /** The source whose rows are the moment's past occurrences. */
  readonly source: Source
  readonly key: K
  readonly entities?: E
  readonly request?: Q
  /** The source's column of a field, role or `<role>_<key column>` where the names differ. */
  readonly columns?: Readonly<Record<string, string>>
  readonly owner?: string
  readonly description?: string
}

/**
 * Declares a moment: its key, the entities that play a role in it, and the fields that a request carries.
 * @throws definition_invalid naming moment and field
 */
export function moment<
  Name extends string,
  const K extends Fields,
  const E extends Roles = Record<never, Entity>,
  const Q extends Fields = Record<never, Dtype>,
>(name: Name, options: MomentOptions<K, E, Q>): Moment<Name, K, E, Q> {
  const owner = `moment ${name}`
  const { source } = options
  const taken = new Map<string, string>()
  const claim = (column: string, what: string) => {
    checkColumnName(column, owner)
    if (['at', 'as_of', 'label', 'label_status', 'label_at', 'weight'].includes(column))
      throw invalid(owner, what, `is called '${column}', which every training set uses`, 'Choose another name.')
    const other = taken.get(column)
    if (other !== undefined)
      throw invalid(owner, what, `has the same name as ${other}: '${column}'`, 'Rename one of them.')
    taken.set(column, what)
  }
  const columnOf = (field: string, type: DtypeName, what: string): string => {
    const column = options.columns?.[field] ?? field
    const found = source.spec.columns[column]
    if (found === undefined) {
      throw invalid(
        owner,
        what,
        `has no column in source ${source.name}: '${column}'`,
        `Name its column: columns: { ${field}: '...' }; declared are ${Object.keys(source.columns).join(', ')}.`,
      )
    }
    if (found.type !== type)
      throw invalid(
        owner,
        what,
        `is ${type}, and ${source.name}.${column} is ${found.type}`,
        'Give both the same type.',
      )
    return column
  }
  const reference = (referenceName: string, spec: ReferenceSpec, nullable: boolean): MomentReference =>
    Object.freeze({ reference: spec.reference, moment: name, name: referenceName, spec, nullable })

  const keySpecs: MomentSpec['key'][number][] = []
  const key: Record<string, MomentReference> = {}
  for (const [field, { type }] of Object.entries(options.key ?? {})) {
    claim(field, `key.${field}`)
    if (type === 'float')
      throw invalid(owner, `key.${field}`, 'cannot be float', 'Keys are string, int, int64, bool or timestamp.')
    keySpecs.push({ name: field, type, column: columnOf(field, type, `key.${field}`) })
    key[field] = reference(field, { reference: 'key', field, type }, false)
  }
  if (keySpecs.length === 0)
    throw invalid(owner, 'key', 'has no field', 'Name what identifies one occurrence: key: { quote_id: string() }.')

  const roleSpecs: MomentSpec['entities'][number][] = []
  const entities: Record<string, Record<string, MomentReference>> = {}
  for (const [role, entity] of Object.entries(options.entities ?? {})) {
    const columns = Object.entries(entity.key)
    entities[role] = {}
    const roleKey = columns.map(([column, { type }]) => {
      const roleColumn = columns.length === 1 ? role : `${role}_${column}`
      claim(roleColumn, `entities.${role}`)
      entities[role]![column] = reference(roleColumn, { reference: 'entity', role, column, type }, false)
      return { name: column, type, column: columnOf(roleColumn, type, `entities.${role}`) }
    })
    roleSpecs.push({ role, entity: entity.name, key: roleKey })
  }

  const requestSpecs: MomentSpec['request'][number][] = []
  const request: Record<string, MomentReference> = {}
  for (const [field, type] of Object.entries(options.request ?? {})) {
    claim(field, `request.${field}`)
    requestSpecs.push({ name: field, dtype: dtypeSpec(type), column: columnOf(field, type.type, `request.${field}`) })
    request[field] = reference(field, { reference: 'request', field, type: type.type }, type.nullability === 'optional')
  }

  const definition = {
    kind: 'moment' as const,
    name,
    source,
    roles: Object.freeze({ ...options.entities }),
    key: Object.freeze(key),
    request: Object.freeze(request),
    entities: Object.freeze(entities),
    at: reference('at', { reference: 'at', type: 'timestamp' }, false),
    spec: Object.freeze({
      name,
      source: source.name,
      key: keySpecs,
      entities: roleSpecs,
      request: requestSpecs,
      ...(options.owner === undefined ? {} : { owner: options.owner }),
      ...(options.description === undefined ? {} : { description: options.description }),
    }),
  }
  return defined(definition) as unknown as Moment<Name, K, E, Q> // filled from the same options that give the types
}
