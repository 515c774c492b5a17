import type { FeatureSpec, Manifest, ModelSpec, ReferenceSpec } from '../define/index.ts'
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

/** What a model reads. */
export function modelUses(model: ModelSpec): ModelUses {
  const features = new Map<string, FeatureUse>()
  const references: ReferenceSpec[] = []
  const use = ({ view, feature, digest }: FeatureUse) => {
    features.set(`${view}:${feature}`, { view, feature, digest })
  }
  for (const input of model.inputs) {
    if (input.input === 'feature') use(input)
    else if (input.input === 'reference') references.push(input.reference)
    else {
      for (const part of Object.values(input.inputs)) {
        if (part.reference !== 'feature') references.push(part)
        else use(part)
      }
    }
  }
  return { moment: model.moment, features: [...features.values()], references }
}

/** A feature of a manifest by its view and name. */
export function findFeature(manifest: Manifest, view: string, feature: string): FeatureSpec | undefined {
  return manifest.featureViews[view]?.features.find((candidate) => candidate.name === feature)
}
