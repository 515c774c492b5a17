import { type AnyNode, type Program, parse } from 'acorn'
import { changersOf } from './bundle-changes.ts'
import { calleeName } from './mutation.ts'
import { analyseScopes, type FunctionText, type Occurrence, patternNames, type Scope, varNames } from './scope.ts'
import { readSourceMap, type SourceMap } from './source-map.ts'

/** A statement at the top of a bundle, or one of several declarations in it. */
export interface BundleStatement {
  readonly start: number
  readonly end: number
  /** What is written before the code between start and end, such as `var `. */
  readonly prefix: string
  /** The text to write instead of the code between start and end, for imports. */
  readonly text: string | undefined
  readonly declares: readonly string[]
  readonly kind: StatementKind
  /** The namespace object that the bundler's own `__export(target, ...)` fills; all else it mentions it leaves alone. */
  readonly exportsTo: { readonly name: string } | undefined
  /** Whether its author says (`/* @__PURE__ *\/`, as to any bundler) that it changes nothing. */
  readonly isPure: boolean
}

/**
 * `effect`: there for what it does. `function`: declares functions or a class. `constant`: declares what nobody can
 * change. `package`: declares a CommonJS package. `value`: declares anything else.
 */
export type StatementKind = 'effect' | 'function' | 'constant' | 'package' | 'value'

/** A bundle, parsed and resolved. */
export interface BundleSyntax {
  readonly code: string
  readonly program: Program
  readonly statements: readonly BundleStatement[]
  /** The statements that declare a name at the top. */
  readonly declarations: ReadonlyMap<string, readonly BundleStatement[]>
  /** The statements that may change what a name holds while the bundle is loaded. */
  readonly changersOf: (name: string) => ReadonlySet<BundleStatement>
  readonly moduleScope: Scope
  /** The names between two positions. */
  readonly occurrencesIn: (start: number, end: number) => readonly Occurrence[]
  /** The functions whose `toString()` is the text. */
  readonly functionsOf: (text: string) => readonly FunctionText[]
  readonly sourceMap: SourceMap | undefined
  /** Line and column, from 1, of an offset in the code. */
  readonly position: (offset: number) => { readonly line: number; readonly column: number }
}

const parsed = new Map<string, BundleSyntax>()

/** Parses a bundle, once for as long as it is among the last few. */
export function parseBundle(code: string): BundleSyntax {
  const known = parsed.get(code)
  if (known !== undefined) return known
  const syntax = readBundle(code)
  parsed.set(code, syntax)
  const [oldest] = parsed.keys()
  if (parsed.size > 2 && oldest !== undefined) parsed.delete(oldest)
  return syntax
}

/** Parses an ES module. */
export function parseModule(code: string): Program {
  return parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true })
}

function readBundle(code: string): BundleSyntax {
  const program = parseModule(code)
  const { moduleScope, occurrences, functions } = analyseScopes(program, code)
  const statements = program.body.flatMap((node) => readStatement(node, code))
  const occurrencesIn = (start: number, end: number): readonly Occurrence[] => {
    return occurrences.slice(firstAt(occurrences, start), firstAt(occurrences, end))
  }
  const declarations = new Map<string, BundleStatement[]>()
  for (const statement of statements) {
    for (const name of statement.declares) declarations.set(name, [...(declarations.get(name) ?? []), statement])
  }
  const byLength = Map.groupBy(functions, ({ start, end }) => end - start)
  return {
    code,
    program,
    statements,
    declarations,
    changersOf: changersOf({ statements, declarations, occurrencesIn, moduleScope }),
    moduleScope,
    occurrencesIn,
    functionsOf: (text) => (byLength.get(text.length) ?? []).filter(({ start }) => code.startsWith(text, start)),
    sourceMap: readSourceMap(code),
    position: positionsIn(code),
  }
}

function readStatement(node: AnyNode, code: string): BundleStatement[] {
  const { start, end } = node
  const plain = { start, end, prefix: '', text: undefined, exportsTo: undefined, isPure: false }
  switch (node.type) {
    case 'EmptyStatement':
    case 'ExportAllDeclaration':
      return []
    case 'ExportNamedDeclaration':
      return node.declaration ? readStatement(node.declaration, code) : []
    case 'ImportDeclaration':
      return node.specifiers.map((specifier) => {
        const clause = code.slice(specifier.start, specifier.end)
        const source = code.slice(node.source.start, end)
        const text = `import ${specifier.type === 'ImportSpecifier' ? `{ ${clause} }` : clause} from ${source}`
        return { ...plain, text, declares: [specifier.local.name], kind: 'constant' }
      })
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return [{ ...plain, declares: node.id ? [node.id.name] : [], kind: 'function' }]
    case 'VariableDeclaration':
      return node.declarations.map((declaration) => ({
        ...plain,
        start: declaration.start,
        end: declaration.end,
        prefix: `${node.kind} `,
        declares: patternNames(declaration.id),
        kind: declaration.init ? kindOf(declaration.init) : 'value',
        isPure: /[@#]__PURE__ \*\/\s*$/.test(code.slice(declaration.id.end, declaration.init?.start)),
      }))
    default:
      return [{ ...plain, declares: varNames([node]), kind: 'effect', exportsTo: exportTarget(node) }]
  }
}

function exportTarget(node: AnyNode): { readonly name: string } | undefined {
  if (node.type !== 'ExpressionStatement' || node.expression.type !== 'CallExpression') return undefined
  const { callee, arguments: passed } = node.expression
  const [target] = passed
  return target?.type === 'Identifier' && /^__(?:export|reExport)\d*$/.test(calleeName(callee)) ? target : undefined
}

function kindOf(init: AnyNode): StatementKind {
  const { type } = init
  if (type === 'FunctionExpression' || type === 'ArrowFunctionExpression' || type === 'ClassExpression')
    return 'function'
  if (type === 'CallExpression' && /^__(?:toESM|commonJS)\d*$/.test(calleeName(init.callee))) return 'package'
  return isConstant(init) ? 'constant' : 'value'
}

function isConstant(node: AnyNode): boolean {
  switch (node.type) {
    case 'Literal':
      return !('regex' in node && node.regex)
    case 'TemplateLiteral':
      return node.expressions.every(isConstant)
    case 'UnaryExpression':
      return isConstant(node.argument)
    case 'BinaryExpression':
      return isConstant(node.left) && isConstant(node.right)
    case 'CallExpression':
      return calleeName(node.callee) === 'Object.freeze'
    default:
      return false
  }
}

function firstAt(occurrences: readonly Occurrence[], position: number): number {
  let low = 0
  let high = occurrences.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (occurrences[middle]!.start < position) low = middle + 1
    else high = middle
  }
  return low
}

function positionsIn(code: string): BundleSyntax['position'] {
  const lineStarts = [0]
  for (let at = code.indexOf('\n'); at !== -1; at = code.indexOf('\n', at + 1)) lineStarts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = lineStarts.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (lineStarts[middle]! <= offset) low = middle
      else high = middle
    }
    return { line: low + 1, column: offset - lineStarts[low]! + 1 }
  }
}
