import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnValue, type Table, tableRow } from '../values/index.ts'
import { roleColumns, servedFeatures, textAt } from './prediction-columns.ts'
import { tabulatePredictions } from './prediction-table.ts'
import { begin, honest, landing, record, timedLandings } from './test/world.ts'

const serve = honest(timedLandings([landing('F', 'SFO', begin, 20)]))
const at = begin + 3_600_000
const asked = { flight: 'M', origin: 'SFO', destination: 'JFK', at }

async function tableOf(...records: ReturnType<typeof record>[]): Promise<Table> {
  const [first] = await tabulatePredictions(records)
  return first!.table
}

describe('the predictions table', () => {
  it('holds everything of a record under names that cannot collide', async () => {
    const one = record(asked, serve, { tables: { landings: 'd1' }, item: 'seat' })
    const row = tableRow(await tableOf(one), 0)
    expect(row).toMatchObject({
      prediction_id: one.predictionId,
      deployment: 'quote-delay',
      model: 'delay',
      item: 'seat',
      at,
      logged_at: at + 5,
      version: 'delay:1',
      arm: 'champion',
      answered_by: 'champion',
      reason: null,
      probability: 0.3,
      latency_ms: 1.75,
      lookup_ms: 1,
      'key:flight_id': 'M',
      'role:origin:airport': 'SFO',
      'role:destination:airport': 'JFK',
      'request:distance': 100,
      'derived:hour': 1,
      'as_of:landings': at,
      'table:landings': 'd1',
      'feature:origin:punctuality:landings_1d': 1,
      'status:origin:punctuality:landings_1d': 'present',
      'feature:origin:punctuality:weight_1d': 9_007_199_254_740_993n,
      'feature:destination:punctuality:last_delay': null,
      'status:destination:punctuality:last_delay': 'not_found',
    })
    expect(row['digest:origin:punctuality:landings_1d']).toHaveLength(64)
  })

  it('lists roles and served features again from its columns alone', async () => {
    const table = await tableOf(record(asked, serve))
    expect([...roleColumns(table).keys()]).toEqual(['origin', 'destination'])
    const features = servedFeatures(table)
    expect(features).toHaveLength(26)
    expect(features[0]).toMatchObject({ role: 'origin', view: 'punctuality', feature: 'landings_1d' })
    expect(features.every(({ statuses }) => textAt(statuses, 0) !== null)).toBe(true)
  })

  it('has one table a moment, by name, and reads records as they come', async () => {
    async function* records() {
      yield record(asked, serve, { moment: 'quote' })
      yield record(asked, serve, { moment: 'booking' })
    }
    const found = await tabulatePredictions(records())
    expect(found.map(({ moment, table }) => [moment, table.rows])).toEqual([
      ['booking', 1],
      ['quote', 1],
    ])
    expect(await tabulatePredictions([])).toEqual([])
  })

  it('leaves what a record does not have null: a version with other features, a fallback without output', async () => {
    const fallback = record(asked, serve, { features: [], output: null, answeredBy: null, version: null, derived: [] })
    const table = await tableOf(record({ ...asked, flight: 'N', at: at + 1 }, serve), fallback)
    const row = tableRow(table, 0)
    expect(row['key:flight_id']).toBe('M')
    expect(row).toMatchObject({ probability: null, version: null, 'derived:hour': null })
    expect(row['status:origin:punctuality:landings_1d']).toBeNull()
    expect(row['feature:origin:punctuality:weight_1d']).toBeNull()
    expect(tableRow(table, 1)['feature:origin:punctuality:landings_1d']).toBe(1)
  })

  it('keeps a feature apart from itself where its type changed', async () => {
    const one = record(asked, serve)
    const feature = one.features.find((served) => served.role === 'origin' && served.feature === 'seats_6h')!
    const other = record({ ...asked, flight: 'N' }, serve, {
      features: [{ ...feature, type: 'int64', value: 5n, digest: 'other' }],
    })
    const table = await tableOf(one, other)
    expect(columnValue(table.columns['feature:origin:punctuality:seats_6h']!, 0)).toBe(100)
    expect(columnValue(table.columns['feature:origin:punctuality:seats_6h']!, 1)).toBeNull()
    expect(columnValue(table.columns['feature:origin:punctuality:seats_6h:int64']!, 1)).toBe(5n)
    expect(columnValue(table.columns['digest:origin:punctuality:seats_6h:int64']!, 1)).toBe('other')
  })

  it('counts the first acknowledged answer of a deployment, moment key, item and arm, in whatever order logs are read', async () => {
    const answer = (probability: number, changes: Partial<ReturnType<typeof record>>) =>
      record(asked, serve, { output: { probability }, ...changes })
    const records = [
      answer(0.1, { loggedAt: at + 5, predictionId: 'B' }),
      answer(0.2, { loggedAt: at + 6, predictionId: 'A', version: 'delay:3' }),
      answer(0.3, { loggedAt: at + 5, predictionId: 'C' }),
      answer(0.4, { item: 'other' }),
      answer(0.5, { deployment: 'another' }),
      answer(0.6, { arm: 'shadow', answeredBy: 'shadow', version: 'delay:2' }),
      answer(0.7, { arm: 'shadow', answeredBy: 'shadow', version: 'delay:3' }),
      answer(0.8, { arm: 'shadow', answeredBy: 'shadow', version: 'delay:3', loggedAt: at + 60_000 }),
    ]
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(records, { minLength: records.length }), async (shuffled) => {
        const [found] = await tabulatePredictions(shuffled)
        expect(found).toMatchObject({ records: 8, repeats: 3 })
        const values = Array.from({ length: 5 }, (_, row) => tableRow(found!.table, row).probability)
        expect(values.sort()).toEqual([0.1, 0.4, 0.5, 0.6, 0.7])
      }),
      { numRuns: 30 },
    )
  })

  it('keeps rows in order of their moments, over more rows than a column begins with', async () => {
    const records = Array.from({ length: 2_500 }, (_, index) =>
      record({ ...asked, flight: `M${index}`, at: at + ((index * 7_919) % 2_500) }, serve, { features: [] }),
    )
    const table = await tableOf(...records)
    const order = Array.from({ length: table.rows }, (_, row) => tableRow(table, row).at)
    expect(order).toEqual(Array.from({ length: 2_500 }, (_, index) => at + index))
  })
})
