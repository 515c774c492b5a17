import { noonmarkError } from '../errors.ts'
import { type BundleStatement, type BundleSyntax, parseBundle, parseModule } from './bundle-syntax.ts'
import { digestCode, withoutModulePaths } from './project-bundle.ts'
import { analyseScopes, type FunctionText, functionOwnNames, type Scope } from './scope.ts'
import { formatPosition, type Mapping, originalPosition, sourceMapComment } from './source-map.ts'

/** A function with all that it needs of its project, in one module. */
export interface SlicedFunction {
  /** SHA-256 (hex) of what the module means: names of variables, comments and spaces do not count. */
  readonly digest: string
  /** An ES module whose default export is the function; it imports nothing but Node's own, and ends in a source map. */
  readonly source: string
}

/** A function that a user wrote. */
export type ProjectFunction = (...inputs: never[]) => unknown

const slices = new WeakMap<BundleSyntax, Map<string, Promise<SlicedFunction>>>()

/**
 * Cuts one function out of a bundle: the function and, transitively, the statements at the top of the bundle that
 * declare what it uses or may change it. So the digest moves when the meaning of the function may have moved, and
 * not when another definition of the file does.
 *
 * Raises `code_closure` if the function uses variables of a function or block around it, `code_unsliceable` if its
 * text is not in the bundle. `path` names the definition in these errors.
 */
export async function sliceFunction(
  bundleCode: string,
  fn: ProjectFunction,
  { path }: { readonly path?: string } = {},
): Promise<SlicedFunction> {
  const bundle = parseBundle(bundleCode)
  const at = path === undefined ? {} : { path }
  const text = Function.prototype.toString.call(fn)
  const places = bundle.functionsOf(text).filter(({ member }) => member === undefined || !isUncallable(text))
  const [first] = places
  if (first === undefined) throw noonmarkError('code_unsliceable', { ...at, message: unsliceable(text, fn.name) })
  for (const place of places) {
    const captured = capturedNames(bundle, place)
    if (captured.length === 0) continue
    const where = describePlace(bundle, place)
    throw noonmarkError('code_closure', {
      ...at,
      message: `The function at ${where} uses ${listed(captured)} of the function or block around it, which cannot be stored with it.`,
    })
  }
  const known = slices.get(bundle) ?? new Map<string, Promise<SlicedFunction>>()
  slices.set(bundle, known)
  const slice = known.get(text) ?? makeSlice(bundle, first)
  known.set(text, slice)
  return slice
}

async function makeSlice(bundle: BundleSyntax, place: FunctionText): Promise<SlicedFunction> {
  const pieces = statementsFor(bundle, place).map(({ start, end, prefix, text }) => {
    return {
      before: prefix,
      start,
      end,
      after: prefix === '' ? '\n' : ';\n',
      text: text ?? bundle.code.slice(start, end),
    }
  })
  pieces.push({
    ...exportOf(place),
    start: place.start,
    end: place.end,
    text: bundle.code.slice(place.start, place.end),
  })
  const module = pieces.map(({ before, text, after }) => before + text + after).join('')
  const lines = pieces.flatMap((piece) => mappedLines(bundle, piece))
  const digest = await digestCode(canonicalNames(withoutModulePaths(module)), { renamed: true })
  const sources = bundle.sourceMap?.sources
  return { digest, source: sources === undefined ? module : module + sourceMapComment({ sources, lines }) }
}

/** The statements that a function needs, in the order of the bundle. */
function statementsFor(bundle: BundleSyntax, place: FunctionText): BundleStatement[] {
  const included = new Set<BundleStatement>()
  const open = namesUsed(bundle, place)
  const seen = new Set<string>()
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    for (const statement of [...(bundle.declarations.get(name) ?? []), ...bundle.changersOf(name)]) {
      if (included.has(statement)) continue
      included.add(statement)
      open.push(...statement.declares, ...namesUsed(bundle, statement))
    }
  }
  return [...included].sort((left, right) => left.start - right.start)
}

/** The names of the module and of the language that a stretch of code uses. */
function namesUsed(bundle: BundleSyntax, { start, end }: { start: number; end: number }): string[] {
  return bundle
    .occurrencesIn(start, end)
    .filter(({ names, declaredIn }) => !names && (declaredIn === undefined || declaredIn === bundle.moduleScope))
    .map(({ name }) => name)
}

/** The variables that a function uses of functions and blocks around it. */
function capturedNames(bundle: BundleSyntax, place: FunctionText): string[] {
  const captured = new Set<string>()
  for (const { name, names, declaredIn } of bundle.occurrencesIn(place.start, place.end)) {
    const isOutside = declaredIn !== undefined && declaredIn.start <= place.start && declaredIn.end >= place.end
    const isOwn = isOutside && declaredIn.start === place.start && declaredIn.end === place.end
    if (!names && isOutside && !isOwn && declaredIn !== bundle.moduleScope) captured.add(name)
  }
  return [...captured]
}

function exportOf({ member }: FunctionText): { before: string; after: string } {
  if (member === undefined) return { before: 'export default (', after: ');\n' }
  // A method with a computed key is the only one of its object.
  if (member.computed) return { before: 'export default Object.values({ ', after: ' })[0];\n' }
  return { before: 'export default ({ ', after: ` })[${memberKey(member.text)}];\n` }
}

function memberKey(text: string): string {
  return /^["'\d.]/.test(text) ? text : JSON.stringify(text)
}

/** Getters, setters and private methods cannot stand alone. */
function isUncallable(text: string): boolean {
  return /^(?:[gs]et\s+[^\s(]|(?:async\s*)?\*?\s*#)/.test(text)
}

/** The mappings of the lines that a piece of the module takes up, from those of the bundle. */
function mappedLines(
  { code, sourceMap, position }: BundleSyntax,
  { before, start, end, text }: { before: string; start: number; end: number; text: string },
): Mapping[][] {
  const count = text.split('\n').length
  if (sourceMap === undefined || text !== code.slice(start, end)) return Array.from({ length: count }, () => [])
  const { line, column } = position(start)
  return Array.from({ length: count }, (_, index) => {
    const mappings = sourceMap.lines[line - 1 + index] ?? []
    if (index > 0) return [...mappings]
    const shift = before.length - (column - 1)
    const covering = mappings.findLast(([from]) => from <= column - 1)
    const within = mappings.filter(([from]) => from > column - 1)
    const kept: Mapping[] =
      covering === undefined ? within : [[column - 1, covering[1], covering[2], covering[3]], ...within]
    return kept.map(([from, ...place]) => [from + shift, ...place])
  })
}

/**
 * The module with each variable named by the order of its first appearance. The bundler renames variables when
 * unrelated files use the same names, and its minifier chooses names by how often letters occur: neither may move a digest.
 */
function canonicalNames(module: string): string {
  const { occurrences } = analyseScopes(parseModule(module), module)
  const numbers = new Map<Scope, Map<string, string>>()
  let count = 0
  let text = ''
  let end = 0
  for (const { name, start, end: nameEnd, declaredIn, shorthand } of occurrences) {
    if (declaredIn === undefined || functionOwnNames.has(name) || start < end) continue
    const names = numbers.get(declaredIn) ?? new Map<string, string>()
    numbers.set(declaredIn, names)
    const renamed = names.get(name) ?? `noonmark$${count++}`
    names.set(name, renamed)
    const prefix = shorthand === 'property' ? `${name}: ` : shorthand === 'import' ? `${name} as ` : ''
    text += module.slice(end, start) + prefix + renamed
    end = nameEnd
  }
  return text + module.slice(end)
}

function describePlace({ sourceMap, position }: BundleSyntax, { start }: FunctionText): string {
  const { line, column } = position(start)
  const original = sourceMap && originalPosition(sourceMap, line, column)
  return original ? formatPosition(original) : `line ${line} of the bundle`
}

function unsliceable(text: string, name: string): string {
  const what = name === '' ? 'A function' : `The function ${name}`
  if (text.includes('[native code]')) return `${what} is bound or built in, so its source text is not known.`
  if (text.startsWith('class')) return `${what} is a class, not a function that can be called with a row.`
  return `The source text of ${what.charAt(0).toLowerCase()}${what.slice(1)} is not in the project's bundle.`
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}
