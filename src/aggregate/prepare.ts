import type { AggregateSpec, ResolvedFeature } from '../define/index.ts'
import { compileExpression, floorTo, hopMs, type Instant, type Row, type Value } from '../values/index.ts'
import { type Aggregator, aggregatorOf } from './aggregator.ts'

/** A feature made ready to take rows. */
export type PreparedFeature = PreparedTiles | PreparedLatest

/** A feature whose state is partials, one for each hop of its window. */
export interface PreparedTiles {
  readonly kind: 'tiles'
  readonly resolved: ResolvedFeature
  readonly aggregator: Aggregator
  /** Null: lifetime, one tile. */
  readonly windowMs: number | null
  /** The grain of tiles; 0 for lifetime. */
  readonly hopMs: number
  /** What a row adds; null where it adds nothing. */
  enter(row: Row): number | bigint | null
}

/** A feature whose state is the last row in Order. */
export interface PreparedLatest {
  readonly kind: 'latest'
  readonly resolved: ResolvedFeature
  readonly maxAgeMs: number | null
  /** Whether the row can be the last one at all. */
  enters(row: Row): boolean
  /** The value that the feature has if this row is the last. */
  value(row: Row): Value | null
}

/** Compiles the expressions of a feature and picks its algebra. */
export function prepareFeature(resolved: ResolvedFeature): PreparedFeature {
  const spec = resolved.feature.aggregate
  const passes = condition(spec)
  const value = spec.value === null ? () => 1 : compileExpression(spec.value)
  if (spec.function === 'latest') {
    const enters = spec.ignoreNulls ? (row: Row) => passes(row) && value(row) !== null : passes
    return { kind: 'latest', resolved, maxAgeMs: spec.maxAgeMs, enters, value }
  }
  return {
    kind: 'tiles',
    resolved,
    aggregator: aggregatorOf(spec),
    windowMs: spec.windowMs,
    hopMs: spec.windowMs === null ? 0 : hopMs(spec.windowMs),
    enter(row) {
      if (!passes(row)) return null
      const entered = value(row)
      // A count of texts takes no notice of what they say.
      return typeof entered === 'boolean' ? (entered ? 1 : 0) : typeof entered === 'string' ? 1 : entered
    },
  }
}

function condition({ where }: AggregateSpec): (row: Row) => boolean {
  if (where === null) return () => true
  const evaluate = compileExpression(where)
  return (row) => evaluate(row) === true
}

/** The start of the tile in which an event lies; a lifetime has one, at 0. */
export function tileStart({ windowMs, hopMs }: Pick<PreparedTiles, 'windowMs' | 'hopMs'>, event: Instant): Instant {
  return windowMs === null ? 0 : floorTo(event, hopMs)
}

/** The start of the first tile that counts at an instant. */
export function firstTile({ windowMs, hopMs }: Pick<PreparedTiles, 'windowMs' | 'hopMs'>, at: Instant): Instant {
  return windowMs === null ? Number.NEGATIVE_INFINITY : floorTo(at - windowMs, hopMs)
}
