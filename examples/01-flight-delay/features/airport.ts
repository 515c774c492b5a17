import { count, entity, featureView, float, latest, mean, share, source, string, timestamp } from 'noonmark'

export const airport = entity('airport', { key: { airport: string() }, description: 'An airport by its IATA code' })

export const landings = source('landings', {
  description:
    'Flights that have landed. The landing time is derived: departure + 30 min + distance / 7.5 miles per min.',
  history: 'data/landings.parquet',
  columns: {
    flight_id: string(),
    origin: string(),
    destination: string(),
    arrival_delay: float(),
    departed_at: timestamp(),
    landed_at: timestamp(),
  },
  id: 'flight_id',
  eventTime: 'landed_at',
  owner: 'team-network',
})

/** How flights that left an airport arrived, by when we knew it. */
export const airportDepartures = featureView('airport_departures', {
  entity: airport,
  source: landings,
  key: { airport: 'origin' },
  owner: 'team-network',
  features: (row) => ({
    flights_2h: count().over('2h'),
    mean_delay_2h: mean(row.arrival_delay).over('2h'),
    late_share_12h: share(row.arrival_delay.gte(15)).over('12h'),
    late_share_7d: share(row.arrival_delay.gte(15)).over('7d'),
    last_delay: latest(row.arrival_delay, { maxAge: '6h' }),
  }),
})

/** How flights arrived at an airport. */
export const airportArrivals = featureView('airport_arrivals', {
  entity: airport,
  source: landings,
  key: { airport: 'destination' },
  owner: 'team-network',
  features: (row) => ({
    flights_2h: count().over('2h'),
    mean_delay_2h: mean(row.arrival_delay).over('2h'),
    late_share_12h: share(row.arrival_delay.gte(15)).over('12h'),
    late_share_7d: share(row.arrival_delay.gte(15)).over('7d'),
    last_delay: latest(row.arrival_delay, { maxAge: '6h' }),
  }),
})
