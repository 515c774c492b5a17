import { derive, float, int, moment, source, string, timestamp } from 'noonmark'
import { localTime } from '../airport-time.ts'
import { airport } from '../features/airport.ts'

export const departures = source('departures', {
  history: 'data/departures.parquet',
  columns: {
    flight_id: string(),
    origin: string(),
    destination: string(),
    distance: float(),
    departed_at: timestamp(),
  },
  id: 'flight_id',
  eventTime: 'departed_at',
})

export const departure = moment('departure', {
  description: 'A flight leaves the gate',
  source: departures,
  key: { flight_id: string() },
  entities: { origin: airport, destination: airport },
  request: { distance: float() },
})

const clock = { at: departure.at, origin: departure.entities.origin.airport }

export const localHour = derive('local_hour', int(), clock, ({ at, origin }) => localTime(origin, at)?.hour)

export const localWeekday = derive('local_weekday', int(), clock, ({ at, origin }) => localTime(origin, at)?.weekday)
