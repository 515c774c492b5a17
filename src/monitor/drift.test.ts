import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InputSpec } from '../define/index.ts'
import type { PredictionRecord } from '../serve/prediction-record.ts'
import { trainingProfile } from '../train/training-profile.ts'
import { columnOf, formatInstant, type Value } from '../values/index.ts'
import { measureDrift } from './drift.ts'
import type { ColumnDrift } from './drift-report.ts'
import { driftStatistics } from './population-stability.ts'
import { tabulatePredictions } from './prediction-table.ts'
import { begin, honest, hour, manifest, record } from './test/world.ts'

const serve = honest([])
const feature = manifest.models.delay!.inputs.find(({ column }) => column === 'origin_mean_delay_2h')!
const digest = feature.input === 'feature' ? feature.digest : ''
const inputs: readonly InputSpec[] = [
  feature,
  {
    input: 'reference',
    column: 'distance',
    type: 'float',
    reference: { reference: 'request', field: 'distance', type: 'float' },
  },
  { input: 'derive', column: 'hour', name: 'hour', type: 'int', nullable: false, inputs: {}, code: 'c0de' },
  {
    input: 'reference',
    column: 'origin',
    type: 'string',
    reference: { reference: 'entity', role: 'origin', column: 'airport', type: 'string' },
  },
]

interface Case {
  readonly at: number
  readonly delay: number | null
  readonly distance: number
  readonly origin: string | null
  readonly score: number
  readonly fallback: boolean
  /** The feature meant something else. */
  readonly other: boolean
}

const one: fc.Arbitrary<Case> = fc.record({
  at: fc.nat(71).map((step) => begin + step * hour),
  delay: fc.option(fc.integer({ min: -20, max: 40 }), { nil: null }),
  distance: fc.integer({ min: 0, max: 3 }),
  origin: fc.option(fc.constantFrom('SFO', 'JFK', 'AMS'), { nil: null }),
  score: fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
  fallback: fc.boolean(),
  other: fc.constantFrom(false, false, false, true),
})

const served = ({ at, delay, distance, origin, score, fallback, other }: Case, index: number): PredictionRecord => {
  const plain = record({ flight: `M${index}`, origin, destination: 'JFK', at }, serve)
  return {
    ...plain,
    request: [{ name: 'distance', type: 'float', value: distance }],
    features: plain.features.map((one) =>
      one.digest === digest && one.role === 'origin'
        ? { ...one, value: delay, status: 'present', digest: other ? 'another' : digest }
        : one,
    ),
    output: { probability: score },
    ...(fallback ? { answeredBy: 'fallback:constant' as const, version: null } : {}),
  }
}

/** The label of the bin of a value by the words of the report. */
function plainBin(drift: ColumnDrift, value: Value | null): number {
  const at = drift.bins.findIndex((bin) => {
    if (value === null) return bin.bin === 'missing'
    if (bin.bin === 'category') return bin.category === String(value)
    if (bin.bin === 'other') return true
    return bin.bin === 'range' && Number(value) > (bin.above ?? -Infinity) && Number(value) <= (bin.up_to ?? Infinity)
  })
  return at
}

describe('drift', () => {
  it('is the distance of the counts that a plain reading finds, in all and by day', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(one, { minLength: 1, maxLength: 60 }),
        fc.array(one, { minLength: 1, maxLength: 40 }),
        async (trained, asked) => {
          const columns = (cases: readonly Case[]): Record<string, readonly (Value | null)[]> => ({
            origin_mean_delay_2h: cases.map(({ delay }) => delay),
            distance: cases.map(({ distance }) => distance),
            hour: cases.map(({ at }) => new Date(at).getUTCHours()),
            origin: cases.map(({ origin }) => origin),
          })
          const before = columns(trained)
          const profile = trainingProfile(
            { inputs },
            {
              rows: trained.length,
              columns: Object.fromEntries(inputs.map(({ column, type }) => [column, columnOf(type, before[column]!)])),
            },
            Float64Array.from(trained, ({ score }) => score),
          )
          const [predictions] = await tabulatePredictions(asked.map(served))
          const found = measureDrift(predictions!.table, new Map([['delay:1', { inputs, profile }]]))
          const own = asked.filter(({ fallback }) => !fallback)
          if (own.length === 0) {
            expect(found).toEqual([])
            return
          }
          const [drift] = JSON.parse(JSON.stringify(found)) as typeof found
          expect(drift).toMatchObject({ deployment: 'quote-delay', version: 'delay:1', rows: asked.length })
          const expected = (name: string): readonly Case[] =>
            name === 'probability' ? own : name === 'origin_mean_delay_2h' ? asked.filter(({ other }) => !other) : asked
          const same = drift!.inputs.map(({ column }) => column)
          expect(same).toEqual(inputs.map(({ column }) => column).filter((column) => expected(column).length > 0))
          for (const column of [...drift!.inputs, drift!.score!]) {
            const cases = expected(column.column)
            const valuesOf = (some: readonly Case[]) => columns(some)[column.column] ?? some.map(({ score }) => score)
            const count = (some: readonly Case[]) => {
              const counts = column.bins.map(() => 0)
              for (const value of valuesOf(some)) counts[plainBin(column, value)]!++
              return counts
            }
            expect(column.bins.map(({ training }) => training)).toEqual(count(trained))
            expect(column.bins.map(({ served }) => served)).toEqual(count(cases))
            expect(column).toMatchObject(driftStatistics(count(trained), count(cases)))
            const days = Map.groupBy(cases, ({ at }) => formatInstant(at).slice(0, 10))
            expect(column.days).toEqual(
              [...days]
                .sort(([a], [b]) => (a < b ? -1 : 1))
                .map(([day, some]) => ({
                  day,
                  rows: some.length,
                  missing: valuesOf(some).filter((value) => value === null).length,
                  ...driftStatistics(count(trained), count(some)),
                })),
            )
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('is not measured where nobody knows what a version was trained on', async () => {
    const [predictions] = await tabulatePredictions([served({ at: begin } as Case, 0)])
    expect(measureDrift(predictions!.table, new Map())).toEqual([])
  })
})
