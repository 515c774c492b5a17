import type { FeatureSpec, InputSpec, Manifest, ModelSpec, ReferenceSpec } from '../define/index.ts'
import type { Digest } from '../digest.ts'

/** A feature that a model reads, by the digest of what it means. */
export interface FeatureUse {
  readonly view: string
  readonly feature: string
  readonly digest: Digest
}

/** What a model, and each version trained from it, reads: its lineage one step up. */
export interface ModelUses {
  readonly moment: string
  /** Each once, also those that only a derive reads. */
  readonly features: readonly FeatureUse[]
  /** Fields of the moment, also those that only a derive reads. */
  readonly references: readonly ReferenceSpec[]
}

/** What a model of a manifest reads. */
export function modelUses(manifest: Manifest, model: ModelSpec): ModelUses {
  const features = new Map<string, FeatureUse>()
  const references: ReferenceSpec[] = []
  const use = (view: string, feature: string, digest: Digest | undefined) => {
    if (digest !== undefined) features.set(`${view}:${feature}`, { view, feature, digest })
  }
  for (const input of model.inputs) {
    if (input.input === 'feature') use(input.view, input.feature, input.digest)
    else if (input.input === 'reference') references.push(input.reference)
    else {
      for (const part of Object.values(input.inputs)) {
        if (part.reference !== 'feature') references.push(part)
        else use(part.view, part.feature, findFeature(manifest, part.view, part.feature)?.digest)
      }
    }
  }
  return { moment: model.moment, features: [...features.values()], references }
}

/** A feature of a manifest by its view and name. */
export function findFeature(manifest: Manifest, view: string, feature: string): FeatureSpec | undefined {
  return manifest.featureViews[view]?.features.find((candidate) => candidate.name === feature)
}

/** A model with the digest of every feature that its derives read, so that a change of meaning is a change of the model. */
export function resolvedModel(manifest: Manifest, model: ModelSpec): unknown {
  return { ...model, inputs: model.inputs.map((input) => resolvedInput(manifest, input)) }
}

function resolvedInput(manifest: Manifest, input: InputSpec): unknown {
  if (input.input !== 'derive') return input
  const inputs = Object.entries(input.inputs).map(([parameter, part]) => {
    if (part.reference !== 'feature') return [parameter, part]
    return [parameter, { ...part, digest: findFeature(manifest, part.view, part.feature)?.digest ?? null }]
  })
  return { ...input, inputs: Object.fromEntries(inputs) }
}
