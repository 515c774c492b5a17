import { describe, expect, it } from 'vitest'
import { trainingProfile } from '../train/training-profile.ts'
import { columnOf } from '../values/index.ts'
import { monitorReport } from './monitor-report.ts'
import { tabulatePredictions } from './prediction-table.ts'
import { renderMonitorReport } from './report-text.ts'
import { oracleEngine } from './test/oracle-engine.ts'
import { begin, honest, hour, landing, landings, manifest, record, type Serve, timedLandings } from './test/world.ts'
import { formatShare } from './text-table.ts'

const rows = Array.from({ length: 60 }, (_, index) =>
  landing(`F${index}`, 'SFO', begin + (index + 1) * hour, index % 4 === 0 ? 30 : -5),
)
const serve = honest(timedLandings(rows))
const wrong: Serve = (name, role, key, asOf) =>
  name === 'seats_6h' && role === 'origin' ? { value: 7, status: 'present' } : serve(name, role, key, asOf)

const inputs = manifest.models.delay!.inputs.filter(({ column }) => column === 'origin_last_delay')
const delays = columnOf(
  'float',
  Array.from({ length: 50 }, (_, row) => row),
)
const scores = Float64Array.from({ length: 20 }, (_, row) => row / 20)
const profile = trainingProfile({ inputs }, { rows: 50, columns: { origin_last_delay: delays } }, scores)
const trained = { inputs, profile }

async function reportOf(how: Serve) {
  const { engine, versions } = oracleEngine([landings.spec], { landings: rows })
  const predictions = await tabulatePredictions(
    Array.from({ length: 30 }, (_, index) => {
      const asked = { flight: `F${index + 6}`, origin: 'SFO', destination: 'JFK', at: begin + (index + 2) * hour }
      const output = { probability: ((index * 7) % 10) / 10 }
      return [
        record(asked, how, { output }),
        record(asked, how, {
          output: { probability: (index % 5) / 5 },
          arm: 'shadow',
          answeredBy: 'shadow',
          version: 'delay:2',
        }),
        ...(index === 3 ? [record(asked, how, { output })] : []),
      ]
    }).flat(),
  )
  const steps: string[] = []
  const report = await monitorReport({
    engine,
    manifest,
    predictions,
    versions,
    cutMs: begin + 80 * hour,
    training: new Map([['delay:1', trained]]),
    onProgress: (step, done, total) => steps.push(`${step} ${done <= total}`),
  })
  return { report, steps }
}

describe('the monitor report', () => {
  it('is one JSON value with its versions', async () => {
    const { report, steps } = await reportOf(serve)
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
    expect(report).toMatchObject({
      format: 1,
      semantics: 1,
      project: 'flights',
      parity: { compared: 60 * 26, equal: 60 * 26, differing: 0, not_comparable: 0 },
      moments: [
        {
          moment: 'quote',
          drift: [{ version: 'delay:1', rows: 30, day_count: 2 }],
          records: 61,
          predictions: 60,
          repeats: 1,
          from: '2026-01-01T02:00:00.000Z',
        },
      ],
    })
    expect(new Set(steps)).toEqual(new Set(['parity of quote true', 'performance of quote true']))
  })

  it('reads as text with every line of a table as wide as its titles say', async () => {
    const { report } = await reportOf(serve)
    const text = renderMonitorReport(report)
    expect(text).toContain('Moment quote: 60 predictions from 2026-01-01T02:00:00.000Z to 2026-01-02T07:00:00.000Z')
    expect(text).toContain('Parity: 1,560 served values compared, 1,560 equal (100 %), 0 differing, 0 not comparable')
    expect(text).toContain('delay:2 (shadow) less delay:1 (champion) on the same 30 moments: AUC')
    expect(text).toContain('answered by champion 30 (100 %)')
    const lines = text.split('\n')
    const rule = lines.findIndex((line) => /^ {2}-+( {2}-+)+$/.test(line))
    const edge = lines[rule - 1]!.indexOf('feature')
    for (const line of lines.slice(rule + 1, rule + 27)) expect(line.slice(edge)).toMatch(/^punctuality:/)
    expect(text).not.toMatch(/undefined|NaN|\[object/)
  })

  it('prints differences as found, with their examples', async () => {
    const { report } = await reportOf(wrong)
    const text = renderMonitorReport(report)
    expect(report.parity.differing).toBe(60)
    expect(text).toContain('1,500 equal (96.15 %), 60 differing')
    expect(text).toContain('origin punctuality:seats_6h: 60 differ')
    expect(text).toMatch(/P\d{8} +SFO +2026-01-01T02:00:00.000Z +7 +100 +-93/)
  })

  it('never rounds to all or to none', () => {
    expect(formatShare(999_999, 1_000_000)).toBe('99.99 %')
    expect(formatShare(1, 1_000_000)).toBe('0.01 %')
    expect([formatShare(5, 5), formatShare(0, 5), formatShare(0, 0)]).toEqual(['100 %', '0 %', '-'])
  })
})
