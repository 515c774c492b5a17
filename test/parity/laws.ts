import { type Aggregate, count, featureView, latest, max, mean, min, share, sum } from '../../src/define/index.ts'
import { parseInstant, type Row, type Status, type Value } from '../../src/values/index.ts'
import { type Availability, airport, type Expressions, featuresOf, randomSource } from './random-source.ts'
import type { Step, Story } from './story.ts'

/** A time of the 15th, or of another day of the month: `12:30`, `12:30:00.001`, `28T00:00`. */
type Time = string

/** A law of features by example: history ends at 12:00, and one feature of the airport SFO is asked for. */
export interface Law {
  readonly law: string
  readonly feature: (row: Expressions) => Aggregate
  /** Whether rows have ids, and what says when they are available; without ids, when they happened. */
  readonly id?: boolean
  readonly available?: Availability
  /** What stands in the history file. */
  readonly file?: readonly Row[]
  /** What is received, and when. */
  readonly received?: readonly (readonly [Time, ...Row[]])[]
  readonly backfilled?: readonly (readonly [Time, ...Row[]])[]
  /** What the feature is when it is asked for. */
  readonly expect: readonly (readonly [Time, Value | null, Status, (Row | undefined)?])[]
}

const at = (time: Time) => parseInstant(`2026-01-${time.includes('T') ? time : `15T${time}`}Z`)

/** A landing that happened at a time of the day. */
function landing(time: Time, { known, ...columns }: Omit<Row, 'known'> & { readonly known?: Time | null } = {}): Row {
  const known_at = known === undefined || known === null ? null : at(known)
  return { row_id: 'a', origin: 'SFO', happened_at: at(time), known_at, ...columns }
}

const present = 'present'
const notFound = 'not_found'

/** The laws of features. Each holds offline, online and by the oracle. */
export const laws: readonly Law[] = [
  {
    law: 'a row is visible strictly after it became known',
    feature: () => count(),
    received: [['12:30', landing('12:30')]],
    expect: [
      ['12:30', 0, present],
      ['12:30:00.001', 1, present],
    ],
  },
  {
    law: 'a late row counts from when it was received on, in the windows of when it happened',
    feature: () => count().over('2h'),
    received: [['14:00', landing('12:30')]],
    expect: [
      ['14:00', 0, present],
      ['14:00:00.001', 1, present],
      ['14:34:59.999', 1, present],
      ['14:35', 0, present],
    ],
  },
  {
    law: 'with a lag, a row is known that much later than it happened',
    feature: () => count(),
    available: 'lag',
    received: [['12:31', landing('12:30')]],
    expect: [
      ['12:45', 0, present],
      ['12:45:00.001', 1, present],
    ],
  },
  {
    law: 'a row that never becomes available is never visible, and nobody saw its entity',
    feature: (row) => latest(row.f),
    available: 'column',
    received: [['12:30', landing('12:30', { f: 1, known: null })]],
    expect: [['18:00', null, notFound]],
  },
  {
    law: 'what was known before history ended counts from the file, and what became known later from the log',
    feature: (row) => sum(row.i),
    file: [landing('11:59', { i: 1 }), landing('12:10', { i: 10 })],
    received: [['12:10', landing('12:10', { i: 100 })]],
    expect: [['12:11', 101, present]],
  },
  {
    law: 'a row of history that is received counts once, before the cutover and after',
    feature: () => count(),
    id: true,
    file: [landing('10:00', { row_id: 'a' }), landing('10:00', { row_id: 'b' })],
    received: [
      ['11:30', landing('10:00', { row_id: 'a' })],
      ['12:30', landing('10:00', { row_id: 'b' })],
    ],
    expect: [['12:31', 2, present]],
  },
  {
    law: 'without ids a received row that was known before history ended is taken for a row of it',
    feature: () => count(),
    file: [landing('10:00')],
    received: [
      ['11:30', landing('10:00')],
      ['12:30', landing('11:59')],
    ],
    expect: [['12:31', 1, present]],
  },
  {
    law: 'of an id in files, the row that was known first counts',
    feature: (row) => latest(row.known_at),
    id: true,
    available: 'column',
    file: [landing('10:00', { known: '11:50' }), landing('10:00', { known: '10:30' })],
    expect: [['12:01', at('10:30'), present]],
  },
  {
    law: 'of an id in the log, the row that came first counts, and its repeats change nothing',
    feature: (row) => sum(row.i),
    id: true,
    available: 'column',
    received: [
      ['12:10', landing('12:05', { i: 1, known: '13:00' })],
      ['12:20', landing('12:05', { i: 1, known: '12:05' })],
    ],
    expect: [
      ['13:00', null, notFound],
      ['13:00:00.001', 1, present],
    ],
  },
  {
    law: 'without ids, what is sent twice counts twice',
    feature: () => count(),
    received: [
      ['12:30', landing('12:30')],
      ['12:31', landing('12:30')],
    ],
    expect: [['12:32', 2, present]],
  },
  {
    law: 'a backfilled row counts as if it had always been known, in answers given after it',
    feature: () => count(),
    backfilled: [['13:00', landing('12:10')]],
    expect: [
      ['12:59', 0, present],
      ['13:00', 1, present],
    ],
  },
  {
    law: 'the new end of a window is exact, and its old end is floored to the hop',
    feature: (row) => sum(row.i).over('1h'),
    received: [['13:00', landing('12:04:59.999', { i: 1 }), landing('12:05', { i: 10 }), landing('12:10', { i: 100 })]],
    expect: [
      ['13:07:30', 110, present],
      ['13:10', 100, present],
    ],
  },
  ...hops(),
  {
    law: 'a row that arrives after it left the window never counts, and its entity was seen',
    feature: (row) => max(row.f).over('5m'),
    received: [['12:40', landing('12:30', { f: 1 })]],
    expect: [['12:41', null, 'null']],
  },
  {
    law: 'the latest value is the last by event, not by arrival',
    feature: (row) => latest(row.f),
    received: [
      ['12:40', landing('12:30', { f: 2 })],
      ['12:50', landing('12:20', { f: 1 })],
    ],
    expect: [['13:00', 2, present]],
  },
  {
    law: 'of rows of one instant, the last by id is the latest',
    feature: (row) => latest(row.s),
    id: true,
    received: [['12:30', landing('12:30', { row_id: 'y', s: 'of y' }), landing('12:30', { row_id: 'x', s: 'of x' })]],
    expect: [['13:00', 'of y', present]],
  },
  {
    law: 'a latest value is expired once it is older than its greatest age',
    feature: (row) => latest(row.f, { maxAge: '1h' }),
    received: [['12:30', landing('12:30', { f: 2 })]],
    expect: [
      ['13:30', 2, present],
      ['13:30:00.001', null, 'expired'],
    ],
  },
  {
    law: 'a null is a latest value',
    feature: (row) => latest(row.f),
    received: [['12:30', landing('12:20', { f: 2 }), landing('12:30', { f: null })]],
    expect: [['13:00', null, 'null']],
  },
  {
    law: 'a null is passed over where the feature says so',
    feature: (row) => latest(row.f, { ignoreNulls: true }),
    received: [['12:30', landing('12:20', { f: 2 }), landing('12:30', { f: null })]],
    expect: [['13:00', 2, present]],
  },
  {
    law: 'aggregates skip nulls, and only rows enter for which the condition is true',
    feature: (row) => mean(row.f).where(row.b),
    received: [
      [
        '12:30',
        landing('12:30', { f: 1, b: true }),
        landing('12:30', { f: 4, b: true }),
        landing('12:30', { f: null, b: true }),
        landing('12:30', { f: 9, b: false }),
        landing('12:30', { f: 9, b: null }),
      ],
    ],
    expect: [['13:00', 2.5, present]],
  },
  {
    law: 'a share is of the rows for which the condition is not null',
    feature: (row) => share(row.f.gt(0)),
    received: [['12:30', landing('12:30', { f: 1 }), landing('12:30', { f: -1 }), landing('12:30', { f: null })]],
    expect: [['13:00', 0.5, present]],
  },
  {
    law: 'over no values counts are 0, and everything else is null',
    feature: (row) => min(row.i),
    received: [['12:30', landing('12:30', { i: null })]],
    expect: [['13:00', null, 'null']],
  },
  {
    law: 'a sum of integers that leaves its type is an overflow',
    feature: (row) => sum(row.l),
    received: [
      ['12:30', landing('12:30', { l: 2n ** 63n - 1n })],
      ['12:40', landing('12:40', { l: 1n })],
    ],
    expect: [
      ['12:31', 2n ** 63n - 1n, present],
      ['12:41', null, 'overflow'],
    ],
  },
  {
    law: 'an entity that was never seen has a count of 0, and a key with a null in it is no entity',
    feature: () => count(),
    received: [['12:30', landing('12:30', { origin: null })]],
    expect: [
      ['13:00', 0, present, { origin: 'JFK' }],
      ['13:00', null, notFound, { origin: null }],
    ],
  },
]

/** Until when a row of 12:30:30 counts, in windows around each change of the hop. */
function hops(): Law[] {
  const last = [
    ['1m', '12:31:34.999', '12:31:35'],
    ['11m', '12:41:34.999', '12:41:35'],
    ['12m', '12:42:59.999', '12:43'],
    ['59m', '13:29:59.999', '13:30'],
    ['1h', '13:34:59.999', '13:35'],
    ['11h', '23:34:59.999', '23:35'],
    ['12h', '16T00:59:59.999', '16T01:00'],
    ['11d', '26T12:59:59.999', '26T13:00'],
    ['12d', '27T23:59:59.999', '28T00:00'],
  ] as const
  return last.map(([window, inside, outside]) => ({
    law: `a row of 12:30:30 counts in a window of ${window} before ${outside}`,
    feature: () => count().over(window),
    received: [['12:31', landing('12:30:30')]],
    expect: [
      [inside, 1, present],
      [outside, 0, present],
    ],
  }))
}

/** A law as a story whose answers are known. */
export function storyOf({
  feature,
  id = false,
  available = 'event',
  file = [],
  received = [],
  backfilled = [],
  expect,
}: Law): Story {
  const source = randomSource({ id, available })
  const view = featureView('by_origin', {
    entity: airport,
    source,
    key: { airport: 'origin' },
    features: (row: Expressions) => ({ it: feature(row) }),
  })
  const calls = (what: 'receive' | 'backfill', all: typeof received): Step[] =>
    all.map(([time, ...rows]) => ({ at: at(time), do: what, rows }))
  return {
    source: source.spec,
    features: featuresOf(view, source.spec),
    declaredFirst: 1,
    file,
    startMs: at('11:00'),
    cutoverMs: at('12:00'),
    steps: [
      ...calls('receive', received),
      ...calls('backfill', backfilled),
      ...[...new Set(expect.map(([time]) => time))].map((time): Step => ({ at: at(time), do: 'ask', backMs: 0 })),
    ],
    entities: [{ origin: 'SFO' }, { origin: 'JFK' }, { origin: null }],
  }
}

/** What a law says about its questions. */
export function expectationsOf({ expect }: Law) {
  return expect.map(([time, value, status, entity = { origin: 'SFO' }]) => ({
    asOf: at(time),
    key: [entity.origin ?? null],
    answer: { value, status },
  }))
}
