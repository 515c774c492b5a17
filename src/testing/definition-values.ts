import { parse } from 'acorn'
import { type SlicedFunction, sliceFunction } from '../code/index.ts'
import { analyseScopes } from '../code/scope.ts'
import { noonmarkError } from '../errors.ts'
import type { BuiltManifest } from '../plan/build-manifest.ts'
import { collectDefinitions } from '../plan/definitions.ts'
import { manifestOf, type ProjectFunction, projectFunctions } from '../plan/manifest.ts'

/** Definitions as a module exports them: `import * as airport from './features/airport.ts'`. */
export type DefinitionExports = Readonly<Record<string, unknown>>

/** What the manifest says of the place of definitions that came as values. */
const place = 'definitions'

/**
 * The contract of definitions that are given as values. A value does not carry the file that it comes from, so derives and
 * baselines must stand alone: what they use of their file is refused.
 * @throws definition_invalid, definition_duplicate; code_closure naming what a function uses
 */
export async function manifestOfValues(project: string, modules: readonly DefinitionExports[]): Promise<BuiltManifest> {
  const definitions = collectDefinitions(
    Object.fromEntries(modules.map((module, index) => [modules.length === 1 ? place : `${place}[${index}]`, module])),
  )
  const slices = new Map<ProjectFunction, SlicedFunction>()
  for (const {
    run,
    place: { file, owner },
    field,
  } of projectFunctions(definitions)) {
    slices.set(run, await standingAlone(run, `${file} > ${owner} > ${field}`))
  }
  const manifest = manifestOf({ project }, definitions, (run) => slices.get(run)!.digest)
  return { manifest, functions: [...new Map([...slices.values()].map((slice) => [slice.digest, slice])).values()] }
}

async function standingAlone(run: ProjectFunction, path: string): Promise<SlicedFunction> {
  const code = `export default (${run.toString()})\n`
  const { occurrences } = analyseScopes(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }), code)
  const missing = occurrences.find(({ name, declaredIn }) => declaredIn === undefined && !(name in globalThis))
  if (missing === undefined) return sliceFunction(code, run, { path })
  throw noonmarkError('code_closure', {
    message: `The function uses ${missing.name} of the file around it, which a value does not carry with it.`,
    hint: 'Give createTestPlatform the folder of the project (rootDir) instead of definitions.',
    path,
  })
}
