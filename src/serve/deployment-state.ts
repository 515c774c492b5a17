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

/** The derives that the answers of these deployments need. */
export function derivesOf(asked: readonly DeploymentState[]): number[] {
  const [first, ...others] = asked
  const own = (first?.champion ?? first?.declared)?.wired.derives ?? []
  if (others.length === 0) return [...own]
  return [...new Set([...own, ...others.flatMap(({ champion, declared }) => (champion ?? declared).wired.derives)])]
}

/**
 * The groups of functions of a moment. A derive that is stopped takes its thread with it, and neither the baseline nor
 * another moment; what only shadows need runs apart from what answers.
 */
export function codeGroups(moment: string): { derives: string; shadows: string; baselines: string } {
  return { derives: `derives of ${moment}`, shadows: `shadows of ${moment}`, baselines: `baselines of ${moment}` }
}
