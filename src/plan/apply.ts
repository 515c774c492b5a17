import canonicalize from 'canonicalize'
import type { BlobStore } from '../blob/index.ts'
import type { Clock } from '../clock.ts'
import type { Manifest } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import type { MetadataStore, MetadataTransaction } from '../metadata/index.ts'
import {
  type Application,
  applicationRecord,
  functionRecord,
  manifestRecord,
  readManifest,
} from './applied-manifest.ts'
import { diffManifests } from './diff.ts'
import { holdRecord, holdsOf, isHeld } from './hold.ts'
import type { Plan, RegistryFacts } from './plan.ts'
import type { Step } from './step.ts'

/** What applying needs. */
export interface ApplyRequest {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly plan: Plan
  /** As they are now: what is refused when planning is refused here too. */
  readonly facts: RegistryFacts
  /** Who applies, for the record. */
  readonly by: string
}

/** What applying did. */
export interface ApplyResult {
  /** False where the platform said so already. */
  readonly changed: boolean
  readonly revision: number
  readonly digest: Digest
  /** The steps as they were carried out. */
  readonly steps: readonly Step[]
  /** Deployments that a rollback still holds: what they pin does not answer yet. */
  readonly held: readonly string[]
  /** Deployments whose hold ended, because `main` pins another version now. */
  readonly released: readonly string[]
}

/**
 * Carries a plan out: the only effect of this room. Code and manifest are stored by digest, then one transaction makes them count.
 * It is quick; filling state is left to jobs that read the manifest. Applying again changes nothing.
 * @throws plan_stale where another manifest was applied since the plan was made; plan_invalid, definition_in_use,
 * version_unknown, version_conflict, deployment_held
 */
export async function applyPlan(request: ApplyRequest): Promise<ApplyResult> {
  const { metadata, blobs, plan } = request
  const standing = await metadata.get(manifestRecord, { project: plan.project, id: 'current' })
  checkBase(plan, standing?.body ?? null)
  if (standing?.body.digest === plan.digest) return unchanged(metadata, plan, standing.body)
  const functions = await storeFunctions(request)
  const text = canonicalize(plan.manifest)
  if (text === undefined) throw noonmarkError('plan_invalid', { message: 'The plan has no manifest.' })
  const blob = await blobs.put(new TextEncoder().encode(text))
  return metadata.transaction((transaction) => commit(transaction, request, blob, functions))
}

/** What the platform already says needs no base; anything else must stand on the manifest that it was planned on. */
function checkBase(plan: Plan, standing: Application | null): void {
  if (standing?.digest === plan.digest) return
  if (standing?.revision === plan.base?.revision && standing?.digest === plan.base?.digest) return
  const now = standing === null ? 'nothing is applied' : `revision ${standing.revision} by ${standing.by} is applied`
  const then = plan.base === null ? 'nothing was' : `revision ${plan.base.revision} was`
  throw noonmarkError('plan_stale', { message: `The plan was made when ${then}, and now ${now}.` })
}

async function unchanged(metadata: MetadataStore, plan: Plan, { revision, digest }: Application): Promise<ApplyResult> {
  const holds = await holdsOf(metadata, plan.project)
  return { changed: false, revision, digest, steps: [], held: Object.keys(holds), released: [] }
}

/** Stores the sources of the functions and gives the blob of each code digest that the manifest names. */
async function storeFunctions({ metadata, blobs, plan }: ApplyRequest): Promise<ReadonlyMap<Digest, Digest>> {
  const stored = new Map<Digest, Digest>()
  for (const { digest, source } of plan.functions) stored.set(digest, await blobs.put(new TextEncoder().encode(source)))
  for (const digest of codeDigests(plan.manifest)) {
    if (stored.has(digest)) continue
    const known = await metadata.get(functionRecord, { project: plan.project, id: digest })
    if (known === null)
      throw noonmarkError('plan_invalid', { message: `The plan lacks the code ${digest.slice(0, 12)} that it names.` })
  }
  return stored
}

/** The digests of all code that a manifest names. */
export function codeDigests(manifest: Manifest): Digest[] {
  const digests = Object.values(manifest.models).flatMap(({ baseline, inputs }) => [
    ...(baseline === null ? [] : [baseline]),
    ...inputs.flatMap((input) => (input.input === 'derive' ? [input.code] : [])),
  ])
  return [...new Set(digests)].sort()
}

async function commit(
  transaction: MetadataTransaction,
  { blobs, clock, plan, facts, by }: ApplyRequest,
  blob: Digest,
  functions: ReadonlyMap<Digest, Digest>,
): Promise<ApplyResult> {
  const { project, manifest, digest } = plan
  const standing = await transaction.get(manifestRecord, { project, id: 'current' })
  checkBase(plan, standing?.body ?? null)
  const holds = await holdsOf(transaction, project)
  if (standing?.body.digest === digest) {
    return {
      changed: false,
      revision: standing.body.revision,
      digest,
      steps: [],
      held: Object.keys(holds),
      released: [],
    }
  }
  const before = standing === null ? null : await readManifest(blobs, standing.body.blob)
  const steps = diffManifests(before, manifest, { ...facts, holds })
  if (steps.length === 0) {
    const { revision = 0, digest: kept = digest } = standing?.body ?? {}
    return { changed: false, revision, digest: kept, steps, held: Object.keys(holds), released: [] }
  }
  const held: string[] = []
  const released: string[] = []
  for (const [name, hold] of Object.entries(holds)) {
    const deployment = manifest.deployments[name]
    if (deployment === undefined || !isHeld(deployment, hold)) {
      await transaction.delete(holdRecord, { project, id: name })
      released.push(name)
    } else if (before?.deployments[name]?.champion !== deployment.champion) {
      throw noonmarkError('deployment_held', {
        message: `deployment ${name} would be promoted to ${hold.pin ?? 'its fallback'}, from which it was rolled back (${hold.reason}).`,
        path: `deployment ${name} > champion`,
      })
    } else held.push(name)
  }
  for (const [code, source] of functions) {
    const known = await transaction.get(functionRecord, { project, id: code })
    if (known === null) await transaction.put(functionRecord, { project, id: code, body: { blob: source } })
  }
  const revision = (standing?.body.revision ?? 0) + 1
  const body: Application = { revision, digest, blob, appliedAtMs: clock.now(), by }
  await transaction.put(manifestRecord, { project, id: 'current', body, expectedRevision: standing?.revision ?? 0 })
  await transaction.put(applicationRecord, {
    project,
    id: String(revision).padStart(9, '0'),
    body,
    expectedRevision: 0,
  })
  return { changed: true, revision, digest, steps, held, released }
}
