import { noonmarkError } from '../errors.ts'
import { type Instant, parseValue, type Value } from '../values/index.ts'
import type { LaidRole, MomentLayout, MomentValues } from './moment-layout.ts'

/** A request at a moment, read and checked. */
export interface MomentRequest {
  readonly rows: readonly MomentRequestRow[]
  /** Whether the body was one row, so that the answer is one too. */
  readonly single: boolean
  /** The deployments asked for; null for all of the moment. */
  readonly deployments: readonly string[] | null
  readonly minPosition: string | null
}

/** One row of a request. The slot of the instant is filled when the request is answered. */
export interface MomentRequestRow {
  /** The instant that the caller gave; null for now. */
  readonly at: Instant | null
  readonly values: MomentValues
}

/** The most rows that one request may hold. */
export const requestRowLimit = 1000

/**
 * Makes the reader of a moment's requests. It walks the fields of the layout, so that a request costs no schema library.
 * The reader raises `row_invalid` or `instant_invalid` with the field's path, such as `rows[0].distance`.
 */
export function momentRequestReader(layout: MomentLayout): (body: unknown) => MomentRequest {
  const { roles, request, key } = layout
  const known = new Set(['at', ...key.map(({ name }) => name), ...roles.map(({ role }) => role)])
  for (const { name } of request) known.add(name)

  function readRow(json: unknown, path: string): MomentRequestRow {
    const record = asRecord(json, path === '' ? 'The body' : path, path)
    const prefix = path === '' ? '' : `${path}.`
    const values: MomentValues = new Array(layout.size).fill(null)
    for (const { name, type, slot } of key) values[slot] = required(record, name, prefix, type)
    for (const role of roles) readRole(role, record, prefix, values)
    for (const { name, type, slot, nullable } of request) {
      values[slot] = nullable
        ? parseValue(type, given(record, name) ?? null, prefix + name)
        : required(record, name, prefix, type)
    }
    const at = given(record, 'at')
    refuseUnknown(record, known, prefix)
    // `at` is read last: the fields of the moment are its business proper.
    return { at: at === undefined || at === null ? null : instantOf(at, `${prefix}at`), values }
  }

  return (body) => {
    const record = asRecord(body, 'The body', '')
    const rows = given(record, 'rows')
    if (rows === undefined || (known.has('rows') && !Array.isArray(rows))) {
      return { rows: [readRow(body, '')], single: true, deployments: null, minPosition: null }
    }
    if (!Array.isArray(rows)) throw invalidRow('rows', 'rows must be a list of rows.', 'Send one object per row.')
    if (rows.length === 0 || rows.length > requestRowLimit) {
      throw invalidRow('rows', `rows holds ${rows.length} rows.`, `Send 1 to ${requestRowLimit} rows.`)
    }
    refuseUnknown(record, batchFields, '')
    return {
      rows: rows.map((row: unknown, index) => readRow(row, `rows[${index}]`)),
      single: false,
      deployments: readDeployments(given(record, 'deployments')),
      minPosition: readPosition(given(record, 'min_position')),
    }
  }
}

const batchFields = new Set(['rows', 'deployments', 'min_position'])

function given(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

function required(
  record: Readonly<Record<string, unknown>>,
  name: string,
  prefix: string,
  type: Parameters<typeof parseValue>[0],
): Value {
  const json = given(record, name)
  const value = json === undefined ? null : parseValue(type, json, prefix + name)
  if (value !== null) return value
  throw invalidRow(
    prefix + name,
    `${prefix}${name} ${json === undefined ? 'is missing' : 'must not be null'}.`,
    `Send ${prefix}${name} as ${type}.`,
  )
}

/** A role is its entity's key: one value, or an object where the key has several columns. A null names no entity. */
function readRole(
  { role, columns }: LaidRole,
  record: Readonly<Record<string, unknown>>,
  prefix: string,
  values: MomentValues,
): void {
  const json = given(record, role)
  const path = prefix + role
  if (json === undefined) {
    throw invalidRow(path, `${path} is missing.`, 'Send the key of the entity, or null where there is none.')
  }
  if (columns.length === 1) {
    const { type, slot } = columns[0]!
    values[slot] = parseValue(type, json, path)
    return
  }
  if (json === null) return // every column stays null
  const parts = asRecord(json, path, path)
  for (const { name, type, slot } of columns) {
    const part = given(parts, name)
    if (part === undefined) throw invalidRow(`${path}.${name}`, `${path}.${name} is missing.`, `Send it as ${type}.`)
    values[slot] = parseValue(type, part, `${path}.${name}`)
  }
  refuseUnknown(parts, new Set(columns.map(({ name }) => name)), `${path}.`)
}

function readDeployments(json: unknown): string[] | null {
  if (json === undefined || json === null) return null
  const path = 'deployments'
  if (!Array.isArray(json)) throw invalidRow(path, `${path} must be a list of names.`, 'Send the names in a list.')
  return json.map((name: unknown, index) => {
    if (typeof name === 'string') return name
    throw invalidRow(`${path}[${index}]`, `${path}[${index}] must be a name.`, 'Send the name of a deployment.')
  })
}

function readPosition(json: unknown): string | null {
  if (json === undefined || json === null) return null
  if (typeof json === 'string') return json
  throw invalidRow('min_position', 'min_position must be a text.', 'Send a position exactly as an answer gave it.')
}

function instantOf(json: unknown, path: string): Instant {
  return parseValue('timestamp', json, path) as Instant // timestamps are numbers inside, and null was asked for before
}

function asRecord(json: unknown, what: string, path: string): Readonly<Record<string, unknown>> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown> // just checked
  throw noonmarkError('row_invalid', {
    message: `${what} must be an object.`,
    ...(path === '' ? {} : { path }),
  })
}

function refuseUnknown(record: Readonly<Record<string, unknown>>, known: ReadonlySet<string>, prefix: string): void {
  for (const name of Object.keys(record)) {
    if (known.has(name)) continue
    const hint = `Leave it out; declared are ${[...known].join(', ')}.`
    throw invalidRow(prefix + name, `${prefix}${name} is not declared.`, hint)
  }
}

function invalidRow(path: string, message: string, hint: string) {
  return noonmarkError('row_invalid', { message, hint, path })
}
