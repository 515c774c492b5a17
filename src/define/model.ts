import { type DtypeName, type Duration, durationMs, type Instant, parseInstant } from '../values/index.ts'
import type { CheckSpec } from './check.ts'
import { type Definition, defined, invalid } from './definition.ts'
import type { Derive, DeriveSpec } from './derive.ts'
import type { FeatureInput } from './feature-view.ts'
import type { Moment, MomentReference, ReferenceSpec } from './moment.ts'
import type { Outcome, OutcomeSpec } from './outcome.ts'
import type { TrainerSpec } from './trainer.ts'

/** How much depends on a model. */
export type Tier = 'critical' | 'standard' | 'experimental'

/** One input column of a model in the manifest. */
export type InputSpec =
  | {
      readonly input: 'feature'
      readonly column: string
      readonly type: DtypeName
      readonly role: string
      readonly view: string
      readonly feature: string
      readonly digest: string
    }
  | {
      readonly input: 'reference'
      readonly column: string
      readonly type: DtypeName
      readonly reference: ReferenceSpec
    }
  | (DeriveSpec & { readonly column: string })

/** Which moments train and which validate: by time, never by chance. */
export interface SplitSpec {
  readonly from: Instant | null
  /** Moments from here on validate. */
  readonly validateFrom: Instant | null
  /** The share of the time span that validates where `validateFrom` is null. */
  readonly validateShare: number
  readonly to: Instant | null
}

/** A model in the manifest. */
export interface ModelSpec {
  readonly name: string
  readonly moment: string
  readonly inputs: readonly InputSpec[]
  readonly label: OutcomeSpec
  readonly trainer: TrainerSpec
  /** Digest of the baseline's code; null where there is none. */
  readonly baseline: string | null
  readonly checks: readonly CheckSpec[]
  readonly split: SplitSpec
  readonly retrain: { readonly everyMs: number | null; readonly maxAgeMs: number | null } | null
  readonly tier: Tier
  readonly owner?: string
  readonly description?: string
}

/** Anything that may stand in `inputs`. */
export type ModelInput = FeatureInput | Derive | MomentReference

/** The columns that one input makes, with the value that code sees. */
export type InputColumns<I> = I extends {
  readonly input: 'features'
  readonly role: infer R extends string
  readonly $values?: infer F
}
  ? FeatureColumns<R, NonNullable<F>, I extends { readonly $renamed?: infer M } ? NonNullable<M> : never>
  : I extends Derive<infer N, infer T>
    ? { readonly [K in N]: T }
    : I extends MomentReference<infer N, infer T>
      ? { readonly [K in N]: T }
      : never

type FeatureColumns<R extends string, F, M> = {
  readonly [K in keyof F & string as ColumnName<R, K, M>]: F[K]
}

/** `<role>_<feature>`, or what `.as()` made of it. */
type ColumnName<R extends string, K extends string, M> = string extends keyof M
  ? `${R}_${K}`
  : `${R}_${K}` extends keyof M
    ? M[`${R}_${K}`] & string
    : `${R}_${K}`

type Merge<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void
  ? { readonly [K in keyof I]: I[K] }
  : never

/** The row of a model: one property an input column. */
export type RowOf<I extends readonly unknown[]> = Merge<InputColumns<I[number]>>

/** Stands for the inputs where they fit the moment; for a wrong one, a sentence. */
type CheckInputs<M, I extends readonly unknown[]> = { readonly [K in keyof I]: CheckInput<M, I[K]> }

type CheckInput<M, I> = M extends { readonly name: infer Name extends string; readonly roles: infer E }
  ? I extends {
      readonly input: 'features'
      readonly entity: infer Entity extends string
      readonly role: infer R extends string
    }
    ? R extends keyof E
      ? EntityName<E[R]> extends Entity
        ? I
        : `The role '${R}' of moment '${Name}' is a '${EntityName<E[R]>}', and these features describe a '${Entity}'`
      : `The moment '${Name}' has no entity role '${R}'`
    : I
  : never

type EntityName<E> = E extends { readonly name: infer N extends string } ? N : string

export interface ModelOptions<M, I extends readonly ModelInput[]> {
  readonly moment: M
  readonly inputs: I & CheckInputs<M, I>
  readonly label: Outcome<boolean>
  readonly trainer: TrainerSpec
  /** The rule that the model must beat, and the answer when it cannot. Returns a probability. */
  readonly baseline?: (row: RowOf<I>) => number
  readonly checks?: readonly CheckSpec[]
  readonly split?: {
    readonly from?: string
    readonly validateFrom?: string
    readonly validateShare?: number
    readonly to?: string
  }
  readonly retrain?: { readonly every?: Duration; readonly maxAge?: Duration }
  readonly tier?: Tier
  readonly owner?: string
  readonly description?: string
}

/** A model: what is predicted at a moment, from what, and how it is judged. */
export interface Model<Name extends string = string> extends Definition<'model', Name> {
  readonly moment: Moment
  readonly inputs: readonly ModelInput[]
  readonly label: Outcome
  readonly trainer: TrainerSpec
  readonly baseline: ((row: never) => number) | undefined
  readonly checks: readonly CheckSpec[]
  readonly split: SplitSpec
  readonly retrain: ModelSpec['retrain']
  readonly tier: Tier
  readonly owner: string | undefined
  readonly description: string | undefined
}

/**
 * Declares a model.
 * @throws definition_invalid naming model and field
 */
export function model<Name extends string, M extends Moment, const I extends readonly ModelInput[]>(
  name: Name,
  options: ModelOptions<M, I>,
): Model<Name> {
  const owner = `model ${name}`
  // Generics end at the door: behind it a model is plain inputs of a plain moment.
  const moment: Moment = options.moment
  const inputs: readonly ModelInput[] = options.inputs
  if (inputs === undefined || inputs.length === 0)
    throw invalid(owner, 'inputs', 'are none', 'Name at least one feature, request field or derive.')
  for (const [index, input] of inputs.entries()) checkInput(owner, moment, input, index)
  if (options.label === undefined)
    throw invalid(owner, 'label', 'is missing', 'Declare it: label: outcome(source, { value, within }).')
  if (options.trainer?.kind === undefined)
    throw invalid(owner, 'trainer', 'is missing', 'Choose one: gradientBoosting() or logisticRegression().')
  const split = options.split ?? {}
  const instant = (field: 'from' | 'validateFrom' | 'to'): Instant | null => {
    const text = split[field]
    return text === undefined
      ? null
      : parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text, {
          path: `${owner} > split.${field}`,
        })
  }
  const splitSpec: SplitSpec = {
    from: instant('from'),
    validateFrom: instant('validateFrom'),
    validateShare: split.validateShare ?? 0.2,
    to: instant('to'),
  }
  const bounds = [splitSpec.from, splitSpec.validateFrom, splitSpec.to].filter((bound) => bound !== null)
  if (bounds.some((bound, i) => i > 0 && bound <= bounds[i - 1]!)) {
    throw invalid(owner, 'split', 'is out of order', 'Let from < validateFrom < to.')
  }
  if (!(splitSpec.validateShare > 0 && splitSpec.validateShare < 1))
    throw invalid(owner, 'split.validateShare', 'is not between 0 and 1', 'Give a share such as 0.2.')
  const retrain = options.retrain
  const optionalMs = (text: Duration | undefined, field: string) =>
    text === undefined ? null : durationMs(text, `${owner} > ${field}`)
  return defined({
    kind: 'model',
    name,
    moment,
    inputs: Object.freeze([...inputs]),
    label: options.label,
    trainer: options.trainer,
    baseline: options.baseline as ((row: never) => number) | undefined, // the row's type is known at the door only
    checks: Object.freeze([...(options.checks ?? [])]),
    split: Object.freeze(splitSpec),
    retrain:
      retrain === undefined
        ? null
        : {
            everyMs: optionalMs(retrain.every, 'retrain.every'),
            maxAgeMs: optionalMs(retrain.maxAge, 'retrain.maxAge'),
          },
    tier: options.tier ?? 'standard',
    owner: options.owner,
    description: options.description,
  })
}

function checkInput(owner: string, moment: Moment, input: ModelInput, index: number): void {
  const field = `inputs[${index}]`
  if ('input' in input && input.input === 'features') {
    checkRole(owner, field, moment, input.role, input.entity)
  } else if ('input' in input && input.input === 'derive') {
    for (const [parameter, reference] of Object.entries(input.inputs)) {
      const at = `${field} ${input.name}.${parameter}`
      if (reference.reference === 'feature') checkRole(owner, at, moment, reference.role, reference.entity)
      else checkMoment(owner, at, moment, reference.moment)
    }
  } else if ('reference' in input) {
    checkMoment(owner, field, moment, input.moment)
  } else {
    throw invalid(
      owner,
      field,
      'is not an input',
      "Write view.for('role'), derive(...) or a field of the moment such as quote.request.distance.",
    )
  }
}

function checkRole(owner: string, field: string, moment: Moment, role: string, entity: string): void {
  const found = moment.roles[role]
  if (found === undefined) {
    throw invalid(
      owner,
      field,
      `asks for the role '${role}', which moment ${moment.name} does not have`,
      `Its roles are ${Object.keys(moment.roles).join(', ') || 'none'}.`,
    )
  }
  if (found.name !== entity)
    throw invalid(
      owner,
      field,
      `gives features of ${entity} to the role '${role}', which is a ${found.name}`,
      'Choose a role of that entity.',
    )
}

function checkMoment(owner: string, field: string, moment: Moment, name: string): void {
  if (name !== moment.name)
    throw invalid(owner, field, `belongs to moment ${name}`, `Use the fields of moment ${moment.name}.`)
}
