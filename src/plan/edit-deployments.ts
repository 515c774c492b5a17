import { stripTypeScriptTypes } from 'node:module'
import {
  type AnyNode,
  type ArrayExpression,
  type CallExpression,
  type ObjectExpression,
  type Property,
  parse,
} from 'acorn'
import { isNoonmarkError, type NoonmarkError, noonmarkError } from '../errors.ts'

/** What `noonmark deploy` changes. */
export interface PinChange {
  readonly deployment: string
  /** `model:number` */
  readonly pin: string
  readonly as: 'champion' | 'shadow'
}

/**
 * The text of deployments.ts with another pin, everything else left as it stands. Champion: takes the place of the champion
 * and leaves the shadows. Shadow: joins the shadows.
 * @throws pin_not_literal with the lines to change, where the call or its pins are not written out; project_invalid for a
 * file that cannot be parsed
 */
export function editDeployments(text: string, change: PinChange, fileName = 'deployments.ts'): string {
  const target: EditTarget = { text, change, fileName }
  const options = findOptions(target)
  const edits = change.as === 'champion' ? championEdits(target, options) : shadowEdits(target, options)
  const edited = [...edits]
    .sort((a, b) => b.start - a.start)
    .reduce((result, { start, end, by }) => result.slice(0, start) + by + result.slice(end), text)
  verify(edited, target)
  return edited
}

interface EditTarget {
  readonly text: string
  readonly change: PinChange
  readonly fileName: string
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly by: string
}

/** Where the options of the call stand, or where they would. */
interface Options {
  readonly call: CallExpression
  readonly object: ObjectExpression | null
  /** The text without its types, place by place. */
  readonly plain: string
}

function championEdits(target: EditTarget, options: Options): Edit[] {
  const { pin } = target.change
  const { champion, shadow } = pinsOf(target, options)
  const edits: Edit[] = []
  if (champion === null) edits.push(insertion(target, options, `champion: ${quoted(target, pin)}`))
  else if (champion.value !== pin)
    edits.push({ start: champion.start, end: champion.end, by: quoted(target, pin, champion.start) })
  if (shadow?.pins.some(({ value }) => value === pin)) edits.push(removal(target, options, shadow, pin))
  return edits
}

function shadowEdits(target: EditTarget, options: Options): Edit[] {
  const { pin, deployment } = target.change
  const { champion, shadow } = pinsOf(target, options)
  if (champion?.value === pin) {
    throw noonmarkError('definition_invalid', {
      message: `${pin} is the champion of deployment ${deployment}, so it cannot be its shadow too.`,
      hint: 'Make another version the champion first.',
      path: `${target.fileName} > deployment ${deployment} > shadow`,
    })
  }
  if (shadow === null) return [insertion(target, options, `shadow: [${quoted(target, pin)}]`)]
  if (shadow.pins.some(({ value }) => value === pin)) return []
  const last = shadow.pins.at(-1)
  const at = last === undefined ? shadow.array.start + 1 : typedEnd(target, options, last.end)
  return [{ start: at, end: at, by: last === undefined ? quoted(target, pin) : `, ${quoted(target, pin, last.start)}` }]
}

interface LiteralPin {
  readonly value: string
  readonly start: number
  readonly end: number
}

interface Pins {
  readonly champion: LiteralPin | null
  readonly shadow: PinList | null
}

interface PinList {
  readonly array: ArrayExpression
  readonly pins: readonly LiteralPin[]
}

/** The pins as written. */
function pinsOf(target: EditTarget, { object }: Options): Pins {
  const properties = object?.properties ?? []
  const named = (name: string): Property | undefined => {
    const found = properties.filter((property) => property.type === 'Property' && keyOf(property) === name)
    if (found.length > 1) throw notLiteral(target, `${name} stands there twice`, object!)
    return found[0]?.type === 'Property' ? found[0] : undefined
  }
  const open = properties.find((property) => property.type !== 'Property' || keyOf(property) === null)
  if (open !== undefined) throw notLiteral(target, 'its options are put together from elsewhere', open)
  const [champion, shadow] = [named('champion'), named('shadow')]
  let list: Pins['shadow'] = null
  if (shadow !== undefined) {
    const array = shadow.value
    if (array.type !== 'ArrayExpression') throw notLiteral(target, 'shadow is not a list written out', shadow)
    const pins = array.elements.map((element) => {
      if (element === null) throw notLiteral(target, 'a shadow is missing from its list', array)
      return literalPin(target, element, 'a shadow is not a plain string')
    })
    list = { array, pins }
  }
  return {
    champion: champion === undefined ? null : literalPin(target, champion.value, 'champion is not a plain string'),
    shadow: list,
  }
}

function literalPin(target: EditTarget, node: AnyNode, problem: string): LiteralPin {
  const value = stringOf(node)
  if (value === null) throw notLiteral(target, problem, node)
  return { value, start: node.start, end: node.end }
}

function keyOf(property: Property): string | null {
  if (property.computed) return null
  return property.key.type === 'Identifier' ? property.key.name : stringOf(property.key)
}

/** The value of a string that is written out, also as a template without parts. */
function stringOf(node: AnyNode | undefined): string | null {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0) return node.quasis[0]?.value.cooked ?? null
  return null
}

function findOptions(target: EditTarget): Options {
  const { program, plain } = parseTypeScript(target.text, target.fileName)
  const local = localNames(program)
  const calls: CallExpression[] = []
  visit(program, (node) => {
    if (node.type !== 'CallExpression' || stringOf(node.arguments[0]) !== target.change.deployment) return
    const { callee } = node
    const direct = callee.type === 'Identifier' && local.functions.has(callee.name)
    const member =
      callee.type === 'MemberExpression' &&
      callee.object.type === 'Identifier' &&
      local.namespaces.has(callee.object.name) &&
      callee.property.type === 'Identifier' &&
      callee.property.name === 'deployment'
    if (direct || member) calls.push(node)
  })
  const [call, second] = calls
  if (call === undefined)
    throw notLiteral(target, `there is no call deployment('${target.change.deployment}', ...)`, null)
  if (second !== undefined) throw notLiteral(target, 'it is declared twice', second)
  if (call.arguments.length < 2 || call.arguments.some((argument) => argument.type === 'SpreadElement'))
    throw notLiteral(target, 'its arguments are not written out', call)
  const object = call.arguments[2]
  if (object === undefined) return { call, object: null, plain }
  if (object.type !== 'ObjectExpression') throw notLiteral(target, 'its options are not written out', object)
  return { call, object, plain }
}

/** What `deployment` of the package is called in a file. */
function localNames(program: AnyNode): { readonly functions: Set<string>; readonly namespaces: Set<string> } {
  const functions = new Set<string>()
  const namespaces = new Set<string>()
  visit(program, (node) => {
    if (node.type !== 'ImportDeclaration' || node.source.value !== 'noonmark') return
    for (const specifier of node.specifiers) {
      if (specifier.type === 'ImportNamespaceSpecifier') namespaces.add(specifier.local.name)
      else if (
        specifier.type === 'ImportSpecifier' &&
        specifier.imported.type === 'Identifier' &&
        specifier.imported.name === 'deployment'
      )
        functions.add(specifier.local.name)
    }
  })
  return { functions, namespaces }
}

/** Where a node ends with the types behind it: `late as never`. */
function typedEnd({ text }: EditTarget, { plain }: Options, end: number): number {
  let typed = end
  for (let at = end; plain[at]?.trim() === ''; at++) if (text[at]?.trim() !== '') typed = at + 1
  return typed
}

function insertion(target: EditTarget, options: Options, property: string): Edit {
  const { text } = target
  const { call, object } = options
  if (object === null) {
    const at = typedEnd(target, options, call.arguments[1]!.end)
    return { start: at, end: at, by: `, { ${property} }` }
  }
  const first = object.properties[0]
  if (first === undefined) return { start: object.start, end: object.end, by: `{ ${property} }` }
  const lineStart = text.lastIndexOf('\n', first.start - 1) + 1
  const indent = text.slice(lineStart, first.start)
  // Where properties stand on lines of their own, so does the new one.
  const between = lineStart > object.start && indent.trim() === '' ? `\n${indent}` : ' '
  return { start: first.start, end: first.start, by: `${property},${between}` }
}

function removal(target: EditTarget, options: Options, { array, pins }: PinList, pin: string): Edit {
  const index = pins.findIndex(({ value }) => value === pin)
  const [previous, own, next] = [pins[index - 1], pins[index]!, pins[index + 1]]
  if (next !== undefined) return { start: own.start, end: next.start, by: '' }
  const end = typedEnd(target, options, own.end)
  if (previous !== undefined) return { start: typedEnd(target, options, previous.end), end, by: '' }
  // The last one goes with a comma behind it; comments in an otherwise empty list stay.
  const comma = /^\s*,/.exec(target.text.slice(end, array.end))?.[0].length ?? 0
  return { start: own.start, end: end + comma, by: '' }
}

/** A pin in the quotes that the file uses. */
function quoted({ text }: EditTarget, pin: string, at?: number): string {
  const mark = at === undefined ? undefined : text[at]
  const quote = mark ?? (text.split('"').length > text.split("'").length ? '"' : "'")
  return `${quote}${pin}${quote}`
}

/** Reads the edited text back: it must say what was asked for. */
function verify(edited: string, target: EditTarget): void {
  const { change } = target
  const again = { ...target, text: edited }
  const { champion, shadow } = pinsOf(again, findOptions(again))
  const shadows = shadow?.pins.map(({ value }) => value) ?? []
  const right =
    change.as === 'champion'
      ? champion?.value === change.pin && !shadows.includes(change.pin)
      : shadows.includes(change.pin)
  if (!right) throw notLiteral(target, 'the edit did not come out right', null)
}

function notLiteral({ text, change, fileName }: EditTarget, problem: string, node: AnyNode | null): NoonmarkError {
  const line = node === null ? null : text.slice(0, node.start).split('\n').length
  const where = line === null ? fileName : `${fileName}:${line}`
  const wanted = change.as === 'champion' ? `champion: '${change.pin}'` : `shadow: [..., '${change.pin}']`
  const shown = line === null ? '' : `\n  now:    ${text.split('\n')[line - 1]?.trim() ?? ''}`
  return noonmarkError('pin_not_literal', {
    message: `${where}: deployment '${change.deployment}' cannot be edited: ${problem}.${shown}\n  wanted: deployment('${change.deployment}', ..., { ${wanted} })`,
    path: `${where} > deployment ${change.deployment} > ${change.as}`,
  })
}

/** Parses TypeScript: types become spaces, so that every place stays where it was. */
function parseTypeScript(text: string, fileName: string): { readonly program: AnyNode; readonly plain: string } {
  try {
    const plain = /\.[cm]?ts$/.test(fileName) ? withoutTypes(text) : text
    if (!isInPlace(text, plain)) throw new Error('types could not be taken out in place')
    return { program: parse(plain, { ecmaVersion: 'latest', sourceType: 'module' }), plain }
  } catch (error) {
    if (isNoonmarkError(error)) throw error
    throw noonmarkError('project_invalid', {
      message: `${fileName}: ${error instanceof Error ? error.message : String(error)}`,
      path: fileName,
      cause: error,
    })
  }
}

function withoutTypes(text: string): string {
  // Node warns once that the function is experimental; whoever deploys a model has no use for that line.
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(text)
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Whether all that is left of a text stands where it stood. */
function isInPlace(text: string, plain: string): boolean {
  if (text.length !== plain.length) return false
  for (let at = 0; at < text.length; at++) if (plain[at] !== text[at] && plain[at]?.trim() !== '') return false
  return true
}

function visit(node: AnyNode, each: (node: AnyNode) => void): void {
  each(node)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) visit(child, each)
    }
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
