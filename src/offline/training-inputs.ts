import type { DeriveInputSpec, DeriveSpec, Manifest, ModelSpec, MomentSpec, ReferenceSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import type { Column, Table } from '../values/index.ts'
import type { FeatureColumn, SpineFeature } from './offline-engine.ts'

/** Runs the project's derives over columns; one column for each spec, by its name. */
export type RunDerives = (
  specs: readonly DeriveSpec[],
  inputs: DeriveInputs,
) => Promise<Readonly<Record<string, Column>>>

/** What derives read, column by column. */
export interface DeriveInputs {
  readonly rows: number
  readonly column: (input: DeriveInputSpec) => Column
}

/** A feature that a model reads, and the column that it becomes. */
export interface NeededFeature {
  readonly role: string
  readonly view: string
  readonly feature: string
  readonly input: string
}

type FeatureInputReference = Extract<DeriveInputSpec, { reference: 'feature' }>

/** The features that the model's inputs and their derives read, each once. @throws not_found */
export function neededFeatures(manifest: Manifest, model: ModelSpec): NeededFeature[] {
  const needed = new Map<string, NeededFeature>()
  for (const input of model.inputs) {
    if (input.input === 'feature') needed.set(featureName(input), { ...pickFeature(input), input: input.column })
  }
  for (const input of model.inputs) {
    if (input.input !== 'derive') continue
    for (const reference of Object.values(input.inputs)) {
      if (reference.reference !== 'feature' || needed.has(featureName(reference))) continue
      needed.set(featureName(reference), { ...pickFeature(reference), input: featureName(reference) })
    }
  }
  for (const { view, feature } of needed.values()) featureOf(manifest, view, feature)
  return [...needed.values()]
}

function featureName({ role, view, feature }: Pick<FeatureInputReference, 'role' | 'view' | 'feature'>): string {
  return `${role}_${view}:${feature}`
}

function pickFeature({ role, view, feature }: Pick<FeatureInputReference, 'role' | 'view' | 'feature'>) {
  return { role, view, feature }
}

/** A feature with its view and source. @throws not_found */
export function featureOf(manifest: Manifest, view: string, name: string) {
  const spec = manifest.featureViews[view]
  const feature = spec?.features.find((each) => each.name === name)
  if (spec === undefined || feature === undefined)
    throw noonmarkError('not_found', { message: `There is no feature ${view}:${name}.`, path: `${view}:${name}` })
  return { view: spec, feature, source: manifest.sources[spec.source]! }
}

/** A needed feature with its entity's key on the spine and its instants. @throws not_found for an unknown role */
export function spineFeature(
  manifest: Manifest,
  moment: MomentSpec,
  moments: Table,
  { role, view, feature }: NeededFeature,
  asOf: (source: string) => Float64Array,
): SpineFeature {
  const resolved = featureOf(manifest, view, feature)
  const entity = moment.entities.find((each) => each.role === role)
  if (entity === undefined)
    throw noonmarkError('not_found', { message: `The moment ${moment.name} has no role '${role}'.`, path: role })
  const key = entity.key.map(({ name }) => moments.columns[roleColumn(entity, name)]!)
  return { ...resolved, key, asOf: asOf(resolved.source.name) }
}

function roleColumn(entity: MomentSpec['entities'][number], keyColumn: string): string {
  return entity.key.length === 1 ? entity.role : `${entity.role}_${keyColumn}`
}

/** The input columns of a model: features, references, and what derives make of them. */
export async function inputColumns(
  model: ModelSpec,
  derive: RunDerives,
  moment: MomentSpec,
  moments: Table,
  needed: readonly NeededFeature[],
  features: readonly FeatureColumn[],
): Promise<Record<string, Column>> {
  const values = new Map(needed.map((feature, i) => [featureName(feature), features[i]!.values]))
  const column = (input: DeriveInputSpec): Column =>
    input.reference === 'feature' ? values.get(featureName(input))! : referenceColumn(moment, moments, input)
  const specs = model.inputs.filter((input) => input.input === 'derive')
  const derived = specs.length === 0 ? {} : await derive(specs, { rows: moments.rows, column })
  const columns: Record<string, Column> = {}
  for (const input of model.inputs) {
    if (input.input === 'feature') columns[input.column] = values.get(featureName(input))!
    else if (input.input === 'reference') columns[input.column] = referenceColumn(moment, moments, input.reference)
    else columns[input.column] = derived[input.name]!
  }
  return columns
}

function referenceColumn(moment: MomentSpec, moments: Table, reference: ReferenceSpec): Column {
  switch (reference.reference) {
    case 'at':
      return moments.columns.at!
    case 'entity': {
      const entity = moment.entities.find(({ role }) => role === reference.role)!
      return moments.columns[roleColumn(entity, reference.column)]!
    }
    default:
      return moments.columns[reference.field]!
  }
}
