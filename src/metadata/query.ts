import { noonmarkError } from '../errors.ts'
import type { RecordQuery } from './metadata-store.ts'
import {
  columnOrders,
  type EncodedRange,
  encodeCondition,
  type IndexCondition,
  type RecordKey,
  type RecordKind,
} from './record.ts'

/** A list as drivers carry it out: conditions and cursor in encoded values. */
export interface PlainQuery {
  readonly project: string
  readonly where: readonly { readonly field: string; readonly is: string | EncodedRange }[]
  readonly orderBy: string
  readonly descending: boolean
  readonly limit: number | null
  /** What the page begins behind. */
  readonly after: { readonly value: string | number; readonly id: string } | null
}

/** Checks a query against what its kind declares. */
export function plainQuery<Body>(kind: RecordKind<Body>, query: RecordQuery<Body>): PlainQuery {
  const declared = (field: string) => {
    if (kind.indexes.some((index) => index === field)) return field
    throw new Error(`Records of kind "${kind.kind}" are not indexed by "${field}".`)
  }
  const orderBy = query.order?.by ?? 'id'
  const where: { readonly [field: string]: IndexCondition } = { ...query.where }
  const conditions = Object.entries(where).filter(([, condition]) => condition !== undefined)
  return {
    project: query.project,
    where: conditions.map(([field, condition]) => ({ field: declared(field), is: encodeCondition(condition) })),
    orderBy: columnOrders.has(orderBy) ? orderBy : declared(orderBy),
    descending: query.order?.descending ?? false,
    limit: query.limit ?? null,
    after: query.after === undefined ? null : parseCursor(query.after),
  }
}

/** The cursor behind a record that has this value in the field that the list is ordered by. */
export function formatCursor(value: string | number, id: string): string {
  return Buffer.from(JSON.stringify([value, id])).toString('base64url')
}

/** The error for a record that stands at another revision than a change expects; null where it stands as expected. */
export function revisionConflict(kind: string, key: RecordKey, standing: number, expected: number | undefined) {
  if (expected === undefined || expected === standing) return null
  const found = standing === 0 ? 'it does not exist' : `it is at revision ${standing}`
  const wanted = expected === 0 ? 'it was not to exist yet' : `revision ${expected} was expected`
  return noonmarkError('record_conflict', {
    message: `The ${kind} "${key.id}" was changed by someone else meanwhile: ${found}; ${wanted}.`,
    path: `${kind} ${key.id}`,
  })
}

function parseCursor(text: string): { value: string | number; id: string } {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (Array.isArray(parts)) {
      const [value, id]: unknown[] = parts
      if ((typeof value === 'string' || typeof value === 'number') && typeof id === 'string') return { value, id }
    }
  } catch {
    // Falls through to the one error for whatever is wrong with it.
  }
  throw noonmarkError('position_invalid', { message: 'The place to go on from cannot be read.', path: 'after' })
}
