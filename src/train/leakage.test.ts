import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InputSpec, ModelSpec, MomentSpec, SourceSpec } from '../define/index.ts'
import { EngineFolder } from '../offline/conformance/harness.ts'
import { duckdbEngine } from '../offline/drivers/duckdb.ts'
import { columnOf, type Row, type Schema } from '../values/index.ts'
import { entityOverlap, futureColumns, inputsOn } from './leakage.ts'

const minute = 60_000

const columns: Schema = {
  flight: { type: 'string', nullability: 'default' },
  departed: { type: 'timestamp', nullability: 'default' },
  landed: { type: 'timestamp', nullability: 'default' },
  planned: { type: 'timestamp', nullability: 'default', future: true },
  published: { type: 'timestamp', nullability: 'default' },
}
const flights = (change: Partial<SourceSpec> = {}): SourceSpec => ({
  name: 'flights',
  history: 'flights.parquet',
  columns,
  id: null,
  eventTime: 'departed',
  available: { from: 'event' },
  timeZone: null,
  dedupWindowMs: 0,
  maturesAfterMs: null,
  ...change,
})

/** Ten flights that land two hours after departure, two of which never did, and are planned for another day. */
const rows: readonly Row[] = Array.from({ length: 10 }, (_, i) => ({
  flight: `f${i}`,
  departed: i * minute,
  landed: i < 2 ? null : i * minute + 120 * minute,
  planned: i * minute + 1000 * minute,
  published: i === 9 ? null : i * minute + 120 * minute,
}))

describe('columns that lie later than their rows were known', () => {
  let folder: EngineFolder
  beforeAll(async () => {
    folder = await EngineFolder.open((rootDir) => duckdbEngine({ tempDirectory: join(rootDir, '.spill'), rootDir }))
  })
  afterAll(() => folder.close())
  const found = async (source: SourceSpec, of = rows) => {
    const version = await folder.history(source, of)
    return futureColumns(folder.engine, source, version)
  }

  it('are found with how many rows, of those with a value, and an example', async () => {
    const [landed, published, ...others] = await found(flights())
    expect(others).toEqual([])
    expect(landed).toEqual({
      source: 'flights',
      column: 'landed',
      laterRows: 8,
      rows: 8,
      example: { known: '1970-01-01T00:02:00.000Z', value: '1970-01-01T02:02:00.000Z' },
    })
    expect(published).toMatchObject({ column: 'published', laterRows: 9, rows: 9 })
  })

  it('are none where rows are filed under the time at which they became known', async () => {
    expect(await found(flights({ eventTime: 'landed' }), rows.slice(2))).toEqual([])
  })

  it('are none where a column or a lag says when rows became known', async () => {
    // The row that was never published is never known, so nothing can be built on it.
    expect(await found(flights({ available: { from: 'column', column: 'published' } }))).toEqual([])
    expect(await found(flights({ available: { from: 'lag', lagMs: 120 * minute } }))).toEqual([])
    const short = await found(flights({ available: { from: 'lag', lagMs: 120 * minute - 1 } }))
    expect(short.map(({ column }) => column)).toEqual(['landed', 'published'])
  })

  it('are found by a single row', async () => {
    const honest = rows.map((row, i) => ({ ...row, landed: i === 5 ? row.landed! : row.departed!, published: null }))
    expect(await found(flights(), honest)).toMatchObject([{ column: 'landed', laterRows: 1, rows: 10 }])
  })

  it('are none of an empty source', async () => {
    expect(await found(flights(), [])).toEqual([])
  })
})

describe('inputs that a later column gives away', () => {
  const feature = (column: string, view: string): InputSpec => ({
    input: 'feature',
    column,
    type: 'float',
    role: 'origin',
    view,
    feature: column,
    digest: '',
  })
  const request = (field: string): InputSpec => ({
    input: 'reference',
    column: field,
    type: 'timestamp',
    reference: { reference: 'request', field, type: 'timestamp' },
  })
  const derived = (name: string, inputs: Extract<InputSpec, { input: 'derive' }>['inputs']): InputSpec => ({
    input: 'derive',
    column: name,
    name,
    type: 'int',
    nullable: true,
    inputs,
    code: '',
  })
  const views = { delays: { source: 'flights' }, weather: { source: 'stations' }, asked: { source: 'quotes' } }
  const moment = {
    source: 'quotes',
    request: [
      { name: 'planned', dtype: { type: 'timestamp', nullability: 'default' }, column: 'planned_at' },
      { name: 'sent', dtype: { type: 'timestamp', nullability: 'default' }, column: 'sent' },
    ],
  } as unknown as MomentSpec // the rest of a moment is not looked at
  const model = {
    inputs: [
      feature('mean_delay', 'delays'),
      feature('wind', 'weather'),
      feature('asked_1d', 'asked'),
      request('planned'),
      request('sent'),
      derived('windy', {
        wind: { reference: 'feature', role: 'origin', view: 'weather', feature: 'wind', type: 'float', digest: '' },
        at: { reference: 'at', type: 'timestamp' },
      }),
      derived('delayed', {
        delay: {
          reference: 'feature',
          role: 'origin',
          view: 'delays',
          feature: 'mean_delay',
          type: 'float',
          digest: '',
        },
      }),
      derived('hours_until', { planned: { reference: 'request', field: 'planned', type: 'timestamp' } }),
    ],
  } as unknown as ModelSpec // the rest of a model is not looked at

  it('are the features of its source, and what derives from them', () => {
    expect(inputsOn(model, moment, views, 'flights', 'landed')).toEqual(['mean_delay', 'delayed'])
    expect(inputsOn(model, moment, views, 'elsewhere', 'landed')).toEqual([])
  })

  it("are of the moment's own source what reads that field of the request, by its column, and features of the source", () => {
    expect(inputsOn(model, moment, views, 'quotes', 'planned_at')).toEqual(['asked_1d', 'planned', 'hours_until'])
    expect(inputsOn(model, moment, views, 'quotes', 'sent')).toEqual(['asked_1d', 'sent'])
    expect(inputsOn(model, moment, views, 'quotes', 'closed_at')).toEqual(['asked_1d'])
  })
})

describe('entities in both training and validation', () => {
  it('are counted once each, column by column; a column that is not there is left out', () => {
    const table = (towns: readonly (string | null)[], gates: readonly number[]) => ({
      rows: towns.length,
      columns: { town: columnOf('string', towns), gate: columnOf('int', gates) },
    })
    const training = table(['a', 'b', 'a', 'c'], [1, 2, 3, 3])
    const validation = table(['c', 'd', 'a', 'a'], [4, 4, 4, 4])
    expect(entityOverlap(training, validation, ['town', 'gate', 'street'])).toEqual([
      { role: 'town', training: 3, validation: 3, both: 2 },
      { role: 'gate', training: 3, validation: 1, both: 0 },
    ])
  })
})
