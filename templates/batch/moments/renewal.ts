import { bool, derive, float, int, moment, source, string, timestamp } from 'noonmark'
import { customer } from '../features/customer.ts'

/** Subscriptions that come up for renewal: one row each, dated when it is put on the list. */
export const renewals = source('renewals', {
  history: 'data/renewals.csv',
  columns: { renewal_id: string(), customer: string(), plan: string(), seats: int(), listed_at: timestamp() },
  id: 'renewal_id',
  eventTime: 'listed_at',
  expect: (row) => ({
    somebody_has_a_seat: row.seats.gte(1),
    plan_is_known: row.plan.in(['basic', 'team', 'company']),
  }),
})

/** What became of them. */
export const decisions = source('decisions', {
  history: 'data/decisions.csv',
  columns: { renewal_id: string(), kept: bool(), discount: float(), decided_at: timestamp() },
  id: 'renewal_id',
  eventTime: 'decided_at',
})

/** The point at which predictions are made: once for each renewal of the day, all in one batch. */
export const renewal = moment('renewal', {
  description: 'A subscription comes up for renewal',
  source: renewals,
  key: { renewal_id: string() },
  entities: { customer },
  request: { plan: string(), seats: int() },
})

/** Written once, runs twice: over history for training, and in the server. */
export const isLarge = derive('is_large', int(), { seats: renewal.request.seats }, ({ seats }) => (seats >= 20 ? 1 : 0))
