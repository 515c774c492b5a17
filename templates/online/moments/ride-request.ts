import { derive, float, int, moment, source, string, timestamp } from 'noonmark'
import { zone } from '../features/zone.ts'

export const rideRequests = source('ride_requests', {
  history: 'data/ride-requests.csv',
  columns: { ride_id: string(), zone: string(), distance_km: float(), requested_at: timestamp() },
  id: 'ride_id',
  eventTime: 'requested_at',
  expect: (row) => ({ a_ride_goes_somewhere: row.distance_km.gt(0) }),
})

/** The point at which predictions are made. Its past occurrences are the rows of the source. */
export const rideRequest = moment('ride_request', {
  description: 'Somebody asks for a ride',
  source: rideRequests,
  key: { ride_id: string() },
  entities: { zone },
  request: { distance_km: float() },
})

/** Written once, runs twice: over history for training, and in the server. */
export const hour = derive('hour', int(), { at: rideRequest.at }, ({ at }) => at.getUTCHours())
