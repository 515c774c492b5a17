import { type ErrorCode, noonmarkError } from '../errors.ts'

/** Where a definition stands: its file and what it is called in messages. */
export interface Place {
  /** Relative to the project. */
  readonly file: string
  /** Kind and name: `feature-view airport_punctuality`. */
  readonly owner: string
}

/** The error of a definition that names file, definition and field, and how to mend it. */
export function mistake(
  place: Place,
  field: string,
  problem: string,
  hint: string,
  code: ErrorCode = 'definition_invalid',
) {
  return noonmarkError(code, {
    message: `${place.owner}: ${field} ${problem}.`,
    hint,
    path: `${place.file} > ${place.owner} > ${field}`,
  })
}

/** Names as a sentence lists them; `none` where there are none. */
export function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ')
}

/** Whether a value is one of the names. A guard for what TypeScript promised and JavaScript did not check. */
export function isOneOf<T extends string>(names: readonly T[], value: unknown): value is T {
  return names.some((name) => name === value)
}
