import { isNoonmarkError, noonmarkError } from '../errors.ts'
import type { DtypeName, DtypeSpec, DtypeValues } from './dtype.ts'
import { formatInstant, parseInstant } from './instant.ts'

/** A value inside the platform. A timestamp is a number of milliseconds; an int64 is a bigint. */
export type Value = boolean | number | bigint | string

/** One row inside the platform, by column name. Null is the only missing value. */
export type Row = Readonly<Record<string, Value | null>>

/** Columns or fields by name. */
export type Schema = Readonly<Record<string, DtypeSpec>>

const int64Limit = 2n ** 63n

/** What a refused value is called in a message. */
function describeJson(value: unknown): string {
  const text = typeof value === 'bigint' ? value.toString() : JSON.stringify(value)
  return text === undefined ? String(value) : text.length > 60 ? `${text.slice(0, 57)}...` : text
}

const expectations: Record<DtypeName, string> = {
  bool: 'true or false',
  int: 'a whole number within 2^53',
  int64: 'a whole number of 64 bits, written as a string',
  float: 'a finite number',
  string: 'a string',
  timestamp: 'an ISO 8601 time with an offset, as a string',
}

/** Reads one JSON value of a type; null stays null, NaN becomes null, -0 becomes 0. @throws row_invalid */
export function parseValue(type: DtypeName, json: unknown, path: string): Value | null {
  if (json === null) return null
  switch (type) {
    case 'bool':
      if (typeof json === 'boolean') return json
      break
    case 'int':
      if (Number.isSafeInteger(json)) return (json as number) + 0 // isSafeInteger is no type guard; + 0 makes -0 a 0
      break
    case 'int64': {
      const whole =
        typeof json === 'bigint'
          ? json
          : typeof json === 'string' && /^-?\d{1,19}$/.test(json)
            ? BigInt(json)
            : undefined
      if (whole !== undefined && whole >= -int64Limit && whole < int64Limit) return whole
      break
    }
    case 'float':
      if (typeof json === 'number' && Number.isNaN(json)) return null
      if (typeof json === 'number' && Number.isFinite(json)) return json + 0
      break
    case 'string':
      if (typeof json === 'string' && json.isWellFormed()) return json
      break
    case 'timestamp':
      if (json instanceof Date && !Number.isNaN(json.getTime())) return Math.floor(json.getTime())
      if (typeof json === 'string') return parseInstant(json, { path })
      break
  }
  throw noonmarkError('row_invalid', {
    message: `${path} must be ${expectations[type]}, not ${describeJson(json)}.`,
    hint: `Send ${expectations[type]}${type === 'float' || type === 'int' ? ', or null where it is missing and may be' : ''}.`,
    path,
  })
}

/** How a schema is read: the columns of a source are nullable unless required, the fields of a request required unless optional. */
export type SchemaRole = 'source' | 'request'

/** Whether null is allowed. */
export function isNullable(spec: DtypeSpec, role: SchemaRole): boolean {
  return role === 'source' ? spec.nullability !== 'required' : spec.nullability === 'optional'
}

/**
 * Reads a JSON object by a schema. A nullable column may be left out of a source's row; every field of a request that is
 * not optional must be there.
 * @throws row_invalid naming the field
 */
export function parseRow(schema: Schema, json: unknown, options: { role: SchemaRole; path: string }): Row {
  const { role, path } = options
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw noonmarkError('row_invalid', { message: `${path} must be an object, not ${describeJson(json)}.`, path })
  }
  const row: Record<string, Value | null> = {}
  const record = json as Record<string, unknown> // an object that is no array
  for (const [name, spec] of Object.entries(schema)) {
    const at = `${path}.${name}`
    const given = Object.hasOwn(record, name) ? record[name] : undefined
    const value = given === undefined ? null : parseValue(spec.type, given, at)
    if (value === null && !isNullable(spec, role)) {
      throw noonmarkError('row_invalid', {
        message: given === undefined ? `${at} is missing.` : `${at} must not be null.`,
        hint: `Send ${expectations[spec.type]}.`,
        path: at,
      })
    }
    row[name] = value
  }
  for (const name of Object.keys(record)) {
    if (Object.hasOwn(schema, name)) continue
    throw noonmarkError('row_invalid', {
      message: `${path}.${name} is not declared.`,
      hint: `Leave it out; declared are ${Object.keys(schema).join(', ')}.`,
      path: `${path}.${name}`,
    })
  }
  return row
}

/** A value as it stands in JSON: timestamps as ISO 8601, int64 as strings. */
export function jsonValue(type: DtypeName, value: Value | null): boolean | number | string | null {
  if (value === null) return null
  if (type === 'timestamp') return formatInstant(value as number) // timestamps are numbers inside
  return typeof value === 'bigint' ? value.toString() : value
}

/** A row as it stands in JSON. */
export function jsonRow(schema: Schema, row: Row): Record<string, boolean | number | string | null> {
  const json: Record<string, boolean | number | string | null> = {}
  for (const [name, spec] of Object.entries(schema)) json[name] = jsonValue(spec.type, row[name] ?? null)
  return json
}

/** A value as the code of a project sees it: timestamps as `Date`. */
export function codeValue(type: DtypeName, value: Value | null): DtypeValues[DtypeName] | null {
  return value !== null && type === 'timestamp' ? new Date(value as number) : value // timestamps are numbers inside
}

/**
 * Takes what the code of a project returned as a value of a type; undefined and NaN are null.
 * @throws code_result when it is of another type
 */
export function fromCode(type: DtypeName, result: unknown, path: string): Value | null {
  if (result === undefined) return null
  try {
    return parseValue(type, result, path)
  } catch (cause) {
    if (!isNoonmarkError(cause)) throw cause
    throw noonmarkError('code_result', {
      message: `${path} returned ${describeJson(result)}, which is not ${expectations[type]}.`,
      path,
      cause,
    })
  }
}
