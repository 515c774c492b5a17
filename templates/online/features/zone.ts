import { bool, count, entity, featureView, float, latest, mean, share, source, string, timestamp } from 'noonmark'

export const zone = entity('zone', { key: { zone: string() }, description: 'A part of the city' })

/** How rides ended. What happened before a moment is known at it; what happens later is not. */
export const rideEnds = source('ride_ends', {
  description: 'Rides that ended: at their destination, or cancelled by the rider',
  history: 'data/ride-ends.csv', // and live events through the API
  columns: { ride_id: string(), zone: string(), cancelled: bool(), waited_minutes: float(), ended_at: timestamp() },
  id: 'ride_id',
  eventTime: 'ended_at',
  // `noonmark test` looks at every row: each of these must be true.
  expect: (row) => ({
    zone_is_known: row.zone.isNotNull(),
    nobody_waits_for_a_negative_time: row.waited_minutes.gte(0),
  }),
  // With live events, let `noonmark test` fail when they stop: freshness: '1h',
})

/** How long riders of a zone waited lately, and how many gave up. */
export const zoneRides = featureView('zone_rides', {
  entity: zone,
  source: rideEnds,
  owner: 'team-rides',
  features: (row) => ({
    rides_3h: count().over('3h'),
    mean_wait_3h: mean(row.waited_minutes).over('3h'),
    cancelled_share_12h: share(row.cancelled).over('12h'),
    cancelled_share_7d: share(row.cancelled).over('7d'),
    last_wait: latest(row.waited_minutes, { maxAge: '6h' }),
  }),
})
