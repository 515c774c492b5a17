import type {
  Derive,
  DeriveInputSpec,
  FeatureInput,
  FeatureViewSpec,
  InputSpec,
  ModelInput,
  MomentReference,
  MomentSpec,
} from '../define/index.ts'
import type { Digest } from '../digest.ts'
import { isOneOf, listed, mistake, type Place } from './mistake.ts'
import { hasReference, momentColumns, reservedColumns } from './moment-columns.ts'
import { dtypeNames } from './source-spec.ts'

/** What the inputs of a model are resolved against. */
export interface InputContext {
  readonly moment: MomentSpec
  readonly views: Readonly<Record<string, FeatureViewSpec>>
  /** The digest of the code of a function. */
  codeOf(run: (...inputs: never[]) => unknown): Digest
}

/**
 * The inputs of a model, one entry a column: `<role>_<feature>` or what `.as()` made of it, fields of the moment, derives.
 * @throws definition_invalid where two inputs make one column or an input refers to what is not there
 */
export function inputSpecs(place: Place, inputs: readonly ModelInput[], context: InputContext): InputSpec[] {
  const taken = new Map<string, string>()
  const ofMoment = new Set(momentColumns(context.moment).map(({ name }) => name))
  return inputs.flatMap((input, index) => {
    const field = `inputs[${index}]`
    const specs = oneInput(place, field, input, context)
    for (const { column, input: kind } of specs) {
      if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(column))
        throw mistake(place, field, `makes '${column}', which is not a column name`, 'Use letters, digits and _.')
      const other = taken.get(column)
      if (other !== undefined) {
        throw mistake(
          place,
          field,
          `makes the column '${column}', which ${other} makes too`,
          `Take it once, or rename it: .as({ ${column}: '...' }).`,
        )
      }
      taken.set(column, field)
      if (kind === 'reference') continue
      if (ofMoment.has(column) || reservedColumns.includes(column)) {
        throw mistake(
          place,
          field,
          `makes the column '${column}', which every training set of moment ${context.moment.name} has`,
          kind === 'feature' ? `Rename it: .as({ ${column}: '...' }).` : 'Choose another name.',
        )
      }
    }
    return specs
  })
}

function oneInput(place: Place, field: string, input: ModelInput, context: InputContext): InputSpec[] {
  if (!('input' in input)) {
    checkReference(place, field, input, context.moment)
    return [{ input: 'reference', column: input.name, type: input.spec.type, reference: input.spec }]
  }
  if (input.input === 'features') return featureInputs(place, field, input, context)
  return [{ ...deriveSpec(place, field, input, context), column: input.name }]
}

function featureInputs(place: Place, field: string, input: FeatureInput, { views }: InputContext): InputSpec[] {
  const { role, view } = input
  const made = input.names.map((name) => `${role}_${name}`)
  for (const renamed of Object.keys(input.columns)) {
    if (made.includes(renamed)) continue
    throw mistake(
      place,
      `${field}.as`,
      `renames '${renamed}', which ${view.name} for '${role}' does not make`,
      `It makes ${listed(made)}.`,
    )
  }
  return input.names.map((name) => {
    const feature = views[view.name]?.features.find((candidate) => candidate.name === name)
    if (feature === undefined) throw unknownFeature(place, field, view.name, name, views)
    const plain = `${role}_${name}`
    return {
      input: 'feature',
      column: input.columns[plain] ?? plain,
      type: feature.type,
      role,
      view: view.name,
      feature: name,
      digest: feature.digest,
    }
  })
}

function unknownFeature(place: Place, field: string, view: string, name: string, views: InputContext['views']) {
  const names = views[view]?.features.map((feature) => feature.name) ?? []
  return mistake(place, field, `names no feature of ${view}: '${name}'`, `Its features are ${listed(names)}.`)
}

function deriveSpec(place: Place, field: string, derive: Derive, context: InputContext) {
  const { name, type } = derive
  const at = `${field} ${name}`
  if (!isOneOf(dtypeNames, type?.type))
    throw mistake(place, `${at} type`, 'is not a type', `Write derive('${name}', int(), ...) or ${listed(dtypeNames)}.`)
  const inputs: Record<string, DeriveInputSpec> = {}
  for (const [parameter, reference] of Object.entries(derive.inputs)) {
    if (reference.reference !== 'feature') {
      checkReference(place, `${at}.${parameter}`, reference, context.moment)
      inputs[parameter] = reference.spec
      continue
    }
    const { role, view, feature } = reference
    const found = context.views[view.name]?.features.find((candidate) => candidate.name === feature)
    if (found === undefined) throw unknownFeature(place, `${at}.${parameter}`, view.name, feature, context.views)
    inputs[parameter] = {
      reference: 'feature',
      role,
      view: view.name,
      feature,
      type: found.type,
      digest: found.digest,
    }
  }
  const nullable = type.nullability !== 'required'
  return { input: 'derive' as const, name, type: type.type, nullable, inputs, code: context.codeOf(derive.run) }
}

/** A reference is a value of its own and may outlive the moment that it was taken from: hold it against the moment as it is. */
function checkReference(place: Place, field: string, { spec, moment }: MomentReference, against: MomentSpec): void {
  if (moment === against.name && hasReference(against, spec)) return
  throw mistake(
    place,
    field,
    `is not a field of moment ${against.name}`,
    `Its fields are ${listed(['at', ...momentColumns(against).map(({ name }) => name)])}.`,
  )
}
