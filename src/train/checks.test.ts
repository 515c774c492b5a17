import { describe, expect, it } from 'vitest'
import { beatsBaseline, example, noLeakage, slice } from '../define/index.ts'
import { type CheckEvidence, type LeakageEvidence, runChecks } from './checks.ts'
import { categoryColumn, numberColumn } from './matrix.ts'

const noFindings: LeakageEvidence = { futureColumns: [], recomputed: null, overlap: [], nearLabel: [] }

/** Eight rows of two towns; `good` ranks all labels rightly, `bad` the other way round. */
const labels = Uint8Array.of(0, 1, 0, 1, 0, 1, 0, 1)
const good = Float64Array.of(0.1, 0.9, 0.2, 0.8, 0.1, 0.9, 0.2, 0.8)
const bad = good.map((probability) => 1 - probability)
const town = categoryColumn('town', ['a', 'a', 'a', 'a', 'b', 'b', 'b', null])

const evidence = (change: Partial<CheckEvidence> = {}): CheckEvidence => ({
  labels,
  probabilities: good,
  baseline: null,
  champion: null,
  columns: { town },
  predictExample: () => 0.5,
  leakage: noFindings,
  ...change,
})
const run = (check: Parameters<typeof runChecks>[0][number], change: Partial<CheckEvidence> = {}) =>
  runChecks([check], evidence(change))[0]!

describe('beatsBaseline', () => {
  const half = new Float64Array(8).fill(0.5)

  it.each([
    ['auc', 0.5, true],
    ['auc', 0.51, false],
    ['log_loss', 0.5, true],
    ['log_loss', 0.6, false],
    ['brier', 0.2, true],
    ['brier', 0.3, false],
  ] as const)('asks that the model be better in %s by at least %s', (metric, by, passed) => {
    const found = run(beatsBaseline(metric, { by }), { baseline: half })
    expect(found).toMatchObject({ check: 'beats_baseline', passed, name: `beats the baseline by ${by} ${metric}` })
    expect(found.summary).toContain(`asked ${by}`)
  })

  it('fails where the model is worse, where there is no baseline, and where one class cannot be ranked', () => {
    expect(run(beatsBaseline('auc', { by: 0 }), { probabilities: bad, baseline: half }).passed).toBe(false)
    expect(run(beatsBaseline('auc', { by: 0 })).summary).toBe('The model has no baseline to beat.')
    const oneClass = run(beatsBaseline('auc', { by: 0 }), { labels: new Uint8Array(8), baseline: half })
    expect(oneClass.passed).toBe(false)
    expect(oneClass.summary).toContain('undefined')
  })
})

describe('slice().noWorseThanChampion', () => {
  const guardrail = slice('town', { minRows: 2 }).noWorseThanChampion('auc', 0.1)
  const champion = (probabilities: Float64Array) => ({ version: 'm:1', probabilities, missing: [] })

  it('passes while there is no champion, and against one that is no better', () => {
    expect(run(guardrail)).toMatchObject({ passed: true, summary: 'There is no champion yet.' })
    expect(run(guardrail, { champion: champion(good) }).passed).toBe(true)
    expect(run(guardrail, { champion: champion(bad) }).passed).toBe(true)
  })

  it('fails on the slice that is worse, by its name, though the whole is fine', () => {
    const mixed = Float64Array.from(good, (probability, row) => (row >= 4 ? bad[row]! : probability))
    const found = run(guardrail, { probabilities: mixed, champion: champion(good) })
    expect(found.passed).toBe(false)
    expect(found.summary).toBe('1 of 2 slices within tolerance of m:1; not town=b: 0.0000 against 1.0000 on 3 rows.')
    expect(found.detail).toMatchObject({ champion: 'm:1', column: 'town', metric: 'auc', tolerance: 0.1, min_rows: 2 })
    expect(found.detail.slices).toMatchObject([
      { value: 'a', rows: 4, worseBy: 0, low: 0, high: 0, judged: true },
      { value: 'b', rows: 3, worseBy: 1, judged: true },
      { value: null, rows: 1, worseBy: null, low: null, high: null, judged: false },
    ])
  })

  it('does not judge slices under the least number of rows, nor those of one class', () => {
    const strict = slice('town', { minRows: 5 }).noWorseThanChampion('auc', 0)
    expect(run(strict, { probabilities: bad, champion: champion(good) })).toMatchObject({
      passed: true,
      summary: 'No slice has 5 rows of both classes.',
    })
  })

  it('allows exactly the tolerance, for metrics where less is better too', () => {
    const loss = (tolerance: number) => slice('town', { minRows: 2 }).noWorseThanChampion('brier', tolerance)
    const worse = good.map((probability) => (probability > 0.5 ? probability - 0.1 : probability + 0.1))
    // Brier of town a: from (0.01 + 0.01 + 0.04 + 0.04) / 4 to (0.04 + 0.04 + 0.09 + 0.09) / 4.
    expect(run(loss(0.0401), { probabilities: worse, champion: champion(good) }).passed).toBe(true)
    expect(run(loss(0.0399), { probabilities: worse, champion: champion(good) }).passed).toBe(false)
  })

  it('fails without the column, and where the champion reads what these rows do not have', () => {
    expect(run(slice('street').noWorseThanChampion('auc', 0)).summary).toBe('There is no column street to slice by.')
    const missing = { version: 'm:1', probabilities: null, missing: ['distance', 'hour'] }
    expect(run(guardrail, { champion: missing })).toMatchObject({
      passed: false,
      summary: expect.stringContaining('m:1 reads distance, hour'),
    })
  })

  it('reports a hundred of many small slices, the greatest, and names five that fail', () => {
    const rows = 400
    const columns = {
      place: numberColumn(
        'place',
        Float64Array.from({ length: rows }, (_, row) => row),
      ),
    }
    const many = run(slice('place').noWorseThanChampion('auc', 0), {
      labels: new Uint8Array(rows),
      probabilities: new Float64Array(rows),
      champion: champion(new Float64Array(rows)),
      columns,
    })
    expect(many.detail.slices).toHaveLength(100)
    const paired = {
      place: numberColumn(
        'place',
        Float64Array.from({ length: rows }, (_, row) => row >> 1),
      ),
    }
    const failing = run(slice('place', { minRows: 2 }).noWorseThanChampion('auc', 0), {
      labels: Uint8Array.from({ length: rows }, (_, row) => row & 1),
      probabilities: Float64Array.from({ length: rows }, (_, row) => (row & 1 ? 0.1 : 0.9)),
      champion: champion(Float64Array.from({ length: rows }, (_, row) => (row & 1 ? 0.9 : 0.1))),
      columns: paired,
    })
    expect(failing.summary).toMatch(/^0 of 200 slices .*(place=\d+: [^,]+, ){4}place=\d+: [^,]+, and 195 more\.$/)
  })
})

describe('example', () => {
  it('asks for a probability between its bounds, ends included', () => {
    const asked = { town: 'a' }
    const predict = (bounds: Parameters<typeof example>[2], probability: number) =>
      run(example('a town', asked, bounds), {
        predictExample: (row) => {
          expect(row).toEqual(asked)
          return probability
        },
      })
    expect(predict({ atLeast: 0.3 }, 0.3)).toMatchObject({ check: 'example', name: 'a town', passed: true })
    expect(predict({ atLeast: 0.3 }, 0.29)).toMatchObject({
      passed: false,
      summary: 'Probability 0.2900, asked between 0.3 and 1.',
    })
    expect(predict({ atMost: 0.3 }, 0.3).passed).toBe(true)
    expect(predict({ atLeast: 0.1, atMost: 0.3 }, 0.31).passed).toBe(false)
    expect(predict({ atMost: 0.3 }, Number.NaN).passed).toBe(false)
  })
})

describe('noLeakage', () => {
  const judged = (findings: Partial<LeakageEvidence>, options: Parameters<typeof noLeakage>[0] = {}) =>
    run(noLeakage(options), { leakage: { ...noFindings, ...findings } })
  const overlap = [
    { role: 'town', training: 5, validation: 4, both: 3 },
    { role: 'gate', training: 5, validation: 4, both: 0 },
  ]

  it('passes without findings, and says what was compared', () => {
    const found = judged({ recomputed: { compared: 40, differences: [] }, overlap })
    expect(found).toMatchObject({ check: 'leakage', passed: true })
    expect(found.summary).toContain('40 sampled values recomputed, all equal')
    expect(found.summary).toContain('3 of 4 values of town were trained on')
    expect(judged({}).summary).toContain('no values recomputed')
  })

  it('fails on a column that lies later than its rows were known, by column and inputs', () => {
    const example = { known: '2026-01-01T00:00:00.000Z', value: '2026-01-01T02:00:00.000Z' }
    const found = judged({
      futureColumns: [
        { source: 'flights', column: 'landed_at', laterRows: 9, rows: 10, example, inputs: ['mean_delay', 'share'] },
      ],
    })
    expect(found.passed).toBe(false)
    expect(found.summary).toBe(
      'flights.landed_at lies later than its row was known in 9 of 10 rows, so these features know the future: mean_delay, share.',
    )
  })

  it('fails on recomputed values that differ, naming each input once', () => {
    const difference = { input: 'delay', row: 1, asOf: '2026-01-01T00:00:00.000Z', stored: 1, recomputed: 2 }
    const differences = [difference, { ...difference, row: 2 }, { ...difference, input: 'count' }]
    const found = judged({ recomputed: { compared: 40, differences } })
    expect(found.passed).toBe(false)
    expect(found.summary).toContain('3 of 40 sampled values differ when sources are cut at the moment: delay, count.')
    expect(found.detail.recomputed).toEqual({ compared: 40, different: 3, differences })
    const many = judged({ recomputed: { compared: 400, differences: Array.from({ length: 400 }, () => difference) } })
    expect(many.detail.recomputed).toMatchObject({ different: 400, differences: { length: 50 } })
  })

  it('fails on a feature that alone nearly equals the label', () => {
    const found = judged({ nearLabel: [{ name: 'delay', auc: 0.999, by: 'value' }] })
    expect(found.passed).toBe(false)
    expect(found.summary).toContain('delay alone has AUC 0.9990, at least 0.98')
  })

  it('fails on entities on both sides only where the model asks for it', () => {
    const found = judged({ overlap }, { entityOverlap: 'fail' })
    expect(found).toMatchObject({
      passed: false,
      summary: '3 values of town stand in both training and validation.',
    })
    expect(judged({ overlap: [overlap[1]!] }, { entityOverlap: 'fail' }).passed).toBe(true)
  })
})

describe('checks of a model', () => {
  it('are all run, in their order', () => {
    const found = runChecks([noLeakage(), beatsBaseline('auc', { by: 0 }), example('a', {}, { atMost: 1 })], evidence())
    expect(found.map(({ check }) => check)).toEqual(['leakage', 'beats_baseline', 'example'])
  })
})
