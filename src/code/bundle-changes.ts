import type { BundleStatement } from './bundle-syntax.ts'
import type { Occurrence, Scope } from './scope.ts'

/** What is known of the statements of a bundle before asking which of them change what. */
export interface ResolvedStatements {
  readonly statements: readonly BundleStatement[]
  readonly declarations: ReadonlyMap<string, readonly BundleStatement[]>
  readonly occurrencesIn: (start: number, end: number) => readonly Occurrence[]
  readonly moduleScope: Scope
}

interface Use {
  readonly statement: BundleStatement
  readonly occurrence: Occurrence
}

/**
 * Which statements may change what a name holds while the bundle is loaded, beside those that declare it: those that
 * assign to it, call its methods or pass it on, and those that call a function that does, however many calls away. A
 * statement that declares nothing may change whatever it mentions. It errs on the side of too many, but functions that
 * are only declared (a derive that fills a memo) count for nothing until something that runs calls them.
 */
export function changersOf(resolved: ResolvedStatements): (name: string) => ReadonlySet<BundleStatement> {
  const { statements, declarations, occurrencesIn, moduleScope } = resolved
  const uses = new Map<string, Use[]>()
  const atOnce = new Map<string, BundleStatement[]>()
  const whenCalled = new Map<string, BundleStatement[]>()
  const namespaces = new Set(statements.map(({ exportsTo }) => exportsTo?.name))

  for (const statement of statements) {
    if (statement.exportsTo !== undefined) {
      add(atOnce, statement.exportsTo.name, statement)
      continue
    }
    for (const occurrence of occurrencesIn(statement.start, statement.end)) {
      const { name, declaredIn, touch, deferred } = occurrence
      // A global is changed by what assigns to it or its properties, such as `Array.prototype.last = ...`.
      if (declaredIn === undefined && touch === 'assign' && !deferred) add(atOnce, name, statement)
      if (declaredIn !== moduleScope || (statement.isPure && !deferred)) continue
      add(uses, name, { statement, occurrence })
      const holders = declarations.get(name) ?? []
      if (holders.includes(statement) || namespaces.has(name) || !mayChange(statement, occurrence, holders)) continue
      add(deferred && statement.kind !== 'effect' ? whenCalled : atOnce, name, statement)
    }
  }

  const known = new Map<string, ReadonlySet<BundleStatement>>()
  const find = (name: string): ReadonlySet<BundleStatement> => {
    const found = new Set(atOnce.get(name))
    const open = [...(whenCalled.get(name) ?? [])]
    const seen = new Set(open)
    for (let callee = open.pop(); callee !== undefined; callee = open.pop()) {
      for (const { statement, occurrence } of callee.declares.flatMap((declared) => uses.get(declared) ?? [])) {
        const runs = statement.kind === 'effect' || (!occurrence.deferred && occurrence.called)
        if (runs) found.add(statement)
        if (!occurrence.deferred || seen.has(statement)) continue
        seen.add(statement)
        open.push(statement)
      }
    }
    return found
  }
  return (name) => {
    const changers = known.get(name) ?? find(name)
    known.set(name, changers)
    return changers
  }
}

function mayChange(statement: BundleStatement, { touch }: Occurrence, holders: readonly BundleStatement[]): boolean {
  const isAny = (kind: BundleStatement['kind']): boolean => holders.some((holder) => holder.kind === kind)
  if (touch === 'assign') return true
  if (holders.length === 1 && isAny('constant')) return false
  if (statement.kind === 'effect') return true
  if (isAny('package')) return false
  return touch === 'call' || (touch === 'pass' && isAny('value'))
}

function add<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
