import type { DeploymentSpec } from '../../define/index.ts'
import type { DeploymentStateName } from '../../http/reports.ts'
import { effectiveDeployment, type Hold, isHeld } from '../../plan/index.ts'
import type { AnsweringState } from '../answering.ts'

/** How a deployment stands now. */
export interface DeploymentStanding {
  readonly state: DeploymentStateName
  readonly reason: string | null
  /** `model:number` that answers, or should. */
  readonly champion: string | null
  readonly shadows: readonly string[]
  /** A rollback that stands. */
  readonly hold: Hold | null
}

/** Which versions a deployment has by what is pinned and held, and whether they answer. */
export function standingOf(state: AnsweringState, spec: DeploymentSpec): DeploymentStanding {
  const { champion, shadow } = effectiveDeployment(spec, state.holds[spec.name])
  const found = state.holds[spec.name]
  const hold = found !== undefined && isHeld(spec, found) ? found : null
  return { ...championState(state, spec.name, champion, hold), champion, shadows: shadow, hold }
}

function championState(
  state: AnsweringState,
  deployment: string,
  champion: string | null,
  hold: Hold | null,
): Pick<DeploymentStanding, 'state' | 'reason'> {
  const trouble = champion === null ? null : pinState(state, deployment, champion)
  if (trouble !== null && trouble.state !== 'ready') return trouble
  if (hold !== null) return { state: 'held', reason: `Rolled back by ${hold.by}: ${hold.reason}` }
  if (champion === null) return { state: 'no_version', reason: 'No version is pinned; its fallback answers.' }
  return { state: 'ready', reason: null }
}

/** Whether a version that a deployment pins can answer there. */
export function pinState(
  { troubles }: Pick<AnsweringState, 'troubles'>,
  deployment: string,
  version: string,
): Pick<DeploymentStanding, 'state' | 'reason'> {
  const trouble = troubles.find((one) => one.deployment === deployment && one.version === version)
  if (trouble === undefined) return { state: 'ready', reason: null }
  if (trouble.reason === 'version_pending')
    return { state: 'pending', reason: `${version} is pinned and not registered here yet.` }
  return { state: 'refused', reason: `${version} does not answer: ${trouble.reason}` }
}
