import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { noonmarkError } from '../errors.ts'
import { installedAs, ownPackage, packageFolder } from './installed-as.ts'
import type { Template } from './templates.ts'

/** What a new project is made of. */
export interface NewProject {
  readonly folder: string
  /** In lower case, of letters, digits and -. */
  readonly name: string
  readonly template: Template
  /** The data ends at the start of this day, UTC. */
  readonly nowMs: number
}

/** What may stand in a folder that a project is made in. */
const harmless = ['.git', '.gitattributes', '.DS_Store', '.idea', '.vscode', 'LICENSE']

/**
 * Makes a project from a template. It writes into an empty folder only.
 * @returns the files that it wrote, sorted
 * @throws file_exists naming what is in the way
 */
export async function makeProject({ folder, name, template, nowMs }: NewProject): Promise<readonly string[]> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const inTheWay = found.filter((one) => !harmless.includes(one))
  if (inTheWay.length > 0) {
    throw noonmarkError('file_exists', {
      message: `${folder} is not empty: it has ${inTheWay.slice(0, 3).join(', ')}${inTheWay.length > 3 ? ', ...' : ''}.`,
      hint: 'Name a folder that is empty or does not exist yet. `noonmark import` adds to a project that is there.',
      path: 'dir',
    })
  }
  const source = join(packageFolder, 'templates', template.name)
  const dayMs = 86_400_000
  const files: Record<string, string> = {
    'package.json': packageText(folder, name, template),
    ...template.data(Math.floor(nowMs / dayMs) * dayMs),
  }
  for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    // npm leaves files that begin with a dot out of a package, so here they begin with another character.
    const target = path
      .slice(source.length + 1)
      .split(sep)
      .map((part) => part.replace(/^_/, '.'))
      .join('/')
    files[target] = (await readFile(path, 'utf8')).replaceAll('__PROJECT__', name)
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text, { flag: 'wx' })
  }
  return Object.keys(files).sort()
}

/** The new project's package.json: the versions of tools are those that this release was tested with. */
function packageText(folder: string, name: string, { scripts, model }: Template): string {
  const { devDependencies = {}, allowScripts = {} } = ownPackage()
  const tools = ['@types/node', 'node', 'typescript'].map((tool) => [tool, devDependencies[tool] ?? '*'] as const)
  return `${JSON.stringify(
    {
      name,
      version: '0.0.0',
      private: true,
      type: 'module',
      scripts: {
        dev: 'noonmark dev',
        test: 'noonmark test',
        plan: 'noonmark plan',
        train: `noonmark apply --yes && noonmark train${model === null ? '' : ` ${model}`}`,
        ...scripts,
      },
      dependencies: { noonmark: installedAs(folder) },
      devDependencies: Object.fromEntries(tools),
      // Which packages may run a script when they are installed: the one that brings Node, and no other.
      allowScripts,
    },
    null,
    2,
  )}\n`
}

/** A project's name from that of its folder: `My Project` becomes `my-project`. Empty where nothing is left of it. */
export function nameFrom(folder: string): string {
  const last = folder.split(/[\\/]/).findLast((part) => part !== '') ?? ''
  return last
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
}
