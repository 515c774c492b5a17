import type { DeriveSpec, Manifest, ModelSpec, ResolvedFeature } from '../define/index.ts'
import { digestJson } from '../digest.ts'
import type { DtypeName } from '../values/index.ts'
import { layOutMoment, type MomentLayout, referenceSlot } from './moment-layout.ts'
import type { PredictionContract } from './prediction-contract.ts'

/**
 * How values flow at one moment: from the request and one lookup through the derives to every model that answers there.
 * Each value has a slot in one flat list: request first (`moment-layout.ts`), then features, then derives. What two models
 * share stands there once.
 */
export interface Wiring {
  readonly layout: MomentLayout
  readonly features: readonly WiredFeature[]
  readonly derives: readonly WiredDerive[]
  readonly models: ReadonlyMap<string, WiredModel>
  /** What could not be wired, by the name that it was asked for under, and why. */
  readonly problems: ReadonlyMap<string, string>
  /** How many slots there are in all. */
  readonly size: number
}

/** One feature of one role. */
export interface WiredFeature {
  /** Index into `layout.roles`. */
  readonly role: number
  readonly resolved: ResolvedFeature
  readonly slot: number
}

/** One derive and where its parameters come from. */
export interface WiredDerive {
  readonly name: string
  /** Its name among the functions of the moment: two versions may have derives of one name and other code. */
  readonly key: string
  readonly type: DtypeName
  /** Digest of its code. */
  readonly code: string
  readonly parameters: readonly WiredColumn[]
  readonly slot: number
}

/** A name under which code or a model reads a slot. */
export interface WiredColumn {
  readonly name: string
  readonly type: DtypeName
  readonly slot: number
}

/** A model's view of the slots. */
export interface WiredModel {
  readonly columns: readonly WiredColumn[]
  /** Indexes into `features`: all that the model or a derive of it reads. */
  readonly features: readonly number[]
  /** Indexes into `derives`. */
  readonly derives: readonly number[]
  readonly contract: PredictionContract
}

/**
 * Wires models (by any name, such as `flight-delay:12`) to a moment. A model is wired as it was trained: a feature that
 * means something else today, or a field that is gone, is a problem of that model and of no other.
 */
export function wireMoment(manifest: Manifest, moment: string, models: ReadonlyMap<string, ModelSpec>): Wiring {
  const layout = layOutMoment(manifest.moments[moment]!)
  const features: Omit<WiredFeature, 'slot'>[] = []
  const derives: DeriveSpec[] = []
  const featureIndex = new Map<string, number>()
  const deriveIndex = new Map<string, number>()
  const problems = new Map<string, string>()
  const drafts = new Map<string, ModelDraft>()

  const wireFeature = (roleName: string, view: string, feature: string, digest: string | null): number => {
    const role = layout.roles.findIndex((laid) => laid.role === roleName)
    if (role < 0) throw new Problem(`role_gone: ${roleName}`)
    const resolved = resolveFeature(manifest, layout.roles[role]!.entity, view, feature, digest)
    if (resolved === null) throw new Problem(`feature_changed: ${view}:${feature}`)
    const key = `${role} ${resolved.feature.digest}`
    const index = featureIndex.get(key) ?? features.push({ role, resolved }) - 1
    featureIndex.set(key, index)
    return index
  }

  for (const [name, spec] of models) {
    const draft: ModelDraft = { spec, columns: [], features: new Set(), derives: new Set() }
    const added = { features: features.length, derives: derives.length }
    try {
      for (const input of spec.inputs) draftInput(input, draft)
      drafts.set(name, draft)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problems.set(name, error.message)
      // What only this model wanted is not looked up for it in vain.
      forget(featureIndex, features, added.features)
      forget(deriveIndex, derives, added.derives)
    }
  }

  function draftInput(input: ModelSpec['inputs'][number], draft: ModelDraft): void {
    if (input.input === 'feature') {
      const index = wireFeature(input.role, input.view, input.feature, input.digest)
      draft.features.add(index)
      draft.columns.push({ name: input.column, type: input.type, from: 'feature', index })
    } else if (input.input === 'reference') {
      const index = referenceSlot(layout, input.reference)
      if (index === undefined) throw new Problem(`field_gone: ${input.column}`)
      draft.columns.push({ name: input.column, type: input.type, from: 'request', index })
    } else {
      for (const parameter of Object.values(input.inputs)) {
        if (parameter.reference === 'feature') {
          draft.features.add(wireFeature(parameter.role, parameter.view, parameter.feature, parameter.digest))
        } else if (referenceSlot(layout, parameter) === undefined) throw new Problem(`field_gone: ${input.name}`)
      }
      const key = digestJson([input.name, input.type, input.code, input.inputs])
      const index = deriveIndex.get(key) ?? derives.push(input) - 1
      deriveIndex.set(key, index)
      draft.derives.add(index)
      draft.columns.push({ name: input.column, type: input.type, from: 'derive', index })
    }
  }

  const base = { request: 0, feature: layout.size, derive: layout.size + features.length }
  const wiredFeatures = features.map((feature, index) => ({ ...feature, slot: base.feature + index }))
  const slotOf = (parameter: DeriveSpec['inputs'][string]): number => {
    if (parameter.reference !== 'feature') return referenceSlot(layout, parameter)! // seen above
    return base.feature + wireFeature(parameter.role, parameter.view, parameter.feature, parameter.digest) // wired above
  }
  const namesakes = (name: string) =>
    new Set(derives.filter((derive) => derive.name === name).map(({ code }) => code)).size
  const wiredDerives = derives.map(({ name, type, code, inputs }, index) => ({
    name,
    key: namesakes(name) > 1 ? `derive ${name} (${code.slice(0, 8)})` : `derive ${name}`,
    type,
    code,
    parameters: Object.entries(inputs).map(([parameter, spec]) => ({
      name: parameter,
      type: spec.type,
      slot: slotOf(spec),
    })),
    slot: base.derive + index,
  }))
  const wiredModels = new Map<string, WiredModel>()
  for (const [name, draft] of drafts) {
    const columns = draft.columns.map((column) => ({
      name: column.name,
      type: column.type,
      slot: base[column.from] + column.index,
    }))
    const used = { features: [...draft.features], derives: [...draft.derives] }
    const contract = contractOf(manifest, layout, draft.spec, {
      features: used.features.map((index) => wiredFeatures[index]!),
      derives: used.derives.map((index) => wiredDerives[index]!),
    })
    wiredModels.set(name, { columns, ...used, contract })
  }
  return {
    layout,
    features: wiredFeatures,
    derives: wiredDerives,
    models: wiredModels,
    problems,
    size: base.derive + derives.length,
  }
}

interface ModelDraft {
  readonly spec: ModelSpec
  readonly columns: { name: string; type: DtypeName; from: 'request' | 'feature' | 'derive'; index: number }[]
  readonly features: Set<number>
  readonly derives: Set<number>
}

/** Why a model cannot be wired; caught here, never seen outside. */
class Problem extends Error {}

function forget(index: Map<string, number>, list: unknown[], length: number): void {
  for (const [key, at] of index) if (at >= length) index.delete(key)
  list.length = length
}

/** The feature that means what the version was trained on: by its name, else by its digest under another name. */
function resolveFeature(
  manifest: Manifest,
  entity: string,
  viewName: string,
  featureName: string,
  digest: string | null,
): ResolvedFeature | null {
  const named = manifest.featureViews[viewName]
  const views = named === undefined ? [] : [named]
  for (const view of digest === null ? views : [...views, ...Object.values(manifest.featureViews)]) {
    if (view.entity !== entity) continue
    const feature = view.features.find((one) => (digest === null ? one.name === featureName : one.digest === digest))
    const source = manifest.sources[view.source]
    if (feature !== undefined && source !== undefined) return { feature, view, source }
  }
  return null
}

function contractOf(
  manifest: Manifest,
  layout: MomentLayout,
  spec: ModelSpec,
  used: { readonly features: readonly WiredFeature[]; readonly derives: readonly WiredDerive[] },
): PredictionContract {
  const field = ({ name, type }: { readonly name: string; readonly type: DtypeName }) => ({ name, type })
  return {
    format: 1,
    project: manifest.project,
    moment: layout.moment,
    model: spec.name,
    key: layout.key.map(field),
    entities: layout.roles.map(({ role, entity, columns }) => ({ role, entity, key: columns.map(field) })),
    request: layout.request.map(field),
    features: used.features.map(({ role, resolved: { feature, view, source } }) => ({
      role: layout.roles[role]!.role,
      view: view.name,
      feature: feature.name,
      source: source.name,
      type: feature.type,
      digest: feature.digest,
    })),
    derived: used.derives.map(({ name, type, code }) => ({ name, type, code })),
  }
}
