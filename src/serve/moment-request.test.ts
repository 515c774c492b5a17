// Goal: a request is read or refused by its field. Method: right requests broken in one place each, and the schema as a second judge.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorOf } from '../../test/serving/error-of.ts'
import { quoteRow, worldManifest } from '../../test/serving/world.ts'
import { momentRowSchema } from '../http/moment-schema.ts'
import { layOutMoment } from './moment-layout.ts'
import { momentRequestReader, requestRowLimit } from './moment-request.ts'

const { manifest } = worldManifest()
const spec = manifest.moments.quote!
const layout = layOutMoment(spec)
const read = momentRequestReader(layout)
const single = (change: Record<string, unknown>) => () => read(quoteRow(change))
const without = (name: string): Record<string, unknown> => {
  const { [name]: _, ...rest } = quoteRow()
  return rest
}

describe('one row', () => {
  it('fills its slots in the order of the layout', () => {
    const { rows, single: isSingle } = read(quoteRow({ seat: '-5', flexible: true, mood: 'ok' }))
    expect(isSingle).toBe(true)
    expect(rows[0]!.at).toBeNull()
    expect(rows[0]!.values).toEqual([null, 'q1', 'SFO', 'NL', 7, 1000, Date.UTC(2026, 1, 1, 7, 30), 'ok', -5n, true])
  })

  it.each([
    ['a missing key', without('quote_id'), 'quote_id'],
    ['a null key', quoteRow({ quote_id: null }), 'quote_id'],
    ['a missing role', without('origin'), 'origin'],
    ['a role of another type', quoteRow({ origin: 5 }), 'origin'],
    ['a composite role that is no object', quoteRow({ customer: 'NL' }), 'customer'],
    ['a composite role without a column', quoteRow({ customer: { country: 'NL' } }), 'customer.number'],
    ['a composite role with another column', quoteRow({ customer: { country: 'NL', number: 1, x: 1 } }), 'customer.x'],
    ['a composite role of another type', quoteRow({ customer: { country: 'NL', number: '1' } }), 'customer.number'],
    ['a missing field', without('distance'), 'distance'],
    ['a null field', quoteRow({ distance: null }), 'distance'],
    ['a field of another type', quoteRow({ distance: '1000' }), 'distance'],
    ['an optional field of another type', quoteRow({ mood: 5 }), 'mood'],
    ['an int64 as a number', quoteRow({ seat: 5 }), 'seat'],
    ['an int64 that is too large', quoteRow({ seat: '9223372036854775808' }), 'seat'],
    ['text with half a surrogate pair', quoteRow({ mood: '\ud800' }), 'mood'],
    ['a field that is not declared', quoteRow({ colour: 'red' }), 'colour'],
    ['a field named like a method of objects', quoteRow({ toString: 'x' }), 'toString'],
    ['an instant that is a number', quoteRow({ at: 5 }), 'at'],
  ])('is refused for %s, by its path', (_what, row, path) => {
    expect(errorOf(() => read(row))).toMatchObject({ code: 'row_invalid', status: 400, path })
    expect(errorOf(() => read({ rows: [quoteRow(), row] }))).toMatchObject({
      code: 'row_invalid',
      path: `rows[1].${path}`,
    })
  })

  it('is refused for a time without an offset or out of the calendar', () => {
    for (const departs_at of ['2026-02-01T07:30:00', '2026-02-30T07:30:00Z', 'soon']) {
      expect(errorOf(single({ departs_at }))).toMatchObject({ code: 'instant_invalid', path: 'departs_at' })
    }
  })

  it('is no list, text or number', () => {
    for (const body of [null, undefined, 5, 'row', [], [quoteRow()]]) {
      expect(errorOf(() => read(body))).toMatchObject({ code: 'row_invalid' })
    }
  })

  it('may leave out optional fields or send them as null, and entities as null', () => {
    expect(read(quoteRow({ mood: null, origin: null, customer: null })).rows[0]!.values).toEqual(
      read(quoteRow({ origin: null, customer: { country: null, number: null } })).rows[0]!.values,
    )
  })

  it('is taken if and only if the schema of the OpenAPI document takes it', () => {
    const schema = momentRowSchema(spec)
    const json = fc.oneof(
      fc.constant(undefined),
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom('x', '', '7', '-9223372036854775808', '2026-02-01T07:30:00Z', '2026-02-01T07:30:00.5+02:00'),
      fc.constant({ country: 'NL', number: 7 }),
      fc.constant([]),
    )
    const field = fc.constantFrom(...Object.keys(quoteRow()), 'mood', 'seat', 'flexible', 'at', 'colour')
    fc.assert(
      fc.property(fc.array(fc.tuple(field, json), { maxLength: 3 }), (changes) => {
        const row = JSON.parse(JSON.stringify(quoteRow(Object.fromEntries(changes)))) as unknown
        expect(errorOf(() => read(row)) === null).toBe(schema.safeParse(row).success)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('several rows', () => {
  it.each([
    [{ rows: {} }, 'rows'],
    [{ rows: [] }, 'rows'],
    [{ rows: new Array(requestRowLimit + 1).fill(quoteRow()) }, 'rows'],
    [{ rows: [quoteRow()], deployment: 'x' }, 'deployment'],
    [{ rows: [quoteRow()], deployments: 'x' }, 'deployments'],
    [{ rows: [quoteRow()], deployments: ['x', 5] }, 'deployments[1]'],
    [{ rows: [quoteRow()], min_position: 5 }, 'min_position'],
    [{ rows: [5] }, 'rows[0]'],
  ])('are refused by the path at fault (%#)', (body, path) => {
    expect(errorOf(() => read(body))).toMatchObject({ code: 'row_invalid', path })
  })

  it('carry deployments and a position', () => {
    expect(read({ rows: [quoteRow()], deployments: ['a'], min_position: 'p' })).toMatchObject({
      single: false,
      deployments: ['a'],
      minPosition: 'p',
    })
  })
})
