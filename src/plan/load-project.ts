import { fileURLToPath } from 'node:url'
import { bundleProject, evaluateBundle, type ProjectBundle, type ProjectExports } from '../code/index.ts'
import { isProjectConfig, type Manifest, type ProjectConfig } from '../define/index.ts'
import { digestBytes } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import { onAnotherDay } from './another-day.ts'
import { changesBetween } from './changes.ts'
import { collectDefinitions, type LoadedDefinition } from './definitions.ts'
import { locatedError } from './located-error.ts'
import { manifestOf } from './manifest.ts'
import { findProjectFiles, type ProjectFileNames } from './project-files.ts'

/** A project as it is on disk: what it says of itself, its definitions, and its code in one piece. */
export interface LoadedProject {
  readonly rootDir: string
  readonly config: ProjectConfig
  /** In order of kind and name. */
  readonly definitions: readonly LoadedDefinition[]
  readonly bundle: ProjectBundle
}

/** What `import ... from 'noonmark'` means in a project: this very installation, built or not. */
export const noonmarkEntry = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : '../index.js', import.meta.url),
)

/**
 * Loads a project. Definitions are evaluated twice, the second time on another day, and must say the same.
 * @throws project_missing, project_invalid (syntax, imports, what definitions throw), definition_invalid,
 * definition_duplicate, definition_cycle, definition_unstable
 */
export async function loadProject(rootDir: string): Promise<LoadedProject> {
  const files = await findProjectFiles(rootDir)
  const definitionFiles = [...files.definitions, ...(files.deployments === null ? [] : [files.deployments])]
  const bundle = await bundleProject({ rootDir, entries: [files.config, ...definitionFiles], noonmarkEntry })
  const first = await evaluate(rootDir, bundle)
  const config = configOf(files, first)
  const definitions = definitionsOf(files, first)
  await checkStable(files, bundle, manifestOf(config, definitions, textDigest))
  return { rootDir, config, definitions, bundle }
}

async function evaluate(rootDir: string, bundle: ProjectBundle): Promise<ProjectExports> {
  try {
    return await evaluateBundle(bundle.code)
  } catch (error) {
    throw await locatedError(error, rootDir, bundle)
  }
}

function configOf({ config }: ProjectFileNames, exports: ProjectExports): ProjectConfig {
  const found = exports[config]?.default
  if (isProjectConfig(found)) return found
  throw noonmarkError('definition_invalid', {
    message: `${config} does not export the project by default.`,
    hint: "Write export default defineConfig({ project: 'name' }).",
    path: `${config} > default`,
  })
}

function definitionsOf({ definitions, deployments }: ProjectFileNames, exports: ProjectExports): LoadedDefinition[] {
  for (const file of definitions) {
    if (Object.keys(exports[file] ?? {}).length > 0) continue
    throw noonmarkError('definition_invalid', {
      message: `${file} exports nothing, so nothing in it is part of the project.`,
      hint: 'Write export const before its definitions, or move it out of the definition folders.',
      path: file,
    })
  }
  const files = [...definitions, ...(deployments === null ? [] : [deployments])]
  return collectDefinitions(Object.fromEntries(files.map((file) => [file, exports[file] ?? {}])))
}

/** Clocks, randomness and counters in definitions show when the project is loaded again. */
async function checkStable(files: ProjectFileNames, bundle: ProjectBundle, first: Manifest): Promise<void> {
  let second: Manifest
  try {
    const exports = await evaluateBundle(onAnotherDay(bundle.code))
    second = manifestOf(configOf(files, exports), definitionsOf(files, exports), textDigest)
  } catch (cause) {
    throw noonmarkError('definition_unstable', {
      message: `The project loads once and fails the second time: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    })
  }
  // A feature's digest differs because of something that says more.
  const difference = changesBetween(first, second).find(({ property }) => !property.endsWith('.digest'))
  if (difference === undefined) return
  const [kind = '', name = '', ...rest] = difference.property.split('.')
  const label = kindLabels[kind]
  const owner = label === undefined ? 'project' : `${label} ${name}`
  const file = label === undefined ? files.config : (first.files[owner] ?? second.files[owner])
  const field = rest.join('.')
  throw noonmarkError('definition_unstable', {
    message: `${owner}: ${field || 'it'} is ${show(difference.before)} when the project is loaded and ${show(difference.after)} when it is loaded again on another day.`,
    path: [file, owner, ...(field === '' ? [] : [field])].filter((part) => part !== undefined).join(' > '),
  })
}

/** Enough to compare two loads of one bundle, whose functions have the text that they have. */
const textDigest = (run: (...inputs: never[]) => unknown): string => digestBytes(run.toString())

const kindLabels: Readonly<Record<string, string>> = {
  entities: 'entity',
  sources: 'source',
  featureViews: 'feature-view',
  moments: 'moment',
  models: 'model',
  deployments: 'deployment',
}

function show(value: unknown): string {
  const text = value === null ? 'missing' : JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
