import type { DeploymentSpec } from './deployment.ts'
import type { EntitySpec } from './entity.ts'
import type { FeatureSpec, FeatureViewSpec } from './feature-view.ts'
import type { ModelSpec } from './model.ts'
import type { MomentSpec } from './moment.ts'
import type { SourceSpec } from './source.ts'

/** The number of the contract of time, rows, windows and labels. It is part of every feature's digest. */
export const semantics = 1

/**
 * The contract: everything that a project declares, as JSON. Serving, training and monitoring read it and never run the
 * definitions again. Code stands in it by digest.
 */
export interface Manifest {
  readonly format: 1
  readonly semantics: 1
  readonly project: string
  readonly entities: Readonly<Record<string, EntitySpec>>
  readonly sources: Readonly<Record<string, SourceSpec>>
  readonly featureViews: Readonly<Record<string, FeatureViewSpec>>
  readonly moments: Readonly<Record<string, MomentSpec>>
  readonly models: Readonly<Record<string, ModelSpec>>
  readonly deployments: Readonly<Record<string, DeploymentSpec>>
  /** `kind name` -> the file that declares it, relative to the project. Not part of any digest. */
  readonly files: Readonly<Record<string, string>>
}

/** A feature with all that computes it: the unit that engines work on. */
export interface ResolvedFeature {
  readonly feature: FeatureSpec
  readonly view: FeatureViewSpec
  readonly source: SourceSpec
}
