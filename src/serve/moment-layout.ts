import type { MomentSpec, ReferenceSpec } from '../define/index.ts'
import type { DtypeName, Value } from '../values/index.ts'

/**
 * Where everything that a request says of a moment stands in one flat list of values: first the instant, then the key, then
 * each role's key columns, then the request fields. What is looked up and what is derived follow behind (`wiring.ts`).
 */
export interface MomentLayout {
  readonly moment: string
  readonly key: readonly LaidField[]
  readonly roles: readonly LaidRole[]
  readonly request: readonly (LaidField & { readonly nullable: boolean })[]
  /** How many values a request fills. */
  readonly size: number
}

/** One field and its place. */
export interface LaidField {
  readonly name: string
  readonly type: DtypeName
  readonly slot: number
}

/** One role: its key columns in the entity's order, side by side from `firstSlot` on. */
export interface LaidRole {
  readonly role: string
  readonly entity: string
  readonly columns: readonly LaidField[]
  readonly firstSlot: number
}

/** The values of one moment, by slot. Null where missing. */
export type MomentValues = (Value | null)[]

/** The place of the instant of the moment. */
export const atSlot = 0

/** Gives every part of a moment its place. */
export function layOutMoment(spec: MomentSpec): MomentLayout {
  let slot = atSlot + 1
  const key = spec.key.map(({ name, type }) => ({ name, type, slot: slot++ }))
  const roles = spec.entities.map(({ role, entity, key: columns }) => {
    const firstSlot = slot
    return { role, entity, columns: columns.map(({ name, type }) => ({ name, type, slot: slot++ })), firstSlot }
  })
  const request = spec.request.map(({ name, dtype }) => ({
    name,
    type: dtype.type,
    nullable: dtype.nullability === 'optional',
    slot: slot++,
  }))
  return { moment: spec.name, key, roles, request, size: slot }
}

/** The place of what a reference names; undefined where the moment has no such thing (any more). */
export function referenceSlot(layout: MomentLayout, reference: ReferenceSpec): number | undefined {
  switch (reference.reference) {
    case 'at':
      return atSlot
    case 'key':
      return layout.key.find(({ name }) => name === reference.field)?.slot
    case 'request':
      return layout.request.find(({ name }) => name === reference.field)?.slot
    case 'entity':
      return layout.roles
        .find(({ role }) => role === reference.role)
        ?.columns.find(({ name }) => name === reference.column)?.slot
  }
}
