// Goal: performance is what a person would count by hand. Method: answers and landings of known shape, and an oracle of pairs.
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { PredictionRecord } from '../serve/prediction-record.ts'
import { measurePerformance, type PerformanceReport } from './performance.ts'
import { tabulatePredictions } from './prediction-table.ts'
import { closeEngines, engines } from './test/engines.ts'
import type { WrittenRow } from './test/oracle-engine.ts'
import { begin, honest, hour, landing, manifest, record } from './test/world.ts'

const serve = honest([])
const day = 24 * hour
const far = begin + 30 * day

/** An answer at an hour, and the landing that came 5 h later with a delay. */
interface Flight {
  readonly flight: string
  readonly atHour: number
  readonly probability: number
  readonly delay: number | null
}

const landed = (flights: readonly Flight[]): WrittenRow[] =>
  flights.flatMap(({ flight, atHour, delay }) =>
    delay === null ? [] : [landing(flight, 'SFO', begin + (atHour + 5) * hour, delay)],
  )

const answer = ({ flight, atHour, probability }: Flight, changes: Partial<PredictionRecord> = {}) => ({
  ...record({ flight, origin: 'SFO', destination: 'JFK', at: begin + atHour * hour }, serve),
  output: { probability },
  features: [],
  ...changes,
})

const shadow = { arm: 'shadow', answeredBy: 'shadow', version: 'delay:2' } as const
const fallback = { answeredBy: 'fallback:baseline', version: null, reason: 'lookup_late' } as const

const flights: Flight[] = [
  { flight: 'A', atHour: 1, probability: 0.9, delay: 40 },
  { flight: 'B', atHour: 2, probability: 0.2, delay: 0 },
  { flight: 'C', atHour: 23, probability: 0.4, delay: 16 },
  { flight: 'D', atHour: 25, probability: 0.6, delay: 3 },
  { flight: 'E', atHour: 26, probability: 0.1, delay: null },
]

afterAll(closeEngines)

describe.each(engines)('performance by $name', ({ runs, open }) => {
  async function performanceOf(
    rows: readonly WrittenRow[],
    records: readonly PredictionRecord[],
    cutMs = far,
    change: Partial<Parameters<typeof measurePerformance>[0]> = {},
  ): Promise<PerformanceReport> {
    const { engine, versions } = await open(rows)
    const [predictions] = await tabulatePredictions(records)
    return measurePerformance({ engine, manifest, predictions: predictions!.table, versions, cutMs, ...change })
  }

  it('counts what has matured, what is absent and what is open', async () => {
    // At 49 h the first two have matured (24 h and a lag of 15 min), although C has landed too: early outcomes are a biased sample.
    const { deployments } = await performanceOf(
      landed(flights),
      flights.map((flight) => answer(flight)),
      begin + 27 * hour,
    )
    expect(deployments[0]!.groups).toMatchObject([
      {
        version: 'delay:1',
        arm: 'champion',
        answered_by: 'champion',
        rows: 5,
        matured: 2,
        open: 3,
        observed: 2,
        absent: 0,
      },
    ])
    const later = await performanceOf(
      landed(flights),
      flights.map((flight) => answer(flight)),
    )
    expect(later.deployments[0]!.groups).toMatchObject([
      { rows: 5, matured: 5, observed: 4, absent: 1, open: 0, labelled: 4 },
    ])
    expect(later.deployments[0]!.groups[0]!.metrics).toMatchObject({
      rows: 4,
      positives: 2,
      positive_rate: 0.5,
      auc: 0.75,
    })
    expect(later.deployments[0]!.groups[0]!.metrics!.mean_probability).toBeCloseTo(0.525, 12)
    expect(later.deployments[0]!.groups[0]!.mean_probability_served).toBeCloseTo(0.44, 12)
  })

  it('judges every UTC day of the moment on its own', async () => {
    const { deployments } = await performanceOf(
      landed(flights),
      flights.map((flight) => answer(flight)),
    )
    expect(deployments[0]!.days).toMatchObject([
      { day: '2026-01-01', rows: 3, labelled: 3, metrics: { positives: 2, auc: 1 } },
      { day: '2026-01-02', rows: 2, labelled: 1, absent: 1, metrics: { positives: 0, auc: null } },
    ])
    expect(deployments[0]!.answers_by_day.map(({ day: name, rows }) => [name, rows])).toEqual([
      ['2026-01-01', 3],
      ['2026-01-02', 2],
    ])
  })

  it('keeps fallbacks apart from versions, and counts both in what callers got', async () => {
    const { deployments } = await performanceOf(
      landed(flights),
      flights.map((flight) => answer(flight, flight.flight === 'B' || flight.flight === 'D' ? fallback : {})),
    )
    const [only] = deployments
    expect(only!.groups).toMatchObject([
      { answered_by: 'champion', version: 'delay:1', rows: 3, metrics: { rows: 2, positives: 2, auc: null } },
      { answered_by: 'fallback:baseline', version: null, rows: 2, metrics: { rows: 2, positives: 0 } },
    ])
    expect(only!.answers).toMatchObject({
      rows: 5,
      metrics: { rows: 4, auc: 0.75 },
      answered_by: [
        { answered_by: 'champion', rows: 3, share: 0.6 },
        { answered_by: 'fallback:baseline', rows: 2, share: 0.4 },
      ],
      reasons: [{ reason: 'lookup_late', rows: 2 }],
      latency_ms: { p50: 1.75, p95: 1.75, p99: 1.75 },
    })
  })

  it('compares champion and shadow on the moments that both answered', async () => {
    const report = await performanceOf(
      landed(flights),
      flights.flatMap((flight) => [
        answer(flight, flight.flight === 'B' ? fallback : {}),
        // The shadow ranks perfectly, and failed at D.
        ...(flight.flight === 'D'
          ? [answer(flight, { ...shadow, output: null, answeredBy: null })]
          : [answer({ ...flight, probability: (flight.delay ?? 0) >= 15 ? 0.8 : 0.3 }, shadow)]),
      ]),
    )
    expect(report.deployments[0]!.comparisons).toMatchObject([
      { champion: 'delay:1', shadow: 'delay:2', rows: 2, positives: 2, auc_difference: null },
    ])
    expect(report.deployments[0]!.groups.map(({ arm, answered_by, rows }) => [arm, answered_by, rows])).toEqual([
      ['champion', 'champion', 4],
      ['champion', 'fallback:baseline', 1],
      ['shadow', 'shadow', 4],
      ['shadow', null, 1],
    ])
  })

  it('finds the AUC and the paired difference that counting pairs finds', async () => {
    const one = fc.record({
      atHour: fc.integer({ min: 0, max: 60 }),
      probability: fc.integer({ min: 0, max: 10 }).map((tenth) => tenth / 10),
      other: fc.integer({ min: 0, max: 10 }).map((tenth) => tenth / 10),
      delay: fc.constantFrom(0, 30),
    })
    const pairs = (labels: readonly boolean[], scores: readonly number[]) => {
      let [wins, all] = [0, 0]
      scores.forEach((score, i) => {
        scores.forEach((against, j) => {
          if (!labels[i]! || labels[j]!) return
          wins += score > against ? 1 : score === against ? 0.5 : 0
          all++
        })
      })
      return all === 0 ? null : wins / all
    }
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 2, maxLength: 30 }), async (drawn) => {
        const all = drawn.map((flight, index) => ({ ...flight, flight: `F${index}` }))
        const { deployments } = await performanceOf(
          landed(all),
          all.flatMap((flight) => [answer(flight), answer({ ...flight, probability: flight.other }, shadow)]),
        )
        const labels = all.map((flight) => flight.delay >= 15)
        const [champion, other] = [
          pairs(
            labels,
            all.map((flight) => flight.probability),
          ),
          pairs(
            labels,
            all.map((flight) => flight.other),
          ),
        ]
        const { comparisons, groups } = deployments[0]!
        if (champion === null || other === null) {
          expect(comparisons[0]!.auc_difference).toBeNull()
          return
        }
        expect(groups[0]!.metrics!.auc).toBeCloseTo(champion, 10)
        expect(comparisons[0]!.champion_auc).toBeCloseTo(champion, 10)
        expect(comparisons[0]!.shadow_auc).toBeCloseTo(other, 10)
        expect(comparisons[0]!.auc_difference).toBeCloseTo(other - champion, 10)
      }),
      { numRuns: runs },
    )
  })

  it('takes no row for an outcome that happened by the instant as of which any source answered', async () => {
    const [flight] = flights
    // The feature source answered as of an hour after the moment's own instant; the landing lies between.
    const early = landing('A', 'SFO', begin + 1.5 * hour, 40)
    const records = [answer(flight!, { asOf: { landings: begin + 2 * hour, weather: begin } })]
    const { deployments } = await performanceOf([early], records)
    expect(deployments[0]!.groups[0]).toMatchObject({ observed: 0, absent: 1, metrics: null })
  })

  it('says what it cannot measure', async () => {
    const records = [answer(flights[0]!), answer(flights[0]!, { deployment: 'old', model: 'gone' })]
    const report = await performanceOf(landed(flights), records)
    expect(report.deployments.map(({ deployment }) => deployment)).toEqual(['quote-delay'])
    expect(report.unmeasured).toEqual([{ deployment: 'old', model: 'gone', rows: 1, reason: 'model_gone' }])
    const without = await performanceOf(landed(flights), records.slice(0, 1), far, { versions: {} })
    expect(without.unmeasured).toMatchObject([{ reason: 'table_not_given' }])
  })
})
