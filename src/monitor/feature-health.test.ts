import { describe, expect, it } from 'vitest'
import { trainingProfile } from '../train/training-profile.ts'
import { columnOf } from '../values/index.ts'
import { profileNulls } from './drift.ts'
import { featureHealth } from './feature-health.ts'
import { tabulatePredictions } from './prediction-table.ts'
import { begin, honest, hour, landing, manifest, record, timedLandings } from './test/world.ts'

// SFO is known from the second day on; its delay is null until the third.
const serve = honest(
  timedLandings([landing('A', 'SFO', begin + 24 * hour, null), landing('B', 'SFO', begin + 48 * hour, 5)]),
)
const moments = Array.from({ length: 9 }, (_, index) => ({
  flight: `M${index}`,
  origin: 'SFO',
  destination: null,
  at: begin + (1 + index * 8) * hour,
}))

async function healthOf(records = moments.map((moment) => record(moment, serve)), training = trained) {
  const [predictions] = await tabulatePredictions(records)
  const health = featureHealth(predictions!.table, training)
  return (role: string, feature: string) =>
    health.find((one) => one.role === role && one.feature === `punctuality:${feature}`)!
}

const inputs = manifest.models.delay!.inputs.filter(({ column }) => column === 'origin_last_delay')
const delays = Array.from({ length: 100 }, (_, row) => (row < 20 ? null : row))
const table = { rows: 100, columns: { origin_last_delay: columnOf('float', delays) } }
const trained = profileNulls({ inputs, profile: trainingProfile({ inputs }, table, Float64Array.of(0.5)) })

describe('feature health', () => {
  it('counts nulls and statuses by day and in all', async () => {
    const health = await healthOf()
    const delay = health('origin', 'last_delay')
    expect(delay).toMatchObject({ rows: 9, nulls: 8, statuses: { not_found: 3, null: 1, expired: 4, present: 1 } })
    expect(delay.days).toMatchObject([
      { day: '2026-01-01', rows: 3, nulls: 3, null_rate: 1, statuses: { not_found: 3 } },
      { day: '2026-01-02', rows: 3, nulls: 3, statuses: { null: 1, expired: 2 }, status_rates: { expired: 2 / 3 } },
      { day: '2026-01-03', rows: 3, nulls: 2, statuses: { present: 1, expired: 2 } },
    ])
    expect(health('origin', 'landings_1d')).toMatchObject({ nulls: 0, statuses: { present: 9 } })
    expect(health('destination', 'landings_1d')).toMatchObject({ nulls: 9, statuses: { not_found: 9 } })
  })

  it('counts a moment once, whoever was served', async () => {
    const shadow = { arm: 'shadow', answeredBy: 'shadow', version: 'delay:2' } as const
    const health = await healthOf(
      moments.flatMap((moment) => [
        record(moment, serve),
        record(moment, serve, shadow),
        record(moment, serve, { deployment: 'another' }),
      ]),
    )
    expect(health('origin', 'last_delay').rows).toBe(9)
  })

  it('stands beside the training set, where there is one', async () => {
    const health = await healthOf()
    const { training } = health('origin', 'last_delay')
    expect(training).toMatchObject({ rows: 100, nulls: 20, null_rate: 0.2 })
    expect(training!.difference).toBeCloseTo(8 / 9 - 0.2, 12)
    expect(training!.low).toBeGreaterThan(0.2)
    expect(training!.high).toBeLessThan(1)
    expect(health('origin', 'landings_1d').training).toBeNull()
  })
})
