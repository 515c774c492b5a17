import { noonmarkError } from '../errors.ts'

/** The kinds of definitions, as nouns of the catalog. */
export type DefinitionKind = 'entity' | 'source' | 'feature-view' | 'moment' | 'model' | 'deployment'

const marker = Symbol.for('noonmark.definition')

/** What every definition has: a kind and a name that is unique among its kind within a project. */
export interface Definition<K extends DefinitionKind = DefinitionKind, Name extends string = string> {
  readonly kind: K
  readonly name: Name
}

const namePattern = /^[a-z][a-z0-9_-]{0,62}$/

/**
 * Freezes and marks a definition.
 * @throws definition_invalid when the name is not lower-case letters, digits, `_` and `-`
 */
export function defined<D extends Definition>(definition: D): D {
  checkName(definition.name, definition.kind)
  Object.defineProperty(definition, marker, { value: definition.kind })
  return Object.freeze(definition)
}

/** Whether an exported value is a definition, also one made by another copy of this package. */
export function isDefinition(value: unknown): value is Definition {
  return typeof value === 'object' && value !== null && marker in value
}

/** Refuses a name of a definition that files, URLs and SQL could not all carry. */
export function checkName(name: string, kind: string): void {
  if (typeof name === 'string' && namePattern.test(name)) return
  throw invalid(
    `${kind} ${JSON.stringify(name)}`,
    'name',
    'is not a name',
    'Use lower-case letters, digits, _ and -, a letter first, at most 63.',
  )
}

const columnPattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

/** Refuses a name of a column, field, role or feature that could not be a column of a table. */
export function checkColumnName(name: string, owner: string): void {
  if (columnPattern.test(name)) return
  throw invalid(owner, name, 'is not a column name', 'Use letters, digits and _, not a digit first.')
}

/** The error of a definition: who, which field, what is wrong, how to mend it. */
export function invalid(owner: string, field: string, problem: string, hint: string) {
  return noonmarkError('definition_invalid', {
    message: `${owner}: ${field} ${problem}.`,
    hint,
    path: `${owner} > ${field}`,
  })
}

/** A sentence that stands where a type is wrong, so that a compile error reads as one. */
export type TypeMistake<Sentence extends string> = { readonly mistake: Sentence }
