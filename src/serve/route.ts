import type { DeploymentSpec } from '../define/index.ts'

/** A rollback that holds: this version answers until the hold is released, whatever the definition pins. */
export interface Hold {
  readonly deployment: string
  /** `model:number`; null: no version at all, the fallback answers. */
  readonly version: string | null
}

/** Which versions answer for a deployment. */
export interface DeploymentRoute {
  /** The version that answers; null where none does and the fallback has to. */
  readonly champion: string | null
  /** Versions that predict beside it, after the reply; never the champion itself, and each once. */
  readonly shadows: readonly string[]
  readonly held: boolean
}

/** Decides which versions answer. Traffic follows the pins in Git, and a hold until Git changes. */
export function routeDeployment(spec: DeploymentSpec, hold: Hold | null): DeploymentRoute {
  const held = hold !== null && hold.deployment === spec.name
  const champion = held ? hold.version : spec.champion
  const shadows = [...new Set(spec.shadow)].filter((version) => version !== champion)
  return { champion, shadows, held }
}
