import { beatsBaseline, example, gradientBoosting, model, noLeakage, outcome } from 'noonmark'
import { rideEnds, zoneRides } from '../features/zone.ts'
import { hour, rideRequest } from '../moments/ride-request.ts'

export const cancellation = model('cancellation', {
  description: 'Will the rider cancel?',
  moment: rideRequest,
  owner: 'team-rides',
  inputs: [zoneRides.for('zone'), rideRequest.request.distance_km, hour],
  label: outcome(rideEnds, { value: (row) => row.cancelled.eq(true), within: '2h' }),
  trainer: gradientBoosting({ trees: 60, learning_rate: 0.08, leaves: 8 }),
  // The rule that a model must beat, and the answer while there is none.
  baseline: ({ zone_cancelled_share_7d }) => zone_cancelled_share_7d ?? 0.2,
  checks: [
    noLeakage(),
    beatsBaseline('auc', { by: 0.03 }),
    example(
      'riders who wait long give up',
      { zone_mean_wait_3h: 25, zone_last_wait: 25, distance_km: 2 },
      { atLeast: 0.25 },
    ),
    example(
      'riders who need not wait stay',
      { zone_mean_wait_3h: 3, zone_last_wait: 3, distance_km: 12 },
      { atMost: 0.25 },
    ),
  ],
})
