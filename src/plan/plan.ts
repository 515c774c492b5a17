import type { BlobStore } from '../blob/index.ts'
import type { SlicedFunction } from '../code/index.ts'
import type { Manifest } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import type { MetadataReader } from '../metadata/index.ts'
import { currentManifest } from './applied-manifest.ts'
import type { BuiltManifest } from './build-manifest.ts'
import { diffManifests } from './diff.ts'
import type { PlanFacts } from './facts.ts'
import { holdsOf } from './hold.ts'
import { manifestDigest } from './manifest.ts'
import type { Step } from './step.ts'

/** What a plan must know of the registry and the lock; holds are read with the manifest. */
export type RegistryFacts = Omit<PlanFacts, 'holds'>

/** A difference that can be carried out: as a value, and as the text of a file. */
export interface Plan {
  readonly format: 1
  readonly project: string
  /** What counted when the plan was made; null before the first apply. */
  readonly base: { readonly revision: number; readonly digest: Digest } | null
  readonly manifest: Manifest
  /** What the manifest says. */
  readonly digest: Digest
  readonly functions: readonly SlicedFunction[]
  readonly steps: readonly Step[]
}

/**
 * Holds a built project against what is applied.
 * @throws definition_in_use, version_unknown, version_conflict
 */
export async function makePlan(
  { metadata, blobs }: { readonly metadata: MetadataReader; readonly blobs: BlobStore },
  { manifest, functions }: BuiltManifest,
  facts: RegistryFacts,
): Promise<Plan> {
  const { project } = manifest
  const applied = await currentManifest(metadata, blobs, project)
  const holds = await holdsOf(metadata, project)
  return {
    format: 1,
    project,
    base: applied === null ? null : { revision: applied.revision, digest: applied.digest },
    manifest,
    digest: manifestDigest(manifest),
    functions,
    steps: diffManifests(applied?.manifest ?? null, manifest, { ...facts, holds }),
  }
}

/** A plan as the text of a file, for `plan --out` and `apply <file>`. */
export function formatPlan(plan: Plan): string {
  return `${JSON.stringify(plan)}\n`
}

/** Reads a plan from a file's text. @throws plan_invalid where it is none, or was changed by hand */
export function parsePlan(text: string): Plan {
  let plan: Plan
  try {
    plan = JSON.parse(text)
  } catch (cause) {
    throw noonmarkError('plan_invalid', { message: 'The plan is not JSON.', cause })
  }
  if (typeof plan !== 'object' || plan === null || plan.format !== 1 || typeof plan.manifest !== 'object')
    throw noonmarkError('plan_invalid', { message: 'The file is not a plan of this release.' })
  if (plan.digest !== manifestDigest(plan.manifest) || plan.project !== plan.manifest.project)
    throw noonmarkError('plan_invalid', { message: 'The plan was changed after it was made.' })
  return plan
}
