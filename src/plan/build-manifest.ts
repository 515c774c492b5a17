import { type SlicedFunction, sliceFunction } from '../code/index.ts'
import type { Manifest } from '../define/index.ts'
import type { LoadedProject } from './load-project.ts'
import { manifestOf, type ProjectFunction, projectFunctions } from './manifest.ts'

/** The contract of a project and the code that stands in it by digest. */
export interface BuiltManifest {
  readonly manifest: Manifest
  /** Each once, in order of digest. */
  readonly functions: readonly SlicedFunction[]
}

/**
 * Builds the manifest of a loaded project: definitions as plain specs, functions cut out of the bundle.
 * @throws definition_invalid; code_closure and code_unsliceable for a function that cannot be stored
 */
export async function buildManifest({ config, definitions, bundle }: LoadedProject): Promise<BuiltManifest> {
  const slices = new Map<ProjectFunction, SlicedFunction>()
  for (const { run, place, field } of projectFunctions(definitions)) {
    if (slices.has(run)) continue
    slices.set(run, await sliceFunction(bundle.code, run, { path: `${place.file} > ${place.owner} > ${field}` }))
  }
  const manifest = manifestOf(config, definitions, (run) => slices.get(run)!.digest)
  const byDigest = new Map([...slices.values()].map((slice) => [slice.digest, slice]))
  return {
    manifest,
    functions: [...byDigest.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1)),
  }
}
