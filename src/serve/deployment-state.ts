import type { DeploymentSpec } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import type { RecordSlots } from './prediction-record.ts'
import type { ServableVersion } from './version.ts'
import type { WiredModel, Wiring } from './wiring.ts'

/** A deployment with everything that answers for it, ready to run. */
export interface DeploymentState {
  readonly spec: DeploymentSpec
  readonly champion: ServingModel | null
  /** `model:number` of the champion, also where it cannot answer. */
  readonly championName: string | null
  /** Why there is no champion: a code. */
  readonly championMissing: string | null
  readonly shadows: readonly ServingModel[]
  /** The model as it is declared now: what a baseline reads, and what is logged where no version took part. */
  readonly declared: LoggedModel
  /** Whether there is a baseline, and its inputs are there. */
  readonly baseline: boolean
  /** The group of functions in which baselines run. */
  readonly baselineGroup: string
}

/** A model's place in the wiring and in the log. */
export interface LoggedModel {
  readonly wired: WiredModel
  readonly slots: RecordSlots
}

/** A version with its place. */
export interface ServingModel extends LoggedModel {
  readonly version: ServableVersion
}

/** Where the records of a wired model find their values. */
export function recordSlots(wiring: Wiring, model: WiredModel, contract: Digest): RecordSlots {
  const { layout } = wiring
  return {
    contract,
    key: layout.key,
    entities: layout.roles.map(({ columns }) => columns),
    request: layout.request,
    features: model.features.map((index) => {
      const { slot, resolved } = wiring.features[index]!
      return { slot, type: resolved.feature.type, index }
    }),
    derived: model.derives.map((index) => wiring.derives[index]!),
  }
}
