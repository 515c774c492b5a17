import { count, entity, featureView, float, latest, source, string, sum, timestamp } from 'noonmark'

export const customer = entity('customer', { key: { customer: string() }, description: 'Whoever holds a subscription' })

/** What customers do with the product, as the nightly export tells. */
export const sessions = source('sessions', {
  history: 'data/sessions.csv',
  columns: { session_id: string(), customer: string(), minutes: float(), started_at: timestamp() },
  id: 'session_id',
  eventTime: 'started_at',
  availableAfter: '6h', // the export of a day is there in the early morning
  // `noonmark test` looks at every row: each of these must be true.
  expect: (row) => ({
    customer_is_known: row.customer.isNotNull(),
    minutes_are_possible: row.minutes.gte(0).and(row.minutes.lte(1440)),
  }),
  // Let `noonmark test` fail when the export stops: freshness: '2d',
})

export const customerUsage = featureView('customer_usage', {
  entity: customer,
  source: sessions,
  owner: 'team-accounts',
  features: (row) => ({
    sessions_7d: count().over('7d'),
    sessions_28d: count().over('28d'),
    minutes_7d: sum(row.minutes).over('7d'),
    minutes_28d: sum(row.minutes).over('28d'),
    last_minutes: latest(row.minutes),
  }),
})
