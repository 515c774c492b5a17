import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { naiveStanding } from '../../aggregate/index.ts'
import { columnValue, compileExpression, type ExpressionNode, expressionType, type Row } from '../../values/index.ts'
import type { SpineFeature } from '../offline-engine.ts'
import { expectFeatures, resolvedFeature } from './expect-features.ts'
import { EngineFolder, type OpenOfflineEngine } from './harness.ts'
import { randomExpression } from './random-expression.ts'
import {
  aggregates,
  day,
  hour,
  naiveRow,
  node,
  randomRow,
  randomRows,
  randomSource,
  randomSpine,
  type SourceKind,
  spineKey,
} from './random-rows.ts'

const kinds: readonly (readonly [string, SourceKind, string])[] = [
  ['a column says when', { available: { from: 'column', column: 'published' }, ids: true }, 'rows.parquet'],
  ['a lag says when', { available: { from: 'lag', lagMs: hour }, ids: true }, 'rows.csv'],
  ['the event says when', { available: { from: 'event' }, ids: false }, 'rows.parquet'],
]

/** Laws of features as of an instant. */
export function featureLaws(open: OpenOfflineEngine): void {
  let folder: EngineFolder
  beforeEach(async () => {
    folder = await EngineFolder.open(open)
  })
  afterEach(() => folder.close())

  it.each(kinds)('equal the oracle over files with repeated ids, where %s rows are known', async (_, kind, file) => {
    const source = randomSource(kind, file)
    await fc.assert(
      fc.asyncProperty(randomRows({ repeats: kind.ids }), randomSpine, async (rows, spine) => {
        const version = await folder.history(source, rows)
        const key = spineKey(spine)
        const asOf = Float64Array.from(spine, ({ at }) => at)
        const features = aggregates.map((aggregate) => ({ ...resolvedFeature(aggregate, source), key, asOf }))
        const answers = await folder.engine.features({
          features,
          versions: { parcels: version },
          rows: spine.length,
          onOverflow: 'status',
        })
        const standing = naiveStanding(rows.map((row) => naiveRow(source, row)))
        expectFeatures(standing, source, spine, aggregates, answers)
      }),
      { numRuns: 5 },
    )
  })

  it('look at nothing that became known at or after the given instant', async () => {
    const source = randomSource({ available: { from: 'column', column: 'published' }, ids: false }, 'rows.parquet')
    await fc.assert(
      fc.asyncProperty(randomRows({ repeats: false }), randomSpine, async (rows, spine) => {
        const version = await folder.history(source, rows)
        const key = spineKey(spine)
        const asOf = Float64Array.from(spine, ({ at }) => at)
        const answers = await folder.engine.features({
          features: aggregates.map((aggregate) => ({ ...resolvedFeature(aggregate, source), key, asOf })),
          versions: { parcels: version },
          rows: spine.length,
          knownBeforeMs: 0,
          onOverflow: 'status',
        })
        const before = rows
          .map((row) => naiveRow(source, row))
          .filter(({ eventMs, availableMs }) => availableMs !== null && Math.max(eventMs, availableMs) < 0)
        expectFeatures(before, source, spine, aggregates, answers)
      }),
      { numRuns: 5 },
    )
  })

  it('refuse a sum that does not fit its type, by the name of the feature', async () => {
    const source = randomSource({ available: { from: 'event' }, ids: false }, 'rows.parquet')
    const row = { row_id: 'a', happened: 0, town: 'x', gate: 1, pieces: Number.MAX_SAFE_INTEGER }
    const version = await folder.history(source, [row, row])
    const [aggregate] = aggregates.filter((spec) => spec.function === 'sum' && spec.type === 'int')
    const feature: SpineFeature = {
      ...resolvedFeature(aggregate!, source),
      key: spineKey([{ key: ['x', 1], at: 1 }]),
      asOf: Float64Array.of(1),
    }
    await expect(
      folder.engine.features({ features: [feature], versions: { parcels: version }, rows: 1 }),
    ).rejects.toMatchObject({ code: 'sum_overflow', message: expect.stringContaining('places:feature') })
  })

  it('evaluate expressions exactly as JavaScript does', async () => {
    const source = randomSource({ available: { from: 'event' }, ids: false }, 'rows.parquet')
    const rows = fc.array(randomRow, { minLength: 1, maxLength: 20 })
    const nodes = fc.array(randomExpression, { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(rows, nodes, async (random, expressions) => {
        // Each row is an entity of its own, so that its latest value is the value of the expression.
        const numbered = random.map((row, i): Row => ({ ...row, town: `${i}`, gate: 1, happened: -day }))
        const version = await folder.history(source, numbered)
        const spine = numbered.map(({ town }) => ({ key: [town ?? null, 1], at: 30 * day }))
        const key = spineKey(spine)
        const asOf = Float64Array.from(spine, ({ at }) => at)
        const features = expressions.map((value) => ({
          ...resolvedFeature({ ...latest, value, type: expressionType(value) }, source),
          key,
          asOf,
        }))
        const answers = await folder.engine.features({ features, versions: { parcels: version }, rows: spine.length })
        expressions.forEach((expression, place) => {
          const evaluate = compileExpression(expression)
          const actual = spine.map((_, i) => columnValue(answers[place]!.values, i))
          expect(actual, JSON.stringify(expression)).toEqual(numbered.map((row) => evaluate(row)))
        })
      }),
      { numRuns: 20 },
    )
  })

  it('tell keys apart column by column, and never match a null', async () => {
    const source = randomSource({ available: { from: 'event' }, ids: false }, 'rows.parquet')
    const keys = [
      ['1', 12],
      ['11', 2],
      ['', 1],
      [null, 1],
      ['é', 1],
      ['e\u0301', 1],
    ] as const
    const version = await folder.history(
      source,
      keys.map(([town, gate], i) => ({ row_id: `${i}`, happened: 0, town, gate, pieces: i })),
    )
    const spine = keys.map((key) => ({ key, at: 1 }))
    const value: ExpressionNode = node('pieces')
    const feature: SpineFeature = {
      ...resolvedFeature({ ...latest, value, type: 'int' }, source),
      key: spineKey(spine),
      asOf: Float64Array.from(spine, ({ at }) => at),
    }
    const [answer] = await folder.engine.features({
      features: [feature],
      versions: { parcels: version },
      rows: spine.length,
    })
    expect(keys.map((_, i) => columnValue(answer!.values, i))).toEqual([0, 1, 2, null, 4, 5])
  })
}

const latest = {
  function: 'latest',
  where: null,
  windowMs: null,
  maxAgeMs: null,
  ignoreNulls: false,
} as const
