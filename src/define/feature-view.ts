import type { DtypeName } from '../values/index.ts'
import type { Aggregate, AggregateSpec } from './aggregate.ts'
import { checkColumnName, type Definition, defined, invalid } from './definition.ts'
import type { Entity } from './entity.ts'
import { type Columns, type RowExpressions, rowExpressions, type Source } from './source.ts'

/** One feature in the manifest. `view:name` is its reference. */
export interface FeatureSpec {
  readonly name: string
  readonly aggregate: AggregateSpec
  readonly type: DtypeName
  readonly description?: string
  /** What the feature means: SHA-256 over canonical JSON. State is keyed by it. */
  readonly digest: string
}

/** A feature view in the manifest. */
export interface FeatureViewSpec {
  readonly name: string
  readonly entity: string
  readonly source: string
  /** The source's column for each key column of the entity, in the key's order. */
  readonly key: readonly { readonly entity: string; readonly source: string; readonly type: DtypeName }[]
  readonly features: readonly FeatureSpec[]
  readonly owner?: string
  readonly description?: string
}

/** Features by name with the value that code sees for each. */
export type FeatureValues = Readonly<Record<string, unknown>>

/** Features of one entity computed from one source. */
export interface FeatureView<
  Name extends string = string,
  E extends string = string,
  F extends FeatureValues = FeatureValues,
> extends Definition<'feature-view', Name>,
    FeatureSet<Name, E, F> {
  readonly entity: Entity<E>
  readonly source: Source
  readonly key: FeatureViewSpec['key']
  readonly features: Readonly<Record<string, Aggregate>>
  readonly owner: string | undefined
  readonly description: string | undefined
  /** Some of the features. */
  pick<const N extends string>(
    ...names: readonly (N & FeatureName<Name, F, N>)[]
  ): FeatureSet<Name, E, Pick<F, N & keyof F>>
  /** One feature for a role, as an input of a `derive`. */
  feature<const N extends string>(
    name: N & FeatureName<Name, F, N>,
  ): { for<const R extends string>(role: R): FeatureReference<E, R, F[N & keyof F]> }
}

/** Features chosen from a view, not yet for a role. */
export interface FeatureSet<
  Name extends string = string,
  E extends string = string,
  F extends FeatureValues = FeatureValues,
> {
  readonly view: Name
  /** The features as inputs of a model, for an entity role of its moment: columns `<role>_<feature>`. */
  for<const R extends string>(role: R): FeatureInput<E, R, F>
}

/** Features of a view for a role of the moment. */
export interface FeatureInput<
  E extends string = string,
  R extends string = string,
  F extends FeatureValues = FeatureValues,
> {
  readonly input: 'features'
  readonly view: FeatureView
  readonly entity: E
  readonly role: R
  readonly names: readonly (keyof F & string)[]
  /** Carries the values; there is nothing at run time. */
  readonly $values?: F
  /** Renames columns: `{ origin_mean_delay_1h: 'delay' }`. */
  readonly columns: Readonly<Record<string, string>>
  as<const M extends Readonly<Record<string, string>>>(columns: M): FeatureInput<E, R, F> & { readonly $renamed?: M }
}

/** One feature for a role. */
export interface FeatureReference<E extends string = string, R extends string = string, T = unknown> {
  readonly reference: 'feature'
  readonly view: FeatureView
  readonly entity: E
  readonly role: R
  readonly feature: string
  readonly $value?: T
}

/** Stands for the name where it is a feature, and for a sentence where it is not. */
type FeatureName<View extends string, F, N extends string> = N extends keyof F
  ? N
  : `The feature view '${View}' has no feature '${N}'`

type ValuesOf<A> = { readonly [K in keyof A]: A[K] extends Aggregate<infer T> ? T : never }

export interface FeatureViewOptions<
  E extends Entity,
  C extends Columns,
  A extends Readonly<Record<string, Aggregate>>,
> {
  readonly entity: E
  readonly source: Source<string, C>
  /** Which column of the source is which key column of the entity; equal names where left out. */
  readonly key?: { readonly [K in keyof E['key']]?: keyof C & string }
  readonly features: (row: RowExpressions<C>) => A
  readonly owner?: string
  readonly description?: string
}

/**
 * Declares features: expressions and aggregates over the rows of a source, for each entity.
 * @throws definition_invalid naming view and field
 */
export function featureView<
  Name extends string,
  E extends string,
  K extends Entity['key'],
  C extends Columns,
  A extends Readonly<Record<string, Aggregate>>,
>(name: Name, options: FeatureViewOptions<Entity<E, K>, C, A>): FeatureView<Name, E, ValuesOf<A>> {
  const owner = `feature-view ${name}`
  const { entity, source } = options
  const mapping: Readonly<Record<string, string | undefined>> = options.key ?? {}
  const key = Object.entries(entity.key).map(([entityColumn, { type }]) => {
    const sourceColumn = mapping[entityColumn] ?? entityColumn
    const found = source.spec.columns[sourceColumn]
    if (found === undefined) {
      throw invalid(
        owner,
        `key.${entityColumn}`,
        `names no column of source ${source.name}: '${sourceColumn}'`,
        `Say which column it is: key: { ${entityColumn}: '...' }; declared are ${Object.keys(source.columns).join(', ')}.`,
      )
    }
    if (found.type !== type)
      throw invalid(
        owner,
        `key.${entityColumn}`,
        `is ${type}, and ${source.name}.${sourceColumn} is ${found.type}`,
        'Give both the same type.',
      )
    return { entity: entityColumn, source: sourceColumn, type }
  })
  const features = options.features(rowExpressions(source))
  const names = Object.keys(features)
  if (names.length === 0) throw invalid(owner, 'features', 'are none', 'Declare at least one.')
  for (const feature of names) {
    checkColumnName(feature, owner)
    if (features[feature]?.aggregate === undefined) {
      throw invalid(
        owner,
        `features.${feature}`,
        'is not an aggregate',
        "Write count(), mean(row.column).over('1h'), latest(row.column) ...",
      )
    }
  }
  const has = (feature: string) => {
    if (!names.includes(feature))
      throw invalid(owner, feature, 'is not a feature', `The features are ${names.join(', ')}.`)
  }
  const select = (chosen: readonly string[], role: string): FeatureInput => featureInput(view, role, chosen, {})
  const view: FeatureView = defined({
    kind: 'feature-view',
    name,
    view: name,
    entity,
    source,
    key,
    features: Object.freeze({ ...features }),
    owner: options.owner,
    description: options.description,
    for: (role: string) => select(names, role),
    pick(...chosen: readonly string[]) {
      chosen.forEach(has)
      return Object.freeze({ view: name, for: (role: string) => select(chosen, role) })
    },
    feature(feature: string) {
      has(feature)
      return {
        for: (role: string) => Object.freeze({ reference: 'feature', view, entity: entity.name, role, feature }),
      }
    },
  } as FeatureView) // built behind the typed door: names and values were checked above
  return view as unknown as FeatureView<Name, E, ValuesOf<A>> // the same value through its typed face
}

function featureInput(
  view: FeatureView,
  role: string,
  names: readonly string[],
  columns: Readonly<Record<string, string>>,
): FeatureInput {
  const input = {
    input: 'features' as const,
    view,
    entity: view.entity.name,
    role,
    names: Object.freeze([...names]),
    columns: Object.freeze({ ...columns }),
    as: (renamed: Readonly<Record<string, string>>) => featureInput(view, role, names, { ...columns, ...renamed }),
  }
  return Object.freeze(input) as FeatureInput // `as` gives a narrower type than the plain record can say
}
