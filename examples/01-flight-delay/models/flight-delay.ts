import { beatsBaseline, example, gradientBoosting, model, noLeakage, outcome, slice } from 'noonmark'
import { airportArrivals, airportDepartures, landings } from '../features/airport.ts'
import { departure, localHour, localWeekday } from '../moments/departure.ts'

export const flightDelay = model('flight-delay', {
  description: 'Will this flight arrive 15 minutes late or more?',
  moment: departure,
  owner: 'team-flights',
  tier: 'critical',
  inputs: [
    airportDepartures.for('origin'),
    airportArrivals.for('destination'),
    departure.entities.origin.airport,
    departure.entities.destination.airport,
    departure.request.distance,
    localHour,
    localWeekday,
  ],
  label: outcome(landings, { value: (row) => row.arrival_delay.gte(15), within: '1d' }),
  trainer: gradientBoosting({ trees: 120, learning_rate: 0.12, leaves: 31 }),
  baseline: ({ origin_late_share_12h }) => origin_late_share_12h ?? 0.2,
  checks: [
    noLeakage(),
    beatsBaseline('auc', { by: 0.03 }),
    slice('origin').noWorseThanChampion('auc', 0.05),
    example(
      'a bad day at both ends',
      {
        origin_late_share_12h: 0.6,
        origin_mean_delay_2h: 45,
        origin_last_delay: 60,
        destination_late_share_12h: 0.6,
        destination_mean_delay_2h: 45,
        destination_last_delay: 60,
      },
      { atLeast: 0.3 },
    ),
  ],
  split: { from: '2001-01-15', validateFrom: '2001-05-01', to: '2001-06-01' },
})
