import { describe, expect, it } from 'vitest'
import { isNoonmarkError } from '../errors.ts'
import { float, int, int64, string, timestamp } from './dtype.ts'
import { fromCode, jsonRow, parseRow, type SchemaRole } from './row.ts'

const schema = { id: string().required(), distance: float(), seats: int().optional(), at: timestamp(), tail: int64() }
const good = { id: 'a', distance: 1.5, seats: 3, at: '2026-01-01T01:00:00+01:00', tail: '9007199254740993' }

function refusal(json: unknown, role: SchemaRole = 'request'): string {
  try {
    parseRow(schema, json, { role, path: 'rows[0]' })
  } catch (error) {
    if (isNoonmarkError(error)) return `${error.code} ${error.path}: ${error.message}`
    throw error
  }
  return 'accepted'
}

describe('rows from JSON', () => {
  it('hold timestamps as milliseconds and int64 as bigint, and go back', () => {
    const row = parseRow(schema, good, { role: 'request', path: 'rows[0]' })
    expect(row).toEqual({ id: 'a', distance: 1.5, seats: 3, at: Date.UTC(2026, 0, 1), tail: 9007199254740993n })
    expect(jsonRow(schema, row)).toEqual({ ...good, at: '2026-01-01T00:00:00.000Z' })
  })

  it('make -0 a 0 and NaN a null', () => {
    const row = parseRow(schema, { id: 'a', distance: -0, at: new Date(0), tail: 1n }, { role: 'source', path: 'row' })
    expect(Object.is(row.distance, 0)).toBe(true)
    expect(parseRow(schema, { ...good, distance: Number.NaN }, { role: 'source', path: 'row' }).distance).toBeNull()
  })

  it.each<[string, unknown, string]>([
    ['a missing field', { ...good, distance: undefined }, 'row_invalid rows[0].distance: rows[0].distance is missing.'],
    [
      'null in a required field',
      { ...good, distance: null },
      'row_invalid rows[0].distance: rows[0].distance must not be null.',
    ],
    ['an extra field', { ...good, speed: 1 }, 'row_invalid rows[0].speed: rows[0].speed is not declared.'],
    [
      'text for a number',
      { ...good, distance: '1' },
      'row_invalid rows[0].distance: rows[0].distance must be a finite number, not "1".',
    ],
    [
      'infinity',
      { ...good, distance: Number.POSITIVE_INFINITY },
      'row_invalid rows[0].distance: rows[0].distance must be a finite number, not null.',
    ],
    [
      'a fraction for an int',
      { ...good, seats: 1.5 },
      'row_invalid rows[0].seats: rows[0].seats must be a whole number within 2^53, not 1.5.',
    ],
    [
      'an int64 past 64 bits',
      { ...good, tail: '9223372036854775808' },
      'row_invalid rows[0].tail: rows[0].tail must be a whole number of 64 bits, written as a string, not "9223372036854775808".',
    ],
    [
      'a naive time',
      { ...good, at: '2026-01-01T00:00:00' },
      "instant_invalid rows[0].at: '2026-01-01T00:00:00' has no offset from UTC.",
    ],
    [
      'half a surrogate pair',
      { ...good, id: '\ud800' },
      'row_invalid rows[0].id: rows[0].id must be a string, not "\\ud800".',
    ],
    ['an array', [good], 'row_invalid rows[0]: rows[0] must be an object'],
  ])('refuse %s', (_name, json, expected) => expect(refusal(json)).toContain(expected))

  it('may leave a nullable field out', () => {
    expect(refusal({ id: 'a', distance: 1, at: '2026-01-01T00:00:00Z', tail: '1' })).toBe('accepted')
    expect(refusal({ id: 'a' }, 'source')).toBe('accepted')
    expect(refusal({ distance: 1 }, 'source')).toContain('rows[0].id is missing')
  })
})

describe('values that project code returns', () => {
  it('are taken by the declared type', () => {
    expect(fromCode('int', 3, 'derive hour')).toBe(3)
    expect(fromCode('int', undefined, 'derive hour')).toBeNull()
    expect(fromCode('float', Number.NaN, 'derive hour')).toBeNull()
    expect(fromCode('timestamp', new Date(5), 'derive day')).toBe(5)
  })

  it('are refused when they are of another', () => {
    expect(() => fromCode('int', 'seven', 'derive hour')).toThrow(
      'derive hour returned "seven", which is not a whole number within 2^53.',
    )
  })
})
