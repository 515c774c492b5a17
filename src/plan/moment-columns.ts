import type { MomentSpec, ReferenceSpec } from '../define/index.ts'
import type { DtypeName } from '../values/index.ts'

/** The columns that a training set has whatever its model; no input may take their names. */
export const reservedColumns: readonly string[] = ['at', 'as_of', 'label', 'label_status', 'label_at', 'weight']

/** The columns of a moment in a training set: key fields, `<role>` or `<role>_<key column>`, request fields. */
export function momentColumns(moment: MomentSpec): { readonly name: string; readonly type: DtypeName }[] {
  return [
    ...moment.key.map(({ name, type }) => ({ name, type })),
    ...moment.entities.flatMap(({ role, key }) =>
      key.map(({ name, type }) => ({ name: key.length === 1 ? role : `${role}_${name}`, type })),
    ),
    ...moment.request.map(({ name, dtype }) => ({ name, type: dtype.type })),
  ]
}

/** Whether a moment has what a reference names, with its type. */
export function hasReference(moment: MomentSpec, reference: ReferenceSpec): boolean {
  switch (reference.reference) {
    case 'at':
      return true
    case 'key':
      return moment.key.some(({ name, type }) => name === reference.field && type === reference.type)
    case 'request':
      return moment.request.some(({ name, dtype }) => name === reference.field && dtype.type === reference.type)
    case 'entity':
      return moment.entities.some(
        ({ role, key }) =>
          role === reference.role && key.some(({ name, type }) => name === reference.column && type === reference.type),
      )
  }
}
