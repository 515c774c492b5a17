import type { AnyNode, Class, Function as FunctionSyntax, Program } from 'acorn'
import { isCalled, runsAtOnce, type Touch, touchOf } from './mutation.ts'

/** A stretch of code in which names are declared. */
export interface Scope {
  readonly parent: Scope | undefined
  readonly start: number
  readonly end: number
  readonly names: ReadonlySet<string>
}

/** A name (or `this`, `super`, `arguments`) where it stands in the code. */
export interface Occurrence {
  readonly name: string
  readonly start: number
  readonly end: number
  /** The scope that declares the name; undefined where nothing in the code does. */
  readonly declaredIn: Scope | undefined
  /** Whether this is the name of the function or class that stands here, rather than a use of it. */
  readonly names: boolean
  /** Whether the name stands for a property as well (`{ name }`), or for what a module exports (`import { name }`). */
  readonly shorthand: 'property' | 'import' | undefined
  readonly touch: Touch
  /** Whether what the name holds, or a method of it, is called here. */
  readonly called: boolean
  /** Whether it stands in a function that runs later, or never. */
  readonly deferred: boolean
}

/** A function as it stands in the code; the text between start and end is what `toString()` gives. */
export interface FunctionText {
  readonly start: number
  readonly end: number
  /** The key of a method; undefined for functions and arrows. */
  readonly member: { readonly computed: boolean; readonly text: string } | undefined
}

/** Every name of a program, resolved. */
export interface ScopeAnalysis {
  readonly moduleScope: Scope
  /** In order of position. */
  readonly occurrences: readonly Occurrence[]
  readonly functions: readonly FunctionText[]
}

interface OpenScope extends Scope {
  readonly names: Set<string>
}

/** Names that belong to a function itself, and are never renamed. */
export const functionOwnNames: ReadonlySet<string> = new Set(['this', 'super', 'arguments'])

/** Resolves every name of a module by the scoping rules of ECMAScript in strict mode. */
export function analyseScopes(program: Program, code: string): ScopeAnalysis {
  const found: (Omit<Occurrence, 'declaredIn'> & { scope: Scope })[] = []
  const functions: FunctionText[] = []
  const parents: AnyNode[] = []
  let deferredDepth = 0

  const occurs = (node: AnyNode, name: string, scope: Scope, names = false): void => {
    found.push({
      name,
      start: node.start,
      end: node.end,
      scope,
      names,
      shorthand: shorthandOf(node, parents),
      touch: touchOf(node, parents),
      called: isCalled(node, parents),
      deferred: deferredDepth > 0,
    })
  }

  const visit = (node: AnyNode, scope: Scope): void => {
    parents.push(node)
    visitInside(node, scope)
    parents.pop()
  }
  const visitAll = (nodes: readonly AnyNode[], scope: Scope): void => {
    for (const node of nodes) visit(node, scope)
  }

  const visitInside = (node: AnyNode, scope: Scope): void => {
    switch (node.type) {
      case 'Identifier':
        parents.pop()
        occurs(node, node.name, scope)
        parents.push(node)
        break
      case 'ThisExpression':
      case 'MetaProperty':
        occurs(node, 'this', scope)
        break
      case 'Super':
        occurs(node, 'super', scope)
        break
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        visitFunction(node, scope)
        break
      case 'ClassDeclaration':
      case 'ClassExpression':
        visitClass(node, scope)
        break
      case 'BlockStatement':
        visitAll(node.body, openScope(node, scope, lexicalNames(node.body)))
        break
      case 'StaticBlock':
        visitAll(
          node.body,
          openScope(node, scope, [...lexicalNames(node.body), ...varNames(node.body), 'this', 'super']),
        )
        break
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement': {
        const head = node.type === 'ForStatement' ? node.init : node.left
        visitAll(children(node), openScope(node, scope, head ? lexicalNames([head]) : []))
        break
      }
      case 'SwitchStatement':
        visit(node.discriminant, scope)
        visitAll(
          node.cases,
          openScope(
            node,
            scope,
            node.cases.flatMap(({ consequent }) => lexicalNames(consequent)),
          ),
        )
        break
      case 'CatchClause':
        visitAll(children(node), openScope(node, scope, node.param ? patternNames(node.param) : []))
        break
      case 'MemberExpression':
        visit(node.object, scope)
        if (node.computed) visit(node.property, scope)
        break
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node.computed) visit(node.key, scope)
        if (isMethod(node)) functions.push(methodText(node, code))
        if (node.value) visit(node.value, scope)
        break
      case 'LabeledStatement':
        visit(node.body, scope)
        break
      case 'ImportSpecifier':
        visit(node.local, scope)
        break
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'ExportSpecifier':
      case 'ExportAllDeclaration':
        break
      default:
        visitAll(children(node), scope)
        break
    }
  }

  const visitFunction = (node: FunctionSyntax & AnyNode, scope: Scope): void => {
    const isArrow = node.type === 'ArrowFunctionExpression'
    const parameters = node.params.flatMap(patternNames)
    const own = openScope(node, scope, [...parameters, ...(isArrow ? [] : functionOwnNames)])
    if (node.type === 'FunctionExpression' && node.id) own.names.add(node.id.name)
    if (node.id) occurs(node.id, node.id.name, node.type === 'FunctionDeclaration' ? scope : own, true)
    const parent = parents.at(-2)
    if (parent === undefined || !isMethod(parent))
      functions.push({ start: node.start, end: node.end, member: undefined })
    const deferred = runsAtOnce(node, parent) ? 0 : 1
    deferredDepth += deferred
    visitAll(node.params, own)
    if (node.body.type === 'BlockStatement') {
      // A `var` that repeats a parameter is that parameter.
      const vars = varNames(node.body.body).filter((name) => !parameters.includes(name))
      visitAll(node.body.body, openScope(node.body, own, [...vars, ...lexicalNames(node.body.body)]))
    } else visit(node.body, own)
    deferredDepth -= deferred
  }

  const visitClass = (node: Class & AnyNode, scope: Scope): void => {
    const own = openScope(node, scope, [])
    if (node.type === 'ClassExpression' && node.id) own.names.add(node.id.name)
    if (node.id) occurs(node.id, node.id.name, node.type === 'ClassDeclaration' ? scope : own, true)
    if (node.superClass) visit(node.superClass, own)
    // Fields and static blocks have a `this` of their own; computed keys, which have the outer one, are rare enough.
    visit(node.body, openScope(node.body, own, ['this', 'super']))
  }

  const moduleScope = openScope(program, undefined, [...lexicalNames(program.body), ...varNames(program.body)])
  visitAll(program.body, moduleScope)
  const occurrences = found
    .map(({ scope, ...occurrence }) => ({ ...occurrence, declaredIn: declaringScope(occurrence.name, scope) }))
    .sort((left, right) => left.start - right.start)
  return { moduleScope, occurrences, functions }
}

/** The names that a pattern (of a declaration or parameter) declares. */
export function patternNames(pattern: AnyNode): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name]
    case 'ObjectPattern':
      return pattern.properties.flatMap((part) => patternNames(part.type === 'Property' ? part.value : part))
    case 'ArrayPattern':
      return pattern.elements.flatMap((part) => (part === null ? [] : patternNames(part)))
    case 'RestElement':
      return patternNames(pattern.argument)
    case 'AssignmentPattern':
      return patternNames(pattern.left)
    default:
      return []
  }
}

/** The names that `var` declares anywhere in these statements, but not in functions within them. */
export function varNames(nodes: readonly AnyNode[]): string[] {
  return nodes.flatMap((node) => {
    if (node.type === 'VariableDeclaration') {
      return node.kind === 'var' ? node.declarations.flatMap(({ id }) => patternNames(id)) : []
    }
    const opensOwn = 'params' in node || node.type === 'ClassDeclaration' || node.type === 'ClassExpression'
    return opensOwn || node.type.endsWith('Expression') ? [] : varNames(children(node))
  })
}

/** The nodes directly below a node, in the order of the code. */
export function children(node: AnyNode): AnyNode[] {
  return Object.values(node).flat().filter(isNode)
}

function lexicalNames(statements: readonly AnyNode[]): string[] {
  return statements.flatMap((statement) => {
    switch (statement.type) {
      case 'VariableDeclaration':
        return statement.kind === 'var' ? [] : statement.declarations.flatMap(({ id }) => patternNames(id))
      case 'FunctionDeclaration':
      case 'ClassDeclaration':
        return statement.id ? [statement.id.name] : []
      case 'ImportDeclaration':
        return statement.specifiers.map(({ local }) => local.name)
      case 'ExportNamedDeclaration':
      case 'ExportDefaultDeclaration':
        return statement.declaration ? lexicalNames([statement.declaration]) : []
      default:
        return []
    }
  })
}

function openScope({ start, end }: AnyNode, parent: Scope | undefined, names: Iterable<string>): OpenScope {
  return { parent, start, end, names: new Set(names) }
}

function declaringScope(name: string, from: Scope): Scope | undefined {
  let scope: Scope | undefined = from
  while (scope !== undefined && !scope.names.has(name)) scope = scope.parent
  return scope
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

type Member = Extract<AnyNode, { type: 'Property' | 'MethodDefinition' | 'PropertyDefinition' }>

function isMethod(node: AnyNode): node is Member {
  if (node.type === 'MethodDefinition') return true
  return node.type === 'Property' && (node.method || node.kind !== 'init')
}

/** `toString()` of a method gives it without `static`. */
function methodText(node: Member, code: string): FunctionText {
  const text = code.slice(node.start, node.end)
  const start = node.start + ('static' in node && node.static ? (/^static\s*/.exec(text)?.[0].length ?? 0) : 0)
  return { start, end: node.end, member: { computed: node.computed, text: code.slice(node.key.start, node.key.end) } }
}

function shorthandOf(node: AnyNode, parents: readonly AnyNode[]): Occurrence['shorthand'] {
  const parent = parents.at(-1)
  if (parent?.type === 'ImportSpecifier') return parent.imported.start === node.start ? 'import' : undefined
  const property = parent?.type === 'AssignmentPattern' && parent.left === node ? parents.at(-2) : parent
  return property?.type === 'Property' && property.shorthand && property.start === node.start ? 'property' : undefined
}
