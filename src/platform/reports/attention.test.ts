// Goal: a person is told what needs a look, and nothing else. Method: an overview that is well, changed in one place each.
import { describe, expect, it } from 'vitest'
import type { Overview } from '../../http/reports.ts'
import { createTraffic } from '../../serve/index.ts'
import { type AttentionSources, attentionOf } from './attention.ts'

const now = Date.UTC(2026, 0, 31, 12)
const quiet = createTraffic().over(['late-order'], '24h', now)
const metric = (value: number, low: number, high: number, rows: number) => ({
  metric: 'auc',
  better: 'higher' as const,
  value,
  low,
  high,
  over: { rows, from: null, to: null, version: 'late:1' },
})

const well: Omit<Overview, 'attention'> = {
  project: 'parcels',
  clock: { now: '2026-01-31T12:00:00.000Z', replay: false },
  applied: { revision: 1, digest: 'd', at: '2026-01-31T12:00:00.000Z', by: 'ada' },
  report: null,
  moments: [],
  deployments: [
    {
      name: 'late-order',
      description: null,
      owner: null,
      model: 'late',
      moment: 'order',
      state: 'ready',
      reason: null,
      champion: 'late:1',
      shadows: [],
      traffic: quiet,
      performance: {
        live: metric(0.8, 0.78, 0.82, 900),
        validation: metric(0.81, 0.8, 0.82, 500),
        baseline: metric(0.7, 0.69, 0.71, 500),
      },
      parity: null,
    },
  ],
  models: [
    {
      name: 'late',
      description: null,
      owner: null,
      tier: 'standard',
      moment: 'order',
      versions: 1,
      latest: null,
      last_run: {
        id: '01KG8NJW0069P2KM8YXCTP10Q1',
        status: 'succeeded',
        started_at: '2026-01-31T12:00:00.000Z',
        finished_at: null,
        version: 'late:1',
        progress: null,
        error: null,
      },
      deployments: ['late-order'],
    },
  ],
  feature_views: [
    {
      name: 'shop_deliveries',
      description: null,
      owner: null,
      entity: 'shop',
      source: 'deliveries',
      features: ['f'],
      frontier: '2026-01-31T12:00:00.000Z',
      lag_ms: 40,
      models: ['late'],
    },
  ],
}

const told = (change: Partial<AttentionSources>): string[] =>
  attentionOf({
    overview: well,
    recent: { 'late-order': quiet },
    latest: null,
    folder: null,
    roles: [{ role: 'writer', running: true }],
    ...change,
  }).map(({ severity, subject, message }) => `${severity} ${subject.kind} ${subject.name}: ${message}`)

const deployment = (change: Partial<Overview['deployments'][number]>) => ({
  overview: { ...well, deployments: [{ ...well.deployments[0]!, ...change }] },
})
const view = (change: Partial<Overview['feature_views'][number]>, replay = false) => ({
  overview: { ...well, clock: { ...well.clock, replay }, feature_views: [{ ...well.feature_views[0]!, ...change }] },
})

/** Answers of which some were given by a fallback. */
function answers(champion: number, fallback: number): Partial<AttentionSources> {
  const traffic = createTraffic()
  for (let i = 0; i < champion + fallback; i++)
    traffic.observe({
      deployment: 'late-order',
      givenAtMs: now - i,
      arm: 'champion',
      answeredBy: i < champion ? 'champion' : 'fallback:baseline',
      reason: i < champion ? null : 'derive_threw: hour',
      version: null,
      probability: 0.5,
      latencyMs: 1,
    })
  return { recent: { 'late-order': traffic.over(['late-order'], '24h', now) } }
}

describe('attention', () => {
  it('is not asked for where all is well', () => {
    expect(told({})).toEqual([])
    expect(told(answers(1_000, 5))).toEqual([])
  })

  it.each<[string, Partial<AttentionSources>, RegExp]>([
    ['a role is away', { roles: [{ role: 'writer', running: false }] }, /^critical role writer: .*events are refused/],
    ['nothing is applied', { overview: { ...well, applied: null } }, /^warning project parcels: Nothing is applied/],
    [
      'a version is refused',
      deployment({ state: 'refused', reason: 'late:1 does not answer: its checks did not pass' }),
      /^critical deployment late-order: late:1 does not answer: its checks/,
    ],
    [
      'a version is not there',
      deployment({ state: 'pending', reason: 'not yet' }),
      /^warning deployment late-order: not yet/,
    ],
    [
      'a rollback stands',
      deployment({ state: 'held', reason: 'Rolled back by ada: slow' }),
      /^notice deployment late-order: Rolled/,
    ],
    [
      'fallbacks answer some',
      answers(990, 10),
      /^warning deployment late-order: A fallback gave 10 of 1000 .* derive_threw: hour \(10\)/,
    ],
    ['fallbacks answer many', answers(70, 30), /^critical deployment late-order: A fallback gave 30 of 100/],
    [
      'a champion is worse than it was',
      deployment({ performance: { ...well.deployments[0]!.performance!, live: metric(0.77, 0.75, 0.79, 900) } }),
      /^warning deployment late-order: AUC is 0.770 \(at most 0.790\) on 900 rows .* it was 0.810 \(at least 0.800\)/,
    ],
    [
      'a champion is worse than the baseline was',
      deployment({ performance: { ...well.deployments[0]!.performance!, live: metric(0.6, 0.55, 0.65, 900) } }),
      /^critical deployment late-order: AUC is 0.600 on 900 rows .* less than the 0.700 of the baseline/,
    ],
    [
      'the last run failed',
      {
        overview: {
          ...well,
          models: [
            { ...well.models[0]!, last_run: { ...well.models[0]!.last_run!, status: 'failed', error: 'no rows' } },
          ],
        },
      },
      /^warning run 01KG8NJW0069P2KM8YXCTP10Q1: The last run of late failed: no rows/,
    ],
    ['a source stands still', view({ lag_ms: 90_000 }), /^warning source deliveries: .* 90 s ago/],
    [
      'a source has no frontier',
      view({ frontier: null, lag_ms: null }, true),
      /^warning source deliveries: Nobody has said/,
    ],
  ])('is asked for where %s', (_, change, says) => {
    const found = told(change)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(says)
  })

  it('is not asked for between two steps of a replay clock, nor of a performance within chance', () => {
    expect(told(view({ lag_ms: 3_600_000 }, true))).toEqual([])
    const live = metric(0.78, 0.74, 0.81, 300)
    expect(told(deployment({ performance: { ...well.deployments[0]!.performance!, live } }))).toEqual([])
  })

  it('names the gravest first', () => {
    const found = told({
      ...deployment({ state: 'held', reason: 'held' }),
      roles: [{ role: 'worker', running: false }],
    })
    expect(found.map((line) => line.split(' ')[0])).toEqual(['critical', 'notice'])
  })
})
