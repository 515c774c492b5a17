import { type AnyNode, type Program, parse } from 'acorn'
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
  /** Whether the statement is there for what it does, not for what it declares. */
  readonly isEffect: boolean
  /** Whether functions within it count as run: what a function changes, it changes for whoever calls it. */
  readonly isDeep: boolean
  /** Whether what it declares can never be changed by anyone who can see it. */
  readonly isConstant: boolean
  readonly isFunction: boolean
  /** Names that a call of the bundler's own takes but leaves alone are not counted before this position. */
  readonly mentionsEnd: number
}

/** A bundle, parsed and resolved. */
export interface BundleSyntax {
  readonly code: string
  readonly program: Program
  readonly statements: readonly BundleStatement[]
  /** The statements that declare a name at the top. */
  readonly declarations: ReadonlyMap<string, readonly BundleStatement[]>
  /** The statements that may change what a name at the top holds. */
  readonly changes: ReadonlyMap<string, readonly BundleStatement[]>
  readonly moduleScope: Scope
  /** The names between two positions. */
  readonly occurrencesIn: (start: number, end: number) => readonly Occurrence[]
  /** The functions whose `toString()` is the text. */
  readonly functionsOf: (text: string) => readonly FunctionText[]
  readonly sourceMap: SourceMap | undefined
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
  for (const statement of statements) for (const name of statement.declares) add(declarations, name, statement)
  const changes = new Map<string, BundleStatement[]>()
  for (const statement of statements) {
    for (const name of changedNames(
      statement,
      occurrencesIn(statement.start, statement.mentionsEnd),
      moduleScope,
      declarations,
    )) {
      add(changes, name, statement)
    }
  }
  const byLength = Map.groupBy(functions, ({ start, end }) => end - start)
  return {
    code,
    program,
    statements,
    declarations,
    changes,
    moduleScope,
    occurrencesIn,
    functionsOf: (text) => (byLength.get(text.length) ?? []).filter(({ start }) => code.startsWith(text, start)),
    sourceMap: readSourceMap(code),
  }
}

/** Which names a statement may change for others. An effect may change whatever it mentions. */
function changedNames(
  statement: BundleStatement,
  occurrences: readonly Occurrence[],
  moduleScope: Scope,
  declarations: ReadonlyMap<string, readonly BundleStatement[]>,
): Set<string> {
  const names = new Set<string>()
  for (const { name, declaredIn, touch, deferred } of occurrences) {
    if (declaredIn === undefined && touch === 'assign' && !deferred) names.add(name) // a global such as Array.prototype.x
    if (declaredIn !== moduleScope) continue
    const holders = declarations.get(name) ?? []
    const isConstant = holders.length === 1 && holders[0]?.isConstant === true && touch !== 'assign'
    if (isConstant || holders.includes(statement)) continue
    const runs = statement.isDeep || !deferred
    const mayChange =
      statement.isEffect ||
      ((touch === 'assign' || touch === 'call') && runs) ||
      (touch === 'pass' && !statement.isDeep && !deferred && !holders.some(({ isFunction }) => isFunction))
    if (mayChange) names.add(name)
  }
  return names
}

function readStatement(node: AnyNode, code: string): BundleStatement[] {
  const plain = {
    start: node.start,
    end: node.end,
    prefix: '',
    text: undefined,
    declares: [],
    isEffect: false,
    isDeep: false,
    isConstant: false,
    isFunction: false,
    mentionsEnd: node.end,
  } satisfies BundleStatement
  switch (node.type) {
    case 'EmptyStatement':
    case 'ExportAllDeclaration':
      return []
    case 'ExportNamedDeclaration':
      return node.declaration ? readStatement(node.declaration, code) : []
    case 'ImportDeclaration':
      return node.specifiers.map((specifier) => {
        const clause = code.slice(specifier.start, specifier.end)
        const source = code.slice(node.source.start, node.end)
        const text = `import ${specifier.type === 'ImportSpecifier' ? `{ ${clause} }` : clause} from ${source}`
        return { ...plain, text, declares: [specifier.local.name], isConstant: true }
      })
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return [{ ...plain, declares: node.id ? [node.id.name] : [], isDeep: true, isFunction: true }]
    case 'VariableDeclaration':
      return node.declarations.map((declaration) => ({
        ...plain,
        start: declaration.start,
        end: declaration.end,
        prefix: `${node.kind} `,
        declares: patternNames(declaration.id),
        mentionsEnd: declaration.end,
        isConstant: node.kind !== 'let' && !!declaration.init && isConstant(declaration.init),
        isDeep: !!declaration.init && (isFunction(declaration.init) || isLazyModule(declaration.init)),
        isFunction: !!declaration.init && isFunction(declaration.init),
      }))
    default:
      return [{ ...plain, declares: varNames([node]), isEffect: true, mentionsEnd: mentionsEnd(node) }]
  }
}

/** The bundler's `__export(target, { name: () => name })` and `__reExport(target, ...)` change their target only. */
function mentionsEnd(node: AnyNode): number {
  if (node.type !== 'ExpressionStatement' || node.expression.type !== 'CallExpression') return node.end
  const { callee, arguments: passed } = node.expression
  const [target] = passed
  return target !== undefined && /^__(?:export|reExport)\d*$/.test(calleeName(callee)) ? target.end : node.end
}

function isFunction({ type }: AnyNode): boolean {
  return type === 'FunctionExpression' || type === 'ArrowFunctionExpression' || type === 'ClassExpression'
}

/** The bundler's wrapper of a module that is loaded when first needed, which sets variables at the top. */
function isLazyModule(node: AnyNode): boolean {
  return node.type === 'CallExpression' && /^__esm\d*$/.test(calleeName(node.callee))
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

function add<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
