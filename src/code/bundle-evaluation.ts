import { constants, Script } from 'node:vm'
import type { ExportNamedDeclaration, Identifier, ImportDeclaration, Literal } from 'acorn'
import { errorTable, isNoonmarkError, type NoonmarkError, noonmarkError } from '../errors.ts'
import { parseBundle } from './bundle-syntax.ts'
import { formatPosition, originalPosition, readSourceMap, type SourceMap } from './source-map.ts'

/** The exports of each definition file, by the file's path within the project. */
export type ProjectExports = Readonly<Record<string, Readonly<Record<string, unknown>>>>

const fileName = 'noonmark-project-bundle.js'

/**
 * Runs a bundle in this thread and returns what its definition files export. Each call is a fresh run, so that two
 * can be compared, and leaves nothing behind: an imported module would stay in memory for ever, and a development
 * server evaluates one at each save. Functions keep the exact text of the bundle. What definitions throw comes with
 * file, line and column.
 */
export async function evaluateBundle(code: string): Promise<ProjectExports> {
  try {
    const script = new Script(asScript(code), {
      filename: fileName,
      lineOffset: -1,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    })
    const run: unknown = script.runInThisContext()
    const result: unknown = typeof run === 'function' ? await run(builtinModule) : undefined
    if (!isProjectExports(result))
      throw noonmarkError('internal', { message: 'A project bundle has no default export' })
    return result
  } catch (error) {
    throw withPosition(error, code)
  }
}

/** The module as an async function: imports become constants before the first line, the default export its result. */
function asScript(code: string): string {
  const { program } = parseBundle(code)
  const imports: string[] = []
  let body = ''
  let end = 0
  for (const statement of program.body) {
    if (statement.type !== 'ImportDeclaration' && statement.type !== 'ExportNamedDeclaration') continue
    if (statement.type === 'ImportDeclaration') imports.push(importAsConstants(statement))
    const lineBreaks = code.slice(statement.start, statement.end).replace(/[^\n]/g, '')
    body += code.slice(end, statement.start)
    body += (statement.type === 'ExportNamedDeclaration' ? exportAsReturn(statement) : '') + lineBreaks
    end = statement.end
  }
  return `(async function (builtinModule$) { 'use strict'; ${imports.join(' ')}\n${body}${code.slice(end)}\n})`
}

function importAsConstants({ source, specifiers }: ImportDeclaration): string {
  const from = `builtinModule$(${JSON.stringify(source.value)})`
  return specifiers
    .map((specifier) => {
      const { name } = specifier.local
      if (specifier.type === 'ImportNamespaceSpecifier') return `const ${name} = ${from};`
      const imported = specifier.type === 'ImportSpecifier' ? nameOf(specifier.imported) : 'default'
      return `const ${name} = ${from}[${JSON.stringify(imported)}];`
    })
    .join(' ')
}

function exportAsReturn({ specifiers }: ExportNamedDeclaration): string {
  const exported = specifiers.find((specifier) => nameOf(specifier.exported) === 'default')
  return exported === undefined ? '' : `return ${nameOf(exported.local)};`
}

function nameOf(node: Identifier | Literal): string {
  return node.type === 'Identifier' ? node.name : String(node.value)
}

/** A module of Node as `import * as name` gives it. The bundler leaves no other import in place. */
function builtinModule(name: string): object {
  const found: object | undefined = process.getBuiltinModule(name)
  if (found === undefined) throw noonmarkError('project_invalid', { message: `There is no module "${name}" in Node` })
  return { ...found, default: found }
}

function isProjectExports(value: unknown): value is ProjectExports {
  return typeof value === 'object' && value !== null
}

function withPosition(error: unknown, code: string): NoonmarkError {
  const map = readSourceMap(code)
  const position = error instanceof Error && map !== undefined ? userPosition(error.stack ?? '', map) : undefined
  const where = position === undefined ? '' : `${position}: `
  if (!isNoonmarkError(error)) {
    return noonmarkError('project_invalid', {
      message: `${where}${String(error)}`,
      ...(position === undefined ? {} : { path: position }),
      cause: error,
    })
  }
  const path = error.path ?? position
  // The bundle brings its own copy of the platform's definitions; an error of theirs becomes one of ours.
  return noonmarkError(error.code in errorTable ? error.code : 'project_invalid', {
    message: `${where}${error.message}`,
    hint: error.hint,
    ...(path === undefined ? {} : { path }),
    cause: error,
  })
}

/** The innermost frame in a file of the project itself, else the innermost frame in the bundle. */
function userPosition(stack: string, map: SourceMap): string | undefined {
  const frames = [...stack.matchAll(framePattern)]
    .map(([, line, column]) => originalPosition(map, Number(line), Number(column)))
    .filter((frame) => frame !== undefined)
  const own = frames.find(({ file }) => !file.startsWith('../') && !file.includes('node_modules/'))
  const found = own ?? frames[0]
  return found === undefined ? undefined : formatPosition(found)
}

const framePattern = new RegExp(`${fileName.replaceAll('.', '\\.')}:(\\d+):(\\d+)`, 'g')
