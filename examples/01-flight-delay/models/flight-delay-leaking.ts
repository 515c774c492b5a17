/**
 * The commonest real mistake, kept here to be stopped: the flights' table has one row a flight, so its landings are filed
 * under the departure time. Then "the mean delay of the last two hours" holds flights that are still in the air.
 * Training this model ends at the leakage check, which names the features and the column that gives them away.
 */
import {
  featureView,
  float,
  gradientBoosting,
  mean,
  model,
  noLeakage,
  outcome,
  share,
  source,
  string,
  timestamp,
} from 'noonmark'
import { airport, landings } from '../features/airport.ts'
import { departure, localHour, localWeekday } from '../moments/departure.ts'

export const flights = source('flights', {
  history: 'data/landings.parquet',
  columns: {
    flight_id: string(),
    origin: string(),
    arrival_delay: float(),
    departed_at: timestamp(),
    landed_at: timestamp(),
  },
  id: 'flight_id',
  eventTime: 'departed_at', // the delay is known at landed_at
})

export const airportFlights = featureView('airport_flights', {
  entity: airport,
  source: flights,
  key: { airport: 'origin' },
  features: (row) => ({
    mean_delay_2h: mean(row.arrival_delay).over('2h'),
    late_share_12h: share(row.arrival_delay.gte(15)).over('12h'),
  }),
})

export const flightDelayLeaking = model('flight-delay-leaking', {
  description: 'Features that know the future: stopped before a tree is grown',
  moment: departure,
  tier: 'experimental',
  inputs: [airportFlights.for('origin'), departure.request.distance, localHour, localWeekday],
  label: outcome(landings, { value: (row) => row.arrival_delay.gte(15), within: '1d' }),
  trainer: gradientBoosting(),
  checks: [noLeakage()],
  split: { from: '2001-01-15', validateFrom: '2001-05-01', to: '2001-06-01' },
})
