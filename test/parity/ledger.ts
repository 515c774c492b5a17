import { type NaiveRow, naiveStanding } from '../../src/aggregate/index.ts'
import type { ResolvedFeature, SourceSpec } from '../../src/define/index.ts'
import {
  compileExpression,
  encodeRow,
  type Instant,
  knownMs,
  type Row,
  type Value,
  windowStart,
} from '../../src/values/index.ts'

/** Which rows of a source count, in the plainest words of the contract. What they mean is then asked of the naive oracle. */
export class Ledger {
  /** The rows that count, one per id. */
  readonly rows: NaiveRow[]
  private readonly source: SourceSpec
  private readonly cutoverMs: Instant
  private readonly historyIds: ReadonlySet<string | null>

  /** Of a file, the row of an id with the smallest known counts, if it was known before the cutover. */
  constructor(source: SourceSpec, file: readonly Row[], cutoverMs: Instant) {
    this.source = source
    this.cutoverMs = cutoverMs
    const standing = naiveStanding(file.map((row) => this.read(row, this.declared(row))))
    this.rows = standing.filter((row) => this.isKnownBeforeCutover(row))
    this.historyIds = new Set(this.rows.map(({ id }) => id))
  }

  /**
   * A received row counts from when it was received at the earliest; as declared where it is a backfill (`stampedMs` null). It does
   * not count where it repeats an id, of history or of an earlier row, nor, without ids, where it was known before the cutover.
   * @returns whether it counts
   */
  receive(row: Row, stampedMs: Instant | null): boolean {
    const declared = this.declared(row)
    const asDeclared = this.read(row, declared)
    const repeats =
      this.source.id === null
        ? this.isKnownBeforeCutover(asDeclared)
        : this.historyIds.has(asDeclared.id) || this.rows.some(({ id }) => id === asDeclared.id)
    if (repeats) return false
    const availableMs = declared === null || stampedMs === null ? declared : Math.max(declared, stampedMs)
    this.rows.push({ ...asDeclared, availableMs })
    return true
  }

  private isKnownBeforeCutover({ eventMs, availableMs }: NaiveRow): boolean {
    const known = knownMs(eventMs, availableMs)
    return known !== null && known < this.cutoverMs
  }

  /** The available time that the source declares for a row; null: never visible. */
  private declared(row: Row): Instant | null {
    const { available, eventTime } = this.source
    const event = Number(row[eventTime])
    if (available.from === 'event') return event
    if (available.from === 'lag') return event + available.lagMs
    const at = row[available.column] ?? null
    return at === null ? null : Number(at)
  }

  private read(row: Row, availableMs: Instant | null): NaiveRow {
    const { id, eventTime, columns } = this.source
    return {
      eventMs: Number(row[eventTime]),
      availableMs,
      id: id === null ? null : String(row[id]),
      row,
      body: encodeRow(columns, row),
    }
  }
}

/**
 * By how much answers may differ: floating-point sums by 1e-9 of the sum of |x| over the rows in the window, means by that divided
 * by their number, everything else not at all.
 */
export function toleranceOf(
  rows: readonly NaiveRow[],
  { feature, view }: ResolvedFeature,
  key: readonly (Value | null)[],
  at: Instant,
): number {
  const { function: name, value, where, windowMs } = feature.aggregate
  if (value === null || feature.type !== 'float' || (name !== 'sum' && name !== 'mean')) return 0
  const start = windowMs === null ? Number.NEGATIVE_INFINITY : windowStart(at, windowMs)
  const [evaluate, enters] = [compileExpression(value), where === null ? () => true : compileExpression(where)]
  const sizes = rows.flatMap(({ row, eventMs, availableMs }) => {
    const known = knownMs(eventMs, availableMs)
    const counts = known !== null && known < at && eventMs >= start && enters(row) === true
    const x = counts && view.key.every(({ source }, i) => row[source] === key[i]) ? evaluate(row) : null
    return x === null ? [] : [Math.abs(Number(x))]
  })
  const total = sizes.reduce((sum, size) => sum + size, 0)
  return (1e-9 * total) / (name === 'mean' ? Math.max(1, sizes.length) : 1)
}
