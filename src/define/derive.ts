import type { Dtype, DtypeName, DtypeValues, FieldValue } from '../values/index.ts'
import { checkColumnName, invalid } from './definition.ts'
import type { FeatureReference } from './feature-view.ts'
import type { MomentReference, ReferenceSpec } from './moment.ts'

/** What a derive may read. */
export type DeriveReference = MomentReference | FeatureReference

/** A derived input in the manifest: typed code whose inputs are its lineage. */
export interface DeriveSpec {
  readonly input: 'derive'
  readonly name: string
  readonly type: DtypeName
  readonly nullable: boolean
  /** What each parameter of the function is. */
  readonly inputs: Readonly<Record<string, DeriveInputSpec>>
  /** Digest of the function's code. */
  readonly code: string
}

export type DeriveInputSpec =
  | ReferenceSpec
  | {
      readonly reference: 'feature'
      readonly role: string
      readonly view: string
      readonly feature: string
      readonly type: DtypeName
      /** What the feature means. */
      readonly digest: string
    }

/** The value that code sees for a reference. */
export type ReferenceValue<R> =
  R extends FeatureReference<string, string, infer T> ? T : R extends MomentReference<string, infer T> ? T : never

/** A value computed by the project's code from references: written once, run for training and online. */
export interface Derive<
  Name extends string = string,
  T = unknown,
  I extends Readonly<Record<string, DeriveReference>> = Readonly<Record<string, DeriveReference>>,
> {
  readonly input: 'derive'
  readonly name: Name
  readonly type: Dtype
  readonly inputs: I
  readonly run: (inputs: never) => unknown
  readonly $value?: T
}

/** What a derive of a type may return. */
type Returned<D> = D extends Dtype<infer N> ? DtypeValues[N] | null | undefined : never

/**
 * Declares a derived input.
 * @throws definition_invalid
 */
export function derive<Name extends string, D extends Dtype, const I extends Readonly<Record<string, DeriveReference>>>(
  name: Name,
  type: D,
  inputs: I,
  run: (inputs: { readonly [K in keyof I]: ReferenceValue<I[K]> }) => Returned<D> | Promise<Returned<D>>,
): Derive<Name, FieldValue<D> | null, I> {
  const owner = `derive ${name}`
  checkColumnName(name, owner)
  for (const [parameter, reference] of Object.entries(inputs)) {
    if (reference?.reference === undefined) {
      throw invalid(
        owner,
        parameter,
        'is not a reference',
        "Write quote.request.distance, quote.at, quote.entities.origin.airport or view.feature('mean_delay_1h').for('origin').",
      )
    }
  }
  if (typeof run !== 'function')
    throw invalid(owner, 'run', 'is not a function', 'Pass the function that computes the value.')
  return Object.freeze({ input: 'derive' as const, name, type, inputs: Object.freeze({ ...inputs }), run })
}
