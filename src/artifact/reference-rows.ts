import { invalidArtifact } from './envelope.ts'
import type { InputValue } from './row-coder.ts'

/** Some rows of validation with the predictions that the trainer itself made for them, kept with every version. */
export interface ReferenceRows {
  readonly format: 1
  readonly columns: readonly string[]
  /** One list a row, in the order of `columns`; null where missing. */
  readonly rows: readonly (readonly (number | boolean | string | null)[])[]
  readonly probabilities: readonly number[]
}

/** The bytes of reference rows: JSON, whose numbers read back exactly. */
export function encodeReferenceRows(reference: Omit<ReferenceRows, 'format'>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: 1, ...reference } satisfies ReferenceRows))
}

/** Reads reference rows back. Raises `artifact_invalid` where they are not whole. */
export function decodeReferenceRows(bytes: Uint8Array): ReferenceRows {
  const parsed = parse(bytes)
  const reference = parsed as ReferenceRows | null // held against its shape in the next lines
  const whole =
    typeof reference === 'object' &&
    reference?.format === 1 &&
    Array.isArray(reference.columns) &&
    Array.isArray(reference.rows) &&
    Array.isArray(reference.probabilities) &&
    reference.rows.length > 0 &&
    reference.rows.length === reference.probabilities.length &&
    reference.rows.every((row) => Array.isArray(row) && row.length === reference.columns.length)
  if (!whole) throw invalidArtifact('The reference rows of a version cannot be read.')
  return reference
}

/** The reference row as a model reads it. */
export function referenceRow(reference: ReferenceRows, row: number): Record<string, InputValue> {
  return Object.fromEntries(reference.columns.map((name, column) => [name, reference.rows[row]![column] ?? null]))
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return null
  }
}
