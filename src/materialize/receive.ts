import type { SourceSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import type { EntityGroup } from '../online/index.ts'
import type { AppendRow, LogRow } from '../stream/index.ts'
import { encodeEntityKey, encodeRow, type Instant, knownMs, parseRow, type Row, type Schema } from '../values/index.ts'

/** What of a received row decides whether it counts. */
export interface DeclaredRow {
  readonly id: string | null
  readonly eventMs: Instant
  /** When it was known, by what the source declares; null: never. */
  readonly declaredKnownMs: Instant | null
}

/**
 * Reads JSON rows of a source and makes them ready for its log.
 * @throws row_invalid, instant_invalid, key_invalid naming `events[i].field`
 */
export function receiveRows(
  source: SourceSpec,
  groups: readonly EntityGroup[],
  events: readonly unknown[],
  backfill = false,
): AppendRow[] {
  const content = contentSchema(source)
  return events.map((event, i) => {
    const path = `events[${i}]`
    const row = parseRow(source.columns, event, { role: 'source', path })
    checkKeys(groups, row, path)
    return {
      id: source.id === null ? null : String(row[source.id]),
      eventMs: Number(row[source.eventTime]), // a timestamp that the schema requires
      availableMs: declaredAvailable(source, row),
      content: encodeRow(content, row),
      body: encodeRow(source.columns, row),
      ...(backfill ? { backfill } : {}),
    }
  })
}

/** The available time that a source declares for a row; null: the row is never visible. */
export function declaredAvailable(source: SourceSpec, row: Row): Instant | null {
  const event = Number(row[source.eventTime])
  if (source.available.from === 'event') return event
  if (source.available.from === 'lag') return event + source.available.lagMs
  const available = row[source.available.column] ?? null
  return available === null ? null : Number(available)
}

/** What decides whether a row of the log counts. */
export function declaredRow({ id, eventMs, declaredAvailableMs }: LogRow): DeclaredRow {
  return { id, eventMs, declaredKnownMs: knownMs(eventMs, declaredAvailableMs) }
}

/** All columns but the available time: two rows of one id are the same if these are. */
function contentSchema({ columns, available }: SourceSpec): Schema {
  if (available.from !== 'column') return columns
  const { [available.column]: _, ...content } = columns
  return content
}

function checkKeys(groups: readonly EntityGroup[], row: Row, path: string): void {
  for (const { columns, types } of groups) {
    try {
      encodeEntityKey(
        types,
        columns.map((column) => row[column] ?? null),
      )
    } catch (cause) {
      const field = `${path}.${columns[0]}`
      throw noonmarkError('key_invalid', { message: `${field}: the entity key is too long.`, path: field, cause })
    }
  }
}
