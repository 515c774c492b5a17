import type { Source, SourceSpec } from '../define/index.ts'
import type { DtypeName } from '../values/index.ts'
import { isOneOf, listed, mistake, type Place } from './mistake.ts'

/** The types that a column can have. */
export const dtypeNames: readonly DtypeName[] = ['bool', 'int', 'int64', 'float', 'string', 'timestamp']

/**
 * A source as it goes into the manifest, checked for what TypeScript would have caught.
 * @throws definition_invalid
 */
export function sourceSpec(place: Place, { spec }: Source): SourceSpec {
  for (const [name, column] of Object.entries(spec.columns)) {
    if (isOneOf(dtypeNames, column.type)) continue
    throw mistake(
      place,
      `columns.${name}`,
      'is not a type',
      `Write ${name}: string() or ${listed(dtypeNames)} likewise.`,
    )
  }
  if (spec.history !== null && (typeof spec.history !== 'string' || spec.history === ''))
    throw mistake(place, 'history', 'is not a path', "Name files: history: 'data/landings/*.parquet'.")
  checkTexts(place, spec)
  return spec
}

/** Owner and description are texts where they are given. */
export function checkTexts(place: Place, texts: { readonly owner?: unknown; readonly description?: unknown }): void {
  for (const field of ['owner', 'description'] as const) {
    const text = texts[field]
    if (text !== undefined && typeof text !== 'string')
      throw mistake(place, field, 'is not a text', 'Write a sentence.')
  }
}
