import {
  decodeLatest,
  encodeLatest,
  type LatestRow,
  laterRow,
  type PreparedFeature,
  Tiles,
} from '../aggregate/index.ts'
import type { Instant, Row } from '../values/index.ts'
import { asLatest, type RawRow } from './raw-row.ts'
import { blankValue, checkSealed, doublesValue, headerBytes, readDoubles, seal } from './sealed-value.ts'

/** What is folded of one feature of one entity, while it is being changed. */
export class FeatureState {
  readonly #feature: PreparedFeature
  readonly #tiles: Tiles | null
  #latest: LatestRow | null
  #stored: boolean
  #changed = false

  /** Takes the value as it was read; null: nothing is folded yet. @throws state_damaged */
  constructor(feature: PreparedFeature, value: Uint8Array | null) {
    this.#feature = feature
    this.#stored = value !== null
    this.#tiles = feature.kind === 'tiles' ? new Tiles(feature, value === null ? undefined : readTiles(value)) : null
    this.#latest = feature.kind === 'latest' && value !== null ? readLatest(feature, value) : null
  }

  /** Folds a row into it. */
  fold(raw: RawRow, row: Row): void {
    const feature = this.#feature
    if (feature.kind === 'latest') {
      if (!feature.enters(row)) return
      const before = this.#latest
      this.#latest = laterRow(before, asLatest(raw, feature.value(row)))
      this.#changed ||= this.#latest !== before
      return
    }
    const value = feature.enter(row)
    if (value === null) return
    this.#tiles?.add(raw.eventMs, value)
    this.#changed = true
  }

  /** Drops the tiles that have left the window at an instant. */
  evict(at: Instant): void {
    if (this.#tiles?.evict(at) === true) this.#changed = true
  }

  /** What has to be written: a value, `delete`, or null where nothing changed. */
  change(): Uint8Array | 'delete' | null {
    if (!this.#changed) return null
    if (this.#feature.kind === 'latest') {
      return this.#latest === null ? null : latestValue(this.#feature, this.#latest)
    }
    const records = this.#tiles?.records() ?? new Float64Array(0)
    if (records.length === 0) return this.#stored ? 'delete' : null
    return tilesValue(records)
  }
}

/** Tiles as a value of the store. */
export function tilesValue(records: Float64Array): Uint8Array {
  return doublesValue('tiles', records)
}

/** Reads a value of tiles. @throws state_damaged */
export function readTiles(value: Uint8Array): Float64Array {
  return readDoubles('tiles', value)
}

/** The last row as a value of the store. */
export function latestValue({ resolved }: Pick<PreparedFeature, 'resolved'>, row: LatestRow): Uint8Array {
  const body = encodeLatest(resolved.feature.type, row)
  const value = blankValue('latest', body.length)
  value.set(body, headerBytes)
  return seal(value)
}

/** Reads a value of a last row. @throws state_damaged */
export function readLatest({ resolved }: Pick<PreparedFeature, 'resolved'>, value: Uint8Array): LatestRow {
  checkSealed('latest', value)
  return decodeLatest(resolved.feature.type, value.subarray(headerBytes))
}
