import type { SourceSpec } from '../define/index.ts'
import { isEqual } from './changes.ts'

/**
 * The property that makes a source another version of itself, or none. Compatible are: a new column that may be null, `int`
 * that becomes `int64`, a required column that may now be null, other files, docs.
 */
export function sourceReplacement(before: SourceSpec, after: SourceSpec): string | undefined {
  // What dates and identifies a row says more than the columns that changed with it.
  const identity = (['id', 'eventTime', 'available', 'timeZone'] as const).find(
    (field) => !isEqual(before[field], after[field]),
  )
  if (identity !== undefined) return identity
  for (const [name, column] of Object.entries(before.columns)) {
    const now = after.columns[name]
    if (now === undefined) return `columns.${name}`
    const widened = column.type === 'int' && now.type === 'int64'
    if (column.type !== now.type && !widened) return `columns.${name}.type`
    if (column.nullability !== 'required' && now.nullability === 'required') return `columns.${name}.nullability`
  }
  for (const [name, column] of Object.entries(after.columns)) {
    if (before.columns[name] === undefined && column.nullability === 'required') return `columns.${name}`
  }
  return undefined
}
