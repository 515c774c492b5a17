// Goal: any split of rows into partials, merged in any order, gives what the oracle gives. Method: random rows and instants.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  keysOf,
  naiveRow,
  randomFeatures,
  randomInstant,
  randomRow,
  randomSource,
  sameValue,
  scaleOf,
} from '../../test/parity/random-source.ts'
import { columnOf, type Table, type Value } from '../values/index.ts'
import { enteringColumn } from './columns.ts'
import {
  decodeLatest,
  encodeLatest,
  type FeatureValue,
  finalizeLatest,
  firstTile,
  type LatestRow,
  laterRow,
  latestColumn,
  mergeTiles,
  type NaiveRow,
  naiveFeature,
  type PreparedFeature,
  prepareFeature,
  Tiles,
} from './index.ts'

const options = { id: false, available: 'event' } as const
const { spec } = randomSource(options)
const features = randomFeatures(options).filter(({ view }) => view.name === 'by_origin')

/** The feature over rows dealt to several partial states, merged from the last to the first. */
function overParts(prepared: PreparedFeature, parts: readonly (readonly NaiveRow[])[], at: number): FeatureValue {
  if (prepared.kind === 'latest') {
    const { type } = prepared.resolved.feature
    let last: LatestRow | null = null
    for (const part of parts.toReversed()) {
      let latest: LatestRow | null = null
      for (const { row, eventMs, availableMs, id, body } of part) {
        if (!prepared.enters(row) || availableMs === null) continue
        latest = laterRow(latest, { eventMs, availableMs, id, body, value: prepared.value(row) })
      }
      if (latest !== null) last = laterRow(last, decodeLatest(type, encodeLatest(type, latest)))
    }
    return finalizeLatest(prepared, last, at)
  }
  const { aggregator } = prepared
  const merged = new Tiles(prepared)
  for (const part of parts.toReversed()) {
    const tiles = new Tiles(prepared)
    for (const { row, eventMs } of part) {
      const value = prepared.enter(row)
      if (value !== null) tiles.add(eventMs, value)
    }
    merged.merge(tiles.records())
  }
  merged.evict(at)
  const partial = new Float64Array(aggregator.width)
  aggregator.clear(partial, 0)
  mergeTiles(aggregator, partial, merged.records(), firstTile(prepared, at))
  return aggregator.finalize(partial, 0)
}

describe('the algebra of aggregates', () => {
  it('gives what the oracle gives, however rows are dealt to partials and in whatever order these merge', () => {
    const dealt = fc.array(fc.tuple(randomRow(), fc.integer({ min: 0, max: 3 })), { maxLength: 40 })
    fc.assert(
      fc.property(dealt, randomInstant(), (rows, at) => {
        const all = rows
          .map(([row, part]) => ({ part, ...naiveRow(spec, { ...row, origin: 'SFO' }) }))
          .filter(({ eventMs }) => eventMs < at)
        fc.pre(all.length > 0)
        const parts = [0, 1, 2, 3].map((part) => all.filter((row) => row.part === part))
        for (const feature of features) {
          const expected = naiveFeature(all, feature, ['SFO'], at)
          const found = overParts(prepareFeature(feature), parts, at)
          expect(found.status, feature.feature.name).toBe(expected.status)
          const same = sameValue(found.value, expected.value, feature, scaleOf(all, feature, at))
          expect(same, `${feature.feature.name}: ${found.value} is not ${expected.value}`).toBe(true)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('enters the same values row by row and column by column', () => {
    fc.assert(
      fc.property(fc.array(randomRow(), { maxLength: 30 }), (rows) => {
        const columns = Object.entries(spec.columns).map(([name, { type }]) => {
          return [
            name,
            columnOf(
              type,
              rows.map((row) => row[name] ?? null),
            ),
          ] as const
        })
        const table: Table = { rows: rows.length, columns: Object.fromEntries(columns) }
        for (const feature of features) {
          const prepared = prepareFeature(feature)
          const byRow: unknown[] = []
          const byColumn: unknown[] = []
          if (prepared.kind === 'latest') {
            const { enters, value } = latestColumn(feature.feature.aggregate, table)
            rows.forEach((row, i) => {
              byRow.push(prepared.enters(row) ? prepared.value(row) : 'no')
              byColumn.push(enters(i) ? value(i) : 'no')
            })
          } else {
            const entering = enteringColumn(feature.feature.aggregate, table)
            rows.forEach((row, i) => {
              byRow.push(
                feature.feature.aggregate.function === 'count' ? prepared.enter(row) !== null : prepared.enter(row),
              )
              const value: Value | null =
                entering.kind === 'int64'
                  ? entering.enters[i] === 1
                    ? entering.values[i]!
                    : null
                  : Number.isNaN(entering.values[i]!)
                    ? null
                    : entering.values[i]!
              byColumn.push(feature.feature.aggregate.function === 'count' ? value !== null : value)
            })
          }
          expect(byColumn, feature.feature.name).toEqual(byRow)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('knows an entity never seen and a key with a null', () => {
    for (const feature of features) {
      const counts = feature.feature.aggregate.function === 'count'
      expect(naiveFeature([], feature, ['SFO'], 0)).toEqual(
        counts ? { value: 0, status: 'present' } : { value: null, status: 'not_found' },
      )
      expect(naiveFeature([], feature, [null], 0)).toEqual({ value: null, status: 'not_found' })
      expect(keysOf(feature).length).toBeGreaterThan(0)
    }
  })
})
