import type { DeploymentSpec, Manifest } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import { type Hold, isHeld } from './hold.ts'
import type { ModelUses } from './uses.ts'

/** A registered version, as far as a plan must know it. */
export interface VersionFact extends ModelUses {
  readonly digest: Digest
}

/** What a plan must know besides two manifests. Whoever plans gathers it; `diffManifests` asks nobody. */
export interface PlanFacts {
  /** In development an unknown pin is `pending` and its fallback answers; in production it is refused. */
  readonly environment: 'development' | 'production'
  /** Registered versions by `model:number`. */
  readonly versions: Readonly<Record<string, VersionFact>>
  /** What noonmark.lock says, by `model:number`. */
  readonly locked: Readonly<Record<string, Digest>>
  /** Holds by deployment. */
  readonly holds: Readonly<Record<string, Hold>>
}

/** Facts of a platform that has registered nothing. */
export const noFacts: PlanFacts = { environment: 'development', versions: {}, locked: {}, holds: {} }

/** The versions that a deployment pins, the champion first. */
export function pinsOf({ champion, shadow }: DeploymentSpec): string[] {
  return [...(champion === null ? [] : [champion]), ...shadow]
}

/** A version that answers or shadows somewhere, now or once the manifest is applied. */
export interface PinnedVersion {
  readonly pin: string
  readonly deployment: string
  readonly version: VersionFact
}

/** Every registered version that the deployments of a manifest pin, and every one that a hold keeps answering. */
export function pinnedVersions(manifest: Manifest, { versions, holds }: PlanFacts): PinnedVersion[] {
  return Object.values(manifest.deployments).flatMap((deployment) => {
    const hold = holds[deployment.name]
    const held = hold !== undefined && isHeld(deployment, hold) && hold.version !== null ? [hold.version] : []
    return [...new Set([...pinsOf(deployment), ...held])].flatMap((pin) => {
      const version = versions[pin]
      return version === undefined ? [] : [{ pin, deployment: deployment.name, version }]
    })
  })
}

/**
 * Holds every pin of a manifest against the registry and the lock.
 * @returns the pins that are pending, by deployment
 * @throws version_unknown in production; version_conflict where lock and registry disagree
 */
export function checkPins(manifest: Manifest, facts: PlanFacts): ReadonlyMap<string, readonly string[]> {
  const pending = new Map<string, string[]>()
  for (const deployment of Object.values(manifest.deployments)) {
    const file = manifest.files[`deployment ${deployment.name}`]
    const path = `${file === undefined ? '' : `${file} > `}deployment ${deployment.name}`
    for (const pin of pinsOf(deployment)) {
      const version = facts.versions[pin]
      const locked = facts.locked[pin]
      if (version !== undefined && locked !== undefined && version.digest !== locked) {
        throw noonmarkError('version_conflict', {
          message: `${pin} is ${locked.slice(0, 12)} in noonmark.lock and ${version.digest.slice(0, 12)} in the registry.`,
          path: `noonmark.lock > ${pin}`,
        })
      }
      if (version !== undefined) continue
      if (facts.environment === 'production') {
        throw noonmarkError('version_unknown', {
          message: `deployment ${deployment.name} pins ${pin}, which is not registered here.`,
          path: `${path} > ${pin === deployment.champion ? 'champion' : 'shadow'}`,
        })
      }
      pending.set(deployment.name, [...(pending.get(deployment.name) ?? []), pin])
    }
  }
  return pending
}
