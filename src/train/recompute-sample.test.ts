// Method: random rows of every kind, features of every aggregate by the engine; the sample must agree with the whole naive
// computation, and every value that is altered must be named.
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { naiveFeature, naiveStanding } from '../aggregate/index.ts'
import { resolvedFeature } from '../offline/conformance/expect-features.ts'
import { EngineFolder } from '../offline/conformance/harness.ts'
import {
  aggregates,
  hour,
  naiveRow,
  randomRows,
  randomSource,
  randomSpine,
  type SourceKind,
  spineKey,
} from '../offline/conformance/random-rows.ts'
import { duckdbEngine } from '../offline/drivers/duckdb.ts'
import type { FeatureColumn } from '../offline/index.ts'
import { type Column, columnOf, columnValue } from '../values/index.ts'
import { recomputeSample, type StoredFeature } from './recompute-sample.ts'

const kinds: readonly (readonly [string, SourceKind])[] = [
  ['a column says when, with ids', { available: { from: 'column', column: 'published' }, ids: true }],
  ['a lag says when, without ids', { available: { from: 'lag', lagMs: hour }, ids: false }],
]

describe('a recomputed sample', () => {
  let folder: EngineFolder
  beforeAll(async () => {
    folder = await EngineFolder.open((rootDir) => duckdbEngine({ tempDirectory: join(rootDir, '.spill'), rootDir }))
  })
  afterAll(() => folder.close())

  it.each(kinds)('equals every stored value where %s, and names each that was altered', async (_, kind) => {
    const source = randomSource(kind, 'rows.parquet')
    const altered = fc.record({ feature: fc.nat(), row: fc.nat() })
    await fc.assert(
      fc.asyncProperty(randomRows({ repeats: kind.ids }), randomSpine, altered, async (rows, spine, change) => {
        const version = await folder.history(source, rows)
        const key = spineKey(spine)
        const asOf = Float64Array.from(spine, ({ at }) => at)
        const features = aggregates.map((aggregate) => ({ ...resolvedFeature(aggregate, source), key, asOf }))
        const versions = { parcels: version }
        const request = { features, versions, rows: spine.length, onOverflow: 'status' } as const
        const stored = (await folder.engine.features(request)).map(
          (column, i): StoredFeature => ({ ...features[i]!, input: `input_${i}`, stored: column }),
        )
        const sample = spine.map((_, row) => row)
        const honest = await recomputeSample(folder.engine, stored, versions, sample)
        expect(honest).toEqual({ compared: features.length * spine.length, differences: [] })

        const [place, row] = [change.feature % stored.length, change.row % spine.length]
        const wrong = stored.map((feature, i) =>
          i === place ? { ...feature, stored: alter(feature.stored, row) } : feature,
        )
        const found = await recomputeSample(folder.engine, wrong, versions, sample)
        expect(found.differences.map(({ input, row }) => [input, row])).toEqual([[`input_${place}`, row]])
        // What it says is what the naive computation gives over all rows, not only those in reach; sums of doubles depend on
        // the order of the rows, which nobody promises.
        const { function: name, type } = aggregates[place]!
        if (type === 'float' && (name === 'sum' || name === 'mean')) return
        const standing = naiveStanding(rows.map((each) => naiveRow(source, each)))
        const { value, status } = naiveFeature(standing, features[place]!, spine[row]!.key, spine[row]!.at)
        expect(found.differences[0]!.recomputed).toBe(`${value} (${status})`)
      }),
      { numRuns: 6 },
    )
  })

  it('takes no other time for what lies in the future of the sample: it is not read', async () => {
    const source = randomSource({ available: { from: 'event' }, ids: true }, 'rows.parquet')
    const version = await folder.history(
      source,
      Array.from({ length: 10 }, (_, i) => ({ row_id: `${i}`, happened: i * hour, town: 'x', gate: 1, amount: i })),
    )
    const asOf = Float64Array.of(3 * hour + 1, 5 * hour)
    const [aggregate] = aggregates.filter(({ function: name, where }) => name === 'latest' && where === null)
    const feature = {
      ...resolvedFeature(aggregate!, source),
      key: spineKey([3, 5].map((at) => ({ key: ['x', 1], at }))),
      asOf,
      input: 'last',
      stored: { values: columnOf('float', [3, 5]), statuses: Uint8Array.of(0, 0) },
    }
    const limits: (number | undefined)[] = []
    const engine: typeof folder.engine = {
      ...folder.engine,
      readSource: (spec, pinned, options) => {
        limits.push(options?.knownBeforeMs)
        return folder.engine.readSource(spec, pinned, options)
      },
    }
    const reports: [number, number][] = []
    const found = await recomputeSample(engine, [feature], { parcels: version }, [0, 1], (done, total) =>
      reports.push([done, total]),
    )
    expect(limits).toEqual([5 * hour])
    expect(found.differences).toEqual([
      {
        input: 'last',
        row: 1,
        asOf: '1970-01-01T05:00:00.000Z',
        stored: '5 (present)',
        recomputed: '4 (present)',
      },
    ])
    expect(reports).toEqual([
      [0, 2],
      [1, 2],
      [2, 2],
    ])
  })

  it('of no rows reads nothing and reports nothing', async () => {
    const reports: unknown[] = []
    const found = await recomputeSample(folder.engine, [], {}, [], (...report) => reports.push(report))
    expect(found).toEqual({ compared: 0, differences: [] })
    expect(reports).toEqual([])
  })
})

/** The same column with another value, or another status where the value is null, in one row. */
function alter({ values, statuses }: FeatureColumn, row: number): FeatureColumn {
  const value = columnValue(values, row)
  if (value === null) return { values, statuses: statuses.map((code, i) => (i === row ? (code + 1) % 7 : code)) }
  return { values: withValue(values, row, value), statuses }
}

function withValue(column: Column, row: number, value: NonNullable<ReturnType<typeof columnValue>>): Column {
  if (column.type === 'string') return { ...column, codes: column.codes.with(row, -1) }
  if (column.type === 'int64') return { ...column, values: column.values.with(row, BigInt(value) ^ 1n) }
  // Beyond every tolerance, which grows with the values in the window.
  const other = column.type === 'bool' ? 1 - Number(value) : 1e30
  return { type: column.type, values: column.values.with(row, other) }
}
