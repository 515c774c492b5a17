import { digestJson } from '../digest.ts'
import type { Change } from './step.ts'

/**
 * The properties in which two JSON values differ, each by its path. Lists of named things are compared by name, so that an
 * inserted entry is one change; expressions and other lists are compared whole.
 */
export function changesBetween(before: unknown, after: unknown, path = ''): Change[] {
  if (isEqual(before, after)) return []
  const [a, b] = [membersOf(before), membersOf(after)]
  if (a === null || b === null) return [{ property: path, before: before ?? null, after: after ?? null }]
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  const changes = names.flatMap((name) => changesBetween(a[name], b[name], path === '' ? name : `${path}.${name}`))
  // Equal members in another order: the order is what changed.
  return changes.length > 0 ? changes : [{ property: `${path}.order`, before: Object.keys(a), after: Object.keys(b) }]
}

/** Whether two JSON values are the same. */
export function isEqual(a: unknown, b: unknown): boolean {
  return a === b || digestJson(a ?? null) === digestJson(b ?? null)
}

/** What a value is made of, by name; null for what is one thing: a scalar, an expression, a list of nameless things. */
function membersOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null) return null
  if (!Array.isArray(value)) return 'op' in value ? null : { ...value }
  const named = value.map((entry: unknown) => [nameOf(entry), entry] as const)
  const names = named.map(([name]) => name)
  const isNamed = names.every((name) => name !== null) && new Set(names).size === names.length
  return isNamed ? Object.fromEntries(named) : null
}

function nameOf(entry: unknown): string | null {
  if (typeof entry !== 'object' || entry === null) return null
  const { column, role, name, entity }: { column?: unknown; role?: unknown; name?: unknown; entity?: unknown } = entry
  // Inputs have a column of the training set; key columns and fields have a name, which says more than where they are read from.
  for (const candidate of 'input' in entry ? [column] : [name, role, entity]) {
    if (typeof candidate === 'string') return candidate
  }
  return null
}
