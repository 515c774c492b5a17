import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type NaiveRow, naiveFeature } from '../aggregate/index.ts'
import type { AggregateSpec, FeatureSpec, FeatureViewSpec, SourceSpec } from '../define/index.ts'
import {
  columnOf,
  columnValue,
  compileExpression,
  type DtypeName,
  type ExpressionNode,
  encodeRow,
  expressionType,
  knownMs,
  type Row,
  type Schema,
  statuses,
  type Value,
} from '../values/index.ts'
import { type PointInTimeAsk, type PointInTimeRows, pointInTime } from './point-in-time.ts'
import { rankTies } from './tie-ranks.ts'

const hour = 3_600_000
const day = 24 * hour
const utf8 = new TextEncoder()

const schema: Schema = {
  town: { type: 'string', nullability: 'default' },
  gate: { type: 'int', nullability: 'default' },
  amount: { type: 'float', nullability: 'default' },
  pieces: { type: 'int', nullability: 'default' },
  units: { type: 'int64', nullability: 'default' },
  open: { type: 'bool', nullability: 'default' },
  label: { type: 'string', nullability: 'default' },
  planned: { type: 'timestamp', nullability: 'default' },
}

const node = (name: keyof typeof schema): ExpressionNode => ({ op: 'column', name, type: schema[name]!.type })
const large: ExpressionNode = {
  op: 'gt',
  left: node('amount'),
  right: { op: 'literal', type: 'float', value: 0 },
}

const plain = { where: null, windowMs: null, maxAgeMs: null, ignoreNulls: false } as const
const aggregates: readonly Omit<AggregateSpec, 'where' | 'windowMs'>[] = [
  { ...plain, function: 'count', value: null, type: 'int' },
  { ...plain, function: 'count', value: node('label'), type: 'int' },
  { ...plain, function: 'sum', value: node('amount'), type: 'float' },
  { ...plain, function: 'sum', value: node('pieces'), type: 'int' },
  { ...plain, function: 'sum', value: node('units'), type: 'int64' },
  { ...plain, function: 'mean', value: node('amount'), type: 'float' },
  { ...plain, function: 'mean', value: node('pieces'), type: 'float' },
  { ...plain, function: 'min', value: node('amount'), type: 'float' },
  { ...plain, function: 'max', value: node('units'), type: 'int64' },
  { ...plain, function: 'max', value: node('planned'), type: 'timestamp' },
  { ...plain, function: 'share', value: large, type: 'float' },
]
const latest: readonly AggregateSpec[] = (['amount', 'label', 'units', 'open', 'planned'] as const).flatMap((name) => [
  { ...plain, function: 'latest', value: node(name), type: schema[name]!.type },
  { ...plain, function: 'latest', value: node(name), type: schema[name]!.type, ignoreNulls: true, maxAgeMs: 2 * hour },
])
const windows = [null, 60_000, 30 * 60_000, 2 * hour, 13 * hour, 2 * day, 14 * day]
const specs: AggregateSpec[] = [
  ...latest,
  ...latest.map((spec) => ({ ...spec, where: node('open') })),
  ...aggregates.flatMap((spec) =>
    windows.flatMap((windowMs) => [
      { ...spec, where: null, windowMs },
      { ...spec, where: node('open'), windowMs },
    ]),
  ),
]

// Few different instants, so that ties of every kind are common; around 1970, so that flooring is tried on both sides.
const instant = fc.oneof(
  fc.integer({ min: -12, max: 12 }).map((steps) => steps * 15 * 60_000),
  fc.integer({ min: -3 * day, max: 3 * day }),
  fc.constantFrom(-1, 0, 1, -day, day - 1, -20 * day),
)
const delay = fc.oneof(
  fc.constant(0),
  fc.constantFrom(1, 60_000, hour, 3 * day, -hour),
  fc.constant(null),
  fc.integer({ min: 0, max: day }),
)
const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 5 })

interface Case {
  readonly rows: readonly NaiveRow[]
  readonly spine: readonly { readonly key: readonly (Value | null)[]; readonly at: number }[]
}

// Most rows and queries meet in one entity; the others try keys that look alike, and nulls.
const key = fc.oneof(
  { arbitrary: fc.constant({ town: '1', gate: 12 }), weight: 6 },
  {
    arbitrary: fc.record({ town: nullable(fc.constantFrom('1', '11', '')), gate: nullable(fc.constantFrom(1, 2, 12)) }),
    weight: 3,
  },
)

function cases(options: { readonly arbitraryDelays: boolean; readonly ids: boolean }): fc.Arbitrary<Case> {
  const row = fc
    .record({
      key,
      amount: nullable(fc.oneof(fc.constantFrom(-1, 0, 1, 2.5), fc.constantFrom(1e15, 1e-7, -1e15))),
      pieces: nullable(fc.constantFrom(0, 1, -3, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER)),
      units: nullable(fc.constantFrom(0n, 7n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n)),
      open: nullable(fc.boolean()),
      label: nullable(fc.constantFrom('a', 'b', 'é', '')),
      planned: nullable(instant),
      eventMs: instant,
      delay,
    })
    .map(({ key: { town, gate }, eventMs, delay: lag, ...columns }): NaiveRow => {
      const row: Row = { town, gate, ...columns }
      const availableMs = options.arbitraryDelays ? (lag === null ? null : eventMs + lag) : eventMs + hour
      return { row, eventMs, availableMs, id: null, body: encodeRow(schema, row) }
    })
  return fc.record({
    rows: fc
      .array(row, { minLength: 10, maxLength: 60, size: 'max' })
      .map((rows) => rows.map((each, i) => (options.ids ? { ...each, id: `${(i * 7) % 10}-${i}` } : each))),
    spine: fc
      .array(fc.record({ key: key.map(({ town, gate }) => [town, gate]), at: instant }), {
        minLength: 6,
        maxLength: 16,
        size: 'max',
      })
      .chain((spine) => fc.subarray(spine).map((again) => [...spine, ...again])),
  })
}

function columns(rows: readonly NaiveRow[]): PointInTimeRows {
  const column = (type: DtypeName, values: readonly (Value | null)[]) => columnOf(type, values)
  const numbers = (read: (row: NaiveRow) => number | null) => Float64Array.from(rows, (row) => read(row) ?? Number.NaN)
  return {
    source: {
      rows: rows.length,
      event: numbers(({ eventMs }) => eventMs),
      available: numbers(({ availableMs }) => availableMs),
      known: numbers(({ eventMs, availableMs }) => knownMs(eventMs, availableMs)),
      counted: null,
    },
    key: [
      column(
        'string',
        rows.map(({ row }) => row.town ?? null),
      ),
      column(
        'int',
        rows.map(({ row }) => row.gate ?? null),
      ),
    ],
    values: (expression) => {
      const evaluate = compileExpression(expression)
      return column(
        expressionType(expression),
        rows.map(({ row }) => evaluate(row)),
      )
    },
    tieRanks: async (tied) =>
      rankTies(
        rows.length,
        Uint32Array.from(rows.keys()).filter((row) => tied[row] === 1),
        rows.some(({ id }) => id !== null) ? (row) => utf8.encode(rows[row]!.id!) : null,
        (row) => rows[row]!.body,
      ),
  }
}

const view: FeatureViewSpec = {
  name: 'view',
  entity: 'place',
  source: 'source',
  key: [
    { entity: 'town', source: 'town', type: 'string' },
    { entity: 'gate', source: 'gate', type: 'int' },
  ],
  features: [],
}
const feature = (aggregate: AggregateSpec): FeatureSpec => ({
  name: 'feature',
  aggregate,
  type: aggregate.type,
  digest: '',
})
// The oracle never looks at the source.
const source = {} as SourceSpec

/** How far a float may be from the oracle's: 1e-9 of the sum of magnitudes in the window. */
function tolerance(rows: readonly NaiveRow[], spec: AggregateSpec): number {
  if (spec.type !== 'float' || spec.function === 'share' || spec.function === 'min' || spec.function === 'latest')
    return 0
  const evaluate = compileExpression(spec.value!)
  return 1e-9 * rows.reduce((sum, { row }) => sum + Math.abs(Number(evaluate(row) ?? 0)), 0)
}

async function agrees({ rows, spine }: Case): Promise<void> {
  const asOf = Float64Array.from(spine, ({ at }) => at)
  const keyColumns = [0, 1].map((part) =>
    columnOf(
      part === 0 ? 'string' : 'int',
      spine.map((each) => each.key[part]!),
    ),
  )
  const shared = { key: keyColumns, asOf }
  const asks: PointInTimeAsk[] = specs.map((aggregate) => ({ aggregate, spine: shared }))
  const answers = await pointInTime(columns(rows), asks)
  specs.forEach((aggregate, place) => {
    const answer = answers[place]!
    spine.forEach(({ key: of, at }, i) => {
      const expected = naiveFeature(rows, { feature: feature(aggregate), view, source }, of, at)
      const actual = { value: columnValue(answer.values, i), status: statuses[answer.statuses[i]!] }
      const slack = tolerance(
        rows.filter(({ row }) => row.town === of[0] && row.gate === of[1]),
        aggregate,
      )
      if (slack > 0 && typeof expected.value === 'number' && typeof actual.value === 'number') {
        expect(actual.status).toBe(expected.status)
        expect(Math.abs(actual.value - expected.value)).toBeLessThanOrEqual(slack)
      } else expect(actual, JSON.stringify({ aggregate, of, at })).toEqual(expected)
    })
  })
}

describe('features as of an instant', () => {
  it('equal the oracle when rows become known after a fixed lag', async () => {
    await fc.assert(fc.asyncProperty(cases({ arbitraryDelays: false, ids: true }), agrees), { numRuns: 40 })
  })

  it('equal the oracle when every row becomes known when it likes, or never', async () => {
    await fc.assert(fc.asyncProperty(cases({ arbitraryDelays: true, ids: true }), agrees), { numRuns: 40 })
  })

  it('equal the oracle when Order is decided by the canonical bytes of rows', async () => {
    await fc.assert(fc.asyncProperty(cases({ arbitraryDelays: true, ids: false }), agrees), { numRuns: 40 })
  })

  it('keep their precision when a huge value has left the window', async () => {
    const row = (eventMs: number, amount: number): NaiveRow => {
      const values: Row = { town: 'x', gate: 1, amount }
      return { row: values, eventMs, availableMs: eventMs, id: null, body: encodeRow(schema, values) }
    }
    const rows = [row(0, 1e300), ...Array.from({ length: 100 }, (_, i) => row(2 * hour + i * 60_000, 0.1))]
    for (const late of [rows, [...rows, { ...row(2 * hour, 0.1), availableMs: 4 * hour }]]) {
      const spine = { key: [columnOf('string', ['x']), columnOf('int', [1])], asOf: Float64Array.of(4 * hour + 1) }
      const aggregate: AggregateSpec = {
        ...plain,
        function: 'sum',
        value: node('amount'),
        type: 'float',
        windowMs: 4 * hour,
      }
      const [answer] = await pointInTime(columns(late), [{ aggregate: { ...aggregate, windowMs: 3 * hour }, spine }])
      expect(columnValue(answer!.values, 0)).toBeCloseTo(0.1 * (late.length - 1), 9)
    }
  })

  it('sum 64-bit integers exactly however far the running sum strays', async () => {
    const rows = Array.from({ length: 3000 }, (_, i): NaiveRow => {
      const values: Row = { town: 'x', gate: 1, units: i % 2 === 0 ? 2n ** 62n : 2n ** 62n - 1n }
      return { row: values, eventMs: i * hour, availableMs: i * hour, id: null, body: encodeRow(schema, values) }
    })
    const at = 3000 * hour
    const spine = { key: [columnOf('string', ['x']), columnOf('int', [1])], asOf: Float64Array.of(at - hour, at) }
    const aggregate: AggregateSpec = { ...plain, function: 'sum', value: node('units'), type: 'int64', windowMs: hour }
    const [answer] = await pointInTime(columns(rows), [{ aggregate, spine }])
    expect([0, 1].map((i) => statuses[answer!.statuses[i]!])).toEqual(['present', 'present'])
    expect(columnValue(answer!.values, 1)).toBe(2n ** 62n - 1n)
  })
})
