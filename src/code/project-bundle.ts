import { createHash } from 'node:crypto'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { type BuildFailure, build, type Message, type Metafile, type Plugin, transform } from 'esbuild'
import { type NoonmarkError, noonmarkError } from '../errors.ts'
import { withoutSourceMap } from './source-map.ts'

/** What is bundled. */
export interface ProjectFiles {
  /** The project's folder. */
  readonly rootDir: string
  /** The definition files, relative to the folder or absolute. */
  readonly entries: readonly string[]
  /** The module that `import ... from 'noonmark'` means: the running platform's own, `.ts` or `.js`. */
  readonly noonmarkEntry: string
}

/** A project in one piece of code, whose default export maps each definition file to its exports. */
export interface ProjectBundle {
  /** An ES module without imports but Node's own; ends in its source map. */
  readonly code: string
  /** SHA-256 (hex) of the code without comments, source map and names of files. */
  readonly digest: string
  /** The absolute paths of every file of the project and its packages that the code was made of, sorted. */
  readonly inputs: readonly string[]
  /** What the bundler finds dubious, each with its position. */
  readonly warnings: readonly string[]
}

const virtualEntry = 'noonmark-project.js'

/**
 * What project code finds beside itself. `require` serves CommonJS packages that need a module of Node;
 * `import.meta` has nothing to say, since a bundle is not a file.
 */
const preamble = `var projectMeta = Object.freeze({});
var require = (name) => {
  const found = process.getBuiltinModule(name);
  if (found === void 0) throw new Error('Cannot require "' + name + '": only modules of Node can be required at run time');
  return found;
};`

/** Bundles the definition files of a project. Raises `project_invalid` with file, line and column. */
export async function bundleProject({ rootDir, entries, noonmarkEntry }: ProjectFiles): Promise<ProjectBundle> {
  const folder = resolve(rootDir)
  const names = entries.map((entry) => portable(isAbsolute(entry) ? relative(folder, entry) : entry)).sort()
  const result = await build({
    stdin: { contents: entryCode(names), resolveDir: folder, sourcefile: virtualEntry },
    absWorkingDir: folder,
    outfile: join(folder, 'noonmark-bundle.js'), // never written; the sources of the map are relative to its folder
    plugins: [noonmarkPlugin(noonmarkEntry)],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    sourcemap: 'inline',
    sourcesContent: false,
    legalComments: 'none',
    define: { 'import.meta': 'projectMeta' },
    banner: { js: preamble },
    logLevel: 'silent',
  }).catch((error: unknown) => {
    throw isBuildFailure(error) ? buildError(error.errors) : error
  })
  const code = result.outputFiles[0]?.text ?? ''
  return {
    code,
    digest: await digestCode(withoutModulePaths(withoutSourceMap(code))),
    inputs: projectInputs(result.metafile, resolve(noonmarkEntry), folder),
    warnings: result.warnings.map(describe),
  }
}

/** SHA-256 (hex) of code without comments and spaces; `renamed` if names of variables do not count either. */
export async function digestCode(code: string, options: { readonly renamed?: boolean } = {}): Promise<string> {
  const { code: minified } = await transform(code, {
    format: 'esm',
    target: 'node22',
    legalComments: 'none',
    minifyWhitespace: true,
    minifySyntax: options.renamed === true,
    minifyIdentifiers: options.renamed === true,
    logLevel: 'silent',
  })
  return createHash('sha256').update(minified).digest('hex')
}

/** Code without the paths of files, by which the bundler names modules that it wraps; nothing reads these names. */
export function withoutModulePaths(code: string): string {
  return code.replace(/^(var [\w$]+ = __(?:commonJS|esm)\d*\(\{\n\s*(?:async )?)"[^"\n]*"\(/gm, '$1"module"(')
}

function entryCode(names: readonly string[]): string {
  const imports = names.map((name, index) => `import * as file${index} from ${JSON.stringify(`./${name}`)};`)
  const pairs = names.map((name, index) => `${JSON.stringify(name)}: file${index}`)
  return `${imports.join('\n')}\nexport default { ${pairs.join(', ')} };\n`
}

function noonmarkPlugin(noonmarkEntry: string): Plugin {
  return {
    name: 'noonmark',
    setup(builder) {
      builder.onResolve({ filter: /^noonmark(\/.*)?$/ }, () => ({ path: resolve(noonmarkEntry), sideEffects: false }))
    },
  }
}

/** The files reached from the project without passing through the platform's own. */
function projectInputs({ inputs }: Metafile, noonmarkEntry: string, folder: string): string[] {
  const found = new Set<string>()
  const visit = (name: string): void => {
    if (found.has(name) || resolve(folder, name) === noonmarkEntry) return
    found.add(name)
    for (const { path, external } of inputs[name]?.imports ?? []) if (external !== true) visit(path)
  }
  visit(virtualEntry)
  found.delete(virtualEntry)
  return [...found].map((name) => resolve(folder, name)).sort()
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
}

function buildError(messages: readonly Message[]): NoonmarkError {
  const [first] = messages
  const shown = messages.slice(0, 5).map(describe)
  if (messages.length > shown.length) shown.push(`and ${messages.length - shown.length} more`)
  const hint = first?.notes.find((note) => note.location === null)?.text
  return noonmarkError('project_invalid', {
    message: shown.join('\n'),
    ...(hint === undefined ? {} : { hint }),
    ...(first?.location ? { path: place(first) } : {}),
  })
}

function describe(message: Message): string {
  const line = message.location?.lineText.trim()
  return `${message.location ? `${place(message)}: ` : ''}${message.text}${line ? `\n    ${line}` : ''}`
}

function place({ location }: Message): string {
  if (location === null) return ''
  // A definition file that is not there is missed by our own entry, whose text names it.
  if (location.file === virtualEntry) return /"\.\/(.*)"/.exec(location.lineText)?.[1] ?? virtualEntry
  return `${location.file}:${location.line}:${location.column + 1}`
}

function portable(path: string): string {
  return path.split(sep).join('/')
}
