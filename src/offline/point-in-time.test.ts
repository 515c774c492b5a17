import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NaiveRow } from '../aggregate/index.ts'
import type { AggregateSpec, SourceSpec } from '../define/index.ts'
import {
  columnOf,
  columnValue,
  compileExpression,
  expressionType,
  knownMs,
  type Row,
  statuses,
  windowStart,
} from '../values/index.ts'
import { expectFeatures } from './conformance/expect-features.ts'
import {
  aggregates,
  hour,
  naiveRow,
  node,
  randomRows,
  randomSource,
  randomSpine,
  type SourceKind,
  spineKey,
} from './conformance/random-rows.ts'
import { type PointInTimeRows, pointInTime } from './point-in-time.ts'
import { rankTies } from './tie-ranks.ts'

const utf8 = new TextEncoder()

/** Rows in typed arrays, as an engine would read them. */
function columns(rows: readonly NaiveRow[]): PointInTimeRows {
  const numbers = (read: (row: NaiveRow) => number | null) => Float64Array.from(rows, (row) => read(row) ?? Number.NaN)
  const column = (type: 'string' | 'int', name: string) =>
    columnOf(
      type,
      rows.map(({ row }) => row[name] ?? null),
    )
  return {
    source: {
      rows: rows.length,
      event: numbers(({ eventMs }) => eventMs),
      available: numbers(({ availableMs }) => availableMs),
      known: numbers(({ eventMs, availableMs }) => knownMs(eventMs, availableMs)),
      counted: null,
    },
    key: [column('string', 'town'), column('int', 'gate')],
    values: (expression) => {
      const evaluate = compileExpression(expression)
      return columnOf(
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

const kinds: readonly (readonly [string, SourceKind])[] = [
  ['rows become known after a fixed lag', { available: { from: 'lag', lagMs: hour }, ids: true }],
  [
    'every row becomes known when it likes, or never',
    { available: { from: 'column', column: 'published' }, ids: true },
  ],
  [
    'Order is decided by the canonical bytes of rows',
    { available: { from: 'column', column: 'published' }, ids: false },
  ],
]

describe('features as of an instant', () => {
  it.each(kinds)('equal the oracle when %s', async (_, kind) => {
    const source = randomSource(kind)
    await fc.assert(
      fc.asyncProperty(randomRows({ repeats: false }), randomSpine, async (random, spine) => {
        const rows = random.map((row) => naiveRow(source, row))
        const shared = { key: spineKey(spine), asOf: Float64Array.from(spine, ({ at }) => at) }
        const asks = aggregates.map((aggregate) => ({ aggregate, spine: shared }))
        expectFeatures(rows, source, spine, aggregates, await pointInTime(columns(rows), asks))
      }),
      { numRuns: 25 },
    )
  })

  const source: SourceSpec = randomSource({ available: { from: 'event' }, ids: false })
  const plain = { where: null, windowMs: null, maxAgeMs: null, ignoreNulls: false } as const
  const rowAt = (happened: number, values: Row) => naiveRow(source, { happened, town: 'x', gate: 1, ...values })
  const spineAt = (...asOf: number[]) => ({
    key: spineKey(asOf.map((at) => ({ key: ['x', 1], at }))),
    asOf: Float64Array.from(asOf),
  })

  it.each([
    ['in the order in which they came', []],
    ['in another order', [{ ...rowAt(2 * hour, { amount: 0.1 }), availableMs: 4 * hour }]],
  ])('keep their precision when a huge value has left the window, rows leaving %s', async (_, late) => {
    const small = Array.from({ length: 100 }, (_, i) => rowAt(2 * hour + i * 60_000, { amount: 0.1 }))
    const rows = [rowAt(0, { amount: 1e300 }), ...small, ...late]
    const aggregate: AggregateSpec = {
      ...plain,
      function: 'sum',
      value: node('amount'),
      type: 'float',
      windowMs: 3 * hour,
    }
    const spine = spineAt(hour, 4 * hour + 1)
    const [answer] = await pointInTime(columns(rows), [{ aggregate, spine }])
    expect(columnValue(answer!.values, 0)).toBe(1e300)
    expect(columnValue(answer!.values, 1)).toBeCloseTo(0.1 * (rows.length - 1), 9)
  })

  it('sum 64-bit integers exactly however far the running sum strays', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => rowAt(i * hour, { units: 2n ** 62n - BigInt(i % 2) }))
    const at = 3000 * hour
    const aggregate: AggregateSpec = { ...plain, function: 'sum', value: node('units'), type: 'int64', windowMs: hour }
    const lifetime = { ...aggregate, windowMs: null }
    const spine = spineAt(at - hour, at)
    const [answer, all] = await pointInTime(columns(rows), [
      { aggregate, spine },
      { aggregate: lifetime, spine },
    ])
    expect([0, 1].map((i) => statuses[answer!.statuses[i]!])).toEqual(['present', 'present'])
    expect(columnValue(answer!.values, 1)).toBe(2n ** 62n - 1n)
    expect(statuses[all!.statuses[1]!]).toBe('overflow')
  })

  it('are the same over long histories, where sorting is by radix', async () => {
    let seed = 7
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      return seed % below
    }
    const rows = Array.from({ length: 12_000 }, (_, i) => ({
      ...rowAt((random(400_000) - 200_000) * 1000, { amount: random(100), gate: random(3) }),
      availableMs: (random(400_000) - 200_000) * 1000,
      id: `${i}`,
    }))
    const spine = Array.from({ length: 9000 }, () => ({
      key: ['x', random(4)],
      at: (random(400_000) - 200_000) * 1000,
    }))
    const ask = { key: spineKey(spine), asOf: Float64Array.from(spine, ({ at }) => at) }
    const counts: AggregateSpec[] = [13 * hour, null].map((windowMs) => ({
      ...plain,
      function: 'count',
      value: null,
      type: 'int',
      windowMs,
    }))
    const answers = await pointInTime(
      columns(rows),
      counts.map((aggregate) => ({ aggregate, spine: ask })),
    )
    for (const [place, windowMs] of [13 * hour, null].entries()) {
      for (let i = 0; i < spine.length; i += 300) {
        const { key, at } = spine[i]!
        const start = windowMs === null ? Number.NEGATIVE_INFINITY : windowStart(at, windowMs)
        const expected = rows.filter(
          ({ row, eventMs, availableMs }) =>
            row.gate === key[1] && Math.max(eventMs, availableMs) < at && eventMs >= start,
        ).length
        expect(columnValue(answers[place]!.values, i)).toBe(expected)
      }
    }
  })
})
