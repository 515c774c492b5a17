// Goal: what a project's author sees in the editor. Method: this file is only compiled; every `@ts-expect-error` must be one.
import {
  beatsBaseline,
  count,
  deployment,
  derive,
  entity,
  featureView,
  float,
  gradientBoosting,
  int,
  int64,
  latest,
  mean,
  model,
  moment,
  outcome,
  type RowOf,
  share,
  source,
  string,
  sum,
  timestamp,
} from '../../src/define/index.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const expectType = <_T extends true>(): void => {}

const airport = entity('airport', { key: { airport: string() } })
const customer = entity('customer', { key: { country: string(), number: int() } })

const landings = source('landings', {
  history: 'data/landings.parquet',
  columns: {
    flight_id: string(),
    airport: string(),
    arrival_delay: float(),
    seats: int(),
    tail: int64(),
    landed_at: timestamp(),
  },
  id: 'flight_id',
  eventTime: 'landed_at',
  availableAfter: '15m',
})

// @ts-expect-error the event time is a timestamp column
source('wrong', { columns: { at: string() }, eventTime: 'at' })

const punctuality = featureView('airport_punctuality', {
  entity: airport,
  source: landings,
  features: (row) => ({
    landings_1d: count().over('1d'),
    mean_delay_1h: mean(row.arrival_delay).over('1h'),
    seats_1h: sum(row.seats).over('1h'),
    last_tail: latest(row.tail, { maxAge: '6h' }),
    late_share_7d: share(row.arrival_delay.gte(15)).over('7d'),
  }),
})

featureView('wrong', {
  entity: airport,
  source: landings,
  // @ts-expect-error a text column has no mean
  features: (row) => ({ wrong: mean(row.airport) }),
})

// @ts-expect-error the feature view 'airport_punctuality' has no feature 'mean_delay'
punctuality.pick('mean_delay')

const quotes = source('quotes', {
  columns: {
    quote_id: string(),
    origin: string(),
    destination: string(),
    distance: float(),
    departs_at: timestamp(),
    quoted_at: timestamp(),
    customer_country: string(),
    customer_number: int(),
  },
  eventTime: 'quoted_at',
})

const quote = moment('quote', {
  source: quotes,
  key: { quote_id: string() },
  entities: { origin: airport, destination: airport, customer },
  request: { distance: float(), departs_at: timestamp().optional() },
})

const hour = derive(
  'departure_hour',
  int(),
  { departs_at: quote.request.departs_at, late: punctuality.feature('late_share_7d').for('origin') },
  (inputs) => {
    expectType<Equal<typeof inputs, { readonly departs_at: Date | null; readonly late: number | null }>>()
    return inputs.departs_at?.getUTCHours() ?? null
  },
)

// @ts-expect-error a derive of type int returns a number
derive('wrong', int(), { distance: quote.request.distance }, () => 'seven')

const inputs = [
  punctuality.for('origin'),
  punctuality.pick('late_share_7d').for('destination'),
  punctuality.pick('landings_1d').for('destination').as({ destination_landings_1d: 'busy' }),
  quote.request.distance,
  quote.entities.origin.airport,
  quote.entities.customer.country,
  hour,
] as const

type Expected = {
  readonly origin_landings_1d: number
  readonly origin_mean_delay_1h: number | null
  readonly origin_seats_1h: number | null
  readonly origin_last_tail: bigint | null
  readonly origin_late_share_7d: number | null
  readonly destination_late_share_7d: number | null
  readonly busy: number
  readonly distance: number
  readonly origin: string
  readonly customer_country: string
  readonly departure_hour: number | null
}
expectType<Equal<RowOf<typeof inputs>, Expected>>()

const label = outcome(landings, {
  value: (row) => row.arrival_delay.gte(15),
  within: '2d',
  on: { flight_id: 'quote_id' },
})

const late = model('late', {
  moment: quote,
  inputs: [punctuality.for('origin'), hour],
  label,
  trainer: gradientBoosting({ trees: 10 }),
  baseline: (row) => {
    expectType<Equal<typeof row.origin_mean_delay_1h, number | null>>()
    // @ts-expect-error the row has no such column
    row.origin_mean_delay
    return (row.origin_mean_delay_1h ?? 0) > 20 ? 0.4 : 0.1
  },
  checks: [beatsBaseline('auc', { by: 0.01 })],
})

model('wrong', {
  moment: quote,
  // @ts-expect-error the moment 'quote' has no entity role 'start'
  inputs: [punctuality.for('start')],
  label,
  trainer: gradientBoosting(),
})

model('wrong', {
  moment: quote,
  // @ts-expect-error the role 'customer' is a 'customer', and these features describe a 'airport'
  inputs: [punctuality.for('customer')],
  label,
  trainer: gradientBoosting(),
})

deployment('late', late, { champion: 'late:1' })
