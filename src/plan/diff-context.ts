import type { Manifest } from '../define/index.ts'
import type { PlanFacts } from './facts.ts'
import type { Step, StepKind } from './step.ts'

/** What the parts of a diff share. */
export interface DiffContext {
  readonly before: Manifest
  readonly after: Manifest
  readonly facts: PlanFacts
  /** Pins without a version yet, by deployment. */
  readonly pending: ReadonlyMap<string, readonly string[]>
}

/** One step a name that is on either side; null makes none. */
export function each<S>(
  before: Readonly<Record<string, S>>,
  after: Readonly<Record<string, S>>,
  make: (name: string, before: S | null, after: S | null) => Step | null,
): Step[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap((name) => make(name, before[name] ?? null, after[name] ?? null) ?? [])
}

/** A step that makes something new or takes it away. */
export function edgeStep(
  kind: StepKind,
  name: string,
  before: unknown,
  after: unknown,
  effects: readonly string[] = [],
  warnings: readonly string[] = [],
): Step {
  const op = before === null ? 'create' : 'delete'
  return { op, kind, name, before, after, changes: [], effects, warnings }
}

/** A number of things, in words of the right form. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
