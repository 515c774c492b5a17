import type { BlobStore } from '../blob/index.ts'
import type { Clock } from '../clock.ts'
import type { DeploymentSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import { defineRecord, type MetadataReader, type MetadataStore } from '../metadata/index.ts'
import type { Instant } from '../values/index.ts'
import { applications, currentManifest, readManifest } from './applied-manifest.ts'

/** A rollback that stands: the deployment answers with `version` until `main` pins something else or the hold is released. */
export interface Hold {
  /** The version that answers meanwhile, `model:number`; null: the fallback. */
  readonly version: string | null
  /** What `main` pinned as champion when the hold was set. */
  readonly pin: string | null
  readonly sinceMs: Instant
  readonly reason: string
  readonly by: string
}

/** Holds by the name of the deployment. */
export const holdRecord = defineRecord<Hold>({ kind: 'hold', version: 1, indexes: [] })

/** Whether a hold still stands: `main` pins what it pinned when the hold was set. */
export function isHeld(deployment: DeploymentSpec, hold: Hold): boolean {
  return deployment.champion === hold.pin
}

/** A deployment as it answers: what `main` says, or what a hold that still stands says of its champion. */
export function effectiveDeployment(deployment: DeploymentSpec, hold: Hold | null | undefined): DeploymentSpec {
  if (hold === null || hold === undefined || !isHeld(deployment, hold)) return deployment
  // The version that was rolled back neither answers nor predicts beside the one that does; one version has one part.
  return { ...deployment, champion: hold.version, shadow: deployment.shadow.filter((pin) => pin !== hold.version) }
}

/** The holds of a project by deployment. */
export async function holdsOf(metadata: MetadataReader, project: string): Promise<Readonly<Record<string, Hold>>> {
  const { records } = await metadata.list(holdRecord, { project })
  return Object.fromEntries(records.map(({ id, body }) => [id, body]))
}

/** What a rollback says. */
export interface HoldRequest {
  readonly project: string
  readonly deployment: string
  /** The version that is to answer, or null for the fallback. */
  readonly version: string | null
  readonly reason: string
  readonly by: string
}

/**
 * Rolls a deployment back at once and holds it there. A second hold takes the place of the first.
 * @throws not_found where no such deployment is applied; definition_invalid for a version of another model
 */
export async function setHold(
  { metadata, blobs, clock }: { readonly metadata: MetadataStore; readonly blobs: BlobStore; readonly clock: Clock },
  { project, deployment, version, reason, by }: HoldRequest,
): Promise<Hold> {
  return metadata.transaction(async (transaction) => {
    const applied = await currentManifest(transaction, blobs, project)
    const deployments = applied?.manifest.deployments ?? {}
    const spec = deployments[deployment]
    if (spec === undefined) {
      throw noonmarkError('not_found', {
        message: `There is no deployment '${deployment}'.`,
        hint: `Deployments are ${Object.keys(deployments).join(', ') || 'none'}.`,
        path: `deployment ${deployment}`,
      })
    }
    if (version !== null && !version.startsWith(`${spec.model}:`)) {
      throw noonmarkError('definition_invalid', {
        message: `deployment ${deployment}: cannot answer with ${version}, which is not a version of ${spec.model}.`,
        hint: `Name a version of ${spec.model}.`,
        path: `deployment ${deployment} > version`,
      })
    }
    const hold: Hold = { version, pin: spec.champion, sinceMs: clock.now(), reason, by }
    await transaction.put(holdRecord, { project, id: deployment, body: hold })
    return hold
  })
}

/** Ends a hold: `main` counts again. @returns whether there was one */
export async function releaseHold(metadata: MetadataStore, project: string, deployment: string): Promise<boolean> {
  return metadata.transaction(async (transaction) => {
    const key = { project, id: deployment }
    const record = await transaction.get(holdRecord, key)
    if (record !== null) await transaction.delete(holdRecord, key)
    return record !== null
  })
}

/** The champion that a deployment had before the one that `main` pins: where a rollback goes. Null where there was none. */
export async function previousChampion(
  metadata: MetadataReader,
  blobs: BlobStore,
  project: string,
  deployment: string,
): Promise<string | null> {
  const [current, ...earlier] = await applications(metadata, project)
  if (current === undefined) return null
  const championOf = async (blob: string) => (await readManifest(blobs, blob)).deployments[deployment]?.champion ?? null
  const pinned = await championOf(current.blob)
  for (const { blob } of earlier) {
    const champion = await championOf(blob)
    if (champion !== null && champion !== pinned) return champion
  }
  return null
}
