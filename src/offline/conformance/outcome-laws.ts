import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type NaiveRow, naiveStanding } from '../../aggregate/index.ts'
import type { MomentSpec, OutcomeAggregate, OutcomeSpec } from '../../define/index.ts'
import { compareOrder, compileExpression, type Instant, knownMs, type Row, tableRow } from '../../values/index.ts'
import { type LabelStatus, labelStatuses } from '../offline-engine.ts'
import { EngineFolder, type OpenOfflineEngine } from './harness.ts'
import {
  day,
  hour,
  instant,
  naiveRow,
  node,
  randomRows,
  randomSource,
  randomSpine,
  type SpinePoint,
  spineKey,
} from './random-rows.ts'

const moment: MomentSpec = {
  name: 'handover',
  source: 'parcels',
  key: [{ name: 'parcel', type: 'string', column: 'row_id' }],
  entities: [
    {
      role: 'place',
      entity: 'place',
      key: [
        { name: 'town', type: 'string', column: 'town' },
        { name: 'gate', type: 'int', column: 'gate' },
      ],
    },
    { role: 'home', entity: 'town', key: [{ name: 'town', type: 'string', column: 'town' }] },
  ],
  request: [{ name: 'weight', dtype: { type: 'float', nullability: 'default' }, column: 'amount' }],
}

/** Laws of moments and of what came true after them. */
export function outcomeLaws(open: OpenOfflineEngine): void {
  let folder: EngineFolder
  beforeEach(async () => {
    folder = await EngineFolder.open(open)
  })
  afterEach(() => folder.close())

  it.each([
    [true, 'ids'],
    [false, 'canonical bytes'],
  ])('moments are the rows of their source in Order, repeats included, decided by %s: %s', async (ids) => {
    const source = randomSource({ available: { from: 'column', column: 'published' }, ids }, 'rows.parquet')
    const bound = fc.option(instant, { nil: null })
    await fc.assert(
      fc.asyncProperty(randomRows({ repeats: ids }), bound, bound, async (rows, fromMs, toMs) => {
        // Without ids rows are told apart by nothing but themselves: some lie there twice.
        const all = ids ? rows : [...rows, ...rows.slice(0, 5)]
        const version = await folder.history(source, all)
        const table = await folder.engine.readMoments(moment, source, version, { fromMs, toMs })
        const expected = naiveStanding(all.map((row) => naiveRow(source, row)))
          .filter(({ eventMs }) => (fromMs === null || eventMs >= fromMs) && (toMs === null || eventMs < toMs))
          .sort(compareOrder)
          .map(({ row }) => ({
            at: row.happened,
            parcel: row.row_id,
            place_town: row.town,
            place_gate: row.gate,
            home: row.town,
            weight: row.amount,
          }))
        expect(Array.from({ length: table.rows }, (_, i) => tableRow(table, i))).toEqual(expected)
      }),
      { numRuns: 5 },
    )
  })

  const outcome = (aggregate: OutcomeAggregate | null, withinMs: number): OutcomeSpec => ({
    source: 'parcels',
    value: node('amount'),
    type: 'float',
    withinMs,
    aggregate,
    on: [
      { column: 'town', field: 'town' },
      { column: 'gate', field: 'gate' },
    ],
    absent: null,
  })

  it.each(['first', 'last', 'sum', 'count', 'min', 'max', 'mean', null] as const)(
    'outcomes equal the oracle: %s of the horizon, open until mature',
    async (aggregate) => {
      const kinds = [
        randomSource({ available: { from: 'column', column: 'published' }, ids: false }, 'rows.parquet'),
        randomSource({ available: { from: 'lag', lagMs: hour }, ids: true }, 'rows.parquet'),
      ]
      await fc.assert(
        fc.asyncProperty(
          randomRows({ repeats: false }),
          randomSpine,
          fc.constantFrom(...kinds),
          fc.constantFrom(15 * 60_000, 2 * hour, 2 * day),
          instant.map((cut) => cut + 4 * hour),
          async (rows, spine, source, withinMs, cutMs) => {
            const version = await folder.history(source, rows)
            const at = Float64Array.from(spine, (point) => point.at)
            const after = at.map((each, i) => each + (i % 3 === 0 ? 60_000 : 0))
            const spec = outcome(aggregate, withinMs)
            const lagMs = source.available.from === 'lag' ? hour : 2 * hour
            const naive = rows.map((row) => naiveRow(source, row))
            const expected = spine.map((point, i) => naiveOutcome(naive, spec, point, after[i]!, cutMs, lagMs))
            const asked = folder.engine.outcomes({
              outcome: spec,
              source,
              version,
              key: spineKey(spine),
              after,
              at,
              cutMs,
            })
            const ambiguous = expected.some(({ count }) => aggregate === null && count > 1)
            if (ambiguous) {
              await expect(asked).rejects.toMatchObject({
                code: 'outcome_ambiguous',
                message: expect.stringContaining('town'),
              })
              return
            }
            const answer = await asked
            const actual = spine.map((_, i) => ({
              label: orNull(answer.label[i]!),
              status: labelStatuses[answer.labelStatus[i]!],
              labelAt: orNull(answer.labelAt[i]!),
            }))
            expect(actual).toEqual(expected.map(({ count: _, ...rest }) => rest))
          },
        ),
        { numRuns: aggregate === null ? 10 : 4 },
      )
    },
  )

  it('an absent outcome takes the declared value, an open one never', async () => {
    const source = randomSource({ available: { from: 'event' }, ids: true }, 'rows.parquet')
    const version = await folder.history(source, [
      { row_id: 'a', happened: 0, town: 'x', gate: 1, amount: 1 } satisfies Row,
    ])
    const spine: SpinePoint[] = [
      { key: ['y', 1], at: 0 },
      { key: ['y', 1], at: day },
      { key: ['x', 1], at: -1 },
    ]
    const at = Float64Array.from(spine, (point) => point.at)
    const spec: OutcomeSpec = { ...outcome('sum', hour), absent: 7 }
    const answer = await folder.engine.outcomes({
      outcome: spec,
      source,
      version,
      key: spineKey(spine),
      after: at,
      at,
      cutMs: day,
    })
    expect([...answer.label]).toEqual([7, Number.NaN, 1])
    expect(Array.from(answer.labelStatus, (code) => labelStatuses[code])).toEqual(['absent', 'open', 'observed'])
    expect([...answer.weight]).toEqual([1, 1, 1])
  })

  it('a source whose rows become known when they like must say when its outcomes are complete', async () => {
    const declared = randomSource({ available: { from: 'column', column: 'published' }, ids: false }, 'rows.parquet')
    const source = { ...declared, maturesAfterMs: null }
    const version = await folder.history(source, [{ row_id: 'a', happened: 0 }])
    const at = Float64Array.of(0)
    const key = spineKey([{ key: ['x', 1], at: 0 }])
    await expect(
      folder.engine.outcomes({ outcome: outcome(null, hour), source, version, key, after: at, at, cutMs: day }),
    ).rejects.toMatchObject({ code: 'definition_invalid', message: expect.stringContaining('maturesAfter') })
  })
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}

interface NaiveOutcome {
  readonly label: number | null
  readonly status: LabelStatus
  readonly labelAt: number | null
  /** How many values there are. */
  readonly count: number
}

/** The outcome of one moment straight from the contract. */
function naiveOutcome(
  rows: readonly NaiveRow[],
  outcome: OutcomeSpec,
  { key, at }: SpinePoint,
  after: Instant,
  cutMs: Instant,
  lagMs: number,
): NaiveOutcome {
  const nothing = { label: null, labelAt: null, count: 0 }
  if (!(at + outcome.withinMs + lagMs < cutMs)) return { ...nothing, status: 'open' }
  const evaluate = compileExpression(outcome.value)
  const happened = rows
    .filter(({ row, eventMs, availableMs }) => {
      const known = knownMs(eventMs, availableMs)
      const matches = outcome.on.every(({ column }, i) => key[i] !== null && row[column] === key[i])
      return matches && known !== null && known < cutMs && eventMs > after && eventMs <= at + outcome.withinMs
    })
    .sort(compareOrder)
    .map((row) => ({ value: evaluate(row.row), known: knownMs(row.eventMs, row.availableMs)! }))
  const found = happened.filter(({ value }) => value !== null)
  if (happened.length === 0) return { ...nothing, status: 'absent' }
  if (found.length === 0) return { ...nothing, status: 'unobservable' }
  const values = found.map(({ value }) => Number(value))
  const used =
    outcome.aggregate === 'first' ? found.slice(0, 1) : outcome.aggregate === 'last' ? found.slice(-1) : found
  const sum = values.reduce((a, b) => a + b, 0)
  const label = {
    first: values[0]!,
    last: values.at(-1)!,
    sum,
    count: values.length,
    min: Math.min(...values),
    max: Math.max(...values),
    mean: sum / values.length,
  }[outcome.aggregate ?? 'first']
  return { label, status: 'observed', labelAt: Math.max(...used.map(({ known }) => known)), count: found.length }
}
