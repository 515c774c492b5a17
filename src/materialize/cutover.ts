import type { SourceSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import type { OnlineStore, SourceState, StateKeys } from '../online/index.ts'
import { formatInstant } from '../values/index.ts'
import type { DeclaredRow } from './receive.ts'

/**
 * Which of some received rows repeat what history has: those that were known before the cutover, by what is declared, and
 * those whose id is in history. Of a source without ids nobody can tell, so that its rows from before the cutover are
 * taken for repeats: no row counts twice.
 * @returns one answer a row, in their order
 */
export async function repeatsHistory(
  store: OnlineStore,
  keys: StateKeys,
  source: SourceSpec,
  { cutoverMs }: Pick<SourceState, 'cutoverMs'>,
  rows: readonly DeclaredRow[],
): Promise<boolean[]> {
  // A row of history happened before the cutover, and a repeat has the event time of the row that it repeats.
  const early = rows.filter(({ eventMs }) => cutoverMs !== null && eventMs < cutoverMs)
  if (cutoverMs === null || early.length === 0) return rows.map(() => false)
  const withId = early.filter(({ id }) => id !== null)
  const { values } = await store.read({
    gets: withId.map(({ id }) => keys.historyId(source.name, id ?? '')),
    ranges: [],
  })
  const inHistory = new Set(withId.filter((_, i) => values[i] !== null))
  return rows.map((row) => {
    if (row.eventMs >= cutoverMs) return false
    if (row.id !== null) return inHistory.has(row)
    return row.declaredKnownMs !== null && row.declaredKnownMs < cutoverMs
  })
}

/**
 * Refuses rows that happened before the ids of history are remembered: they could repeat a row of it.
 * @throws event_too_old
 */
export function checkRemembered(
  source: SourceSpec,
  { historyIdsFromMs }: Pick<SourceState, 'historyIdsFromMs'>,
  rows: readonly DeclaredRow[],
): void {
  if (historyIdsFromMs === null || source.id === null) return
  for (const [i, { eventMs }] of rows.entries()) {
    if (eventMs >= historyIdsFromMs) continue
    throw noonmarkError('event_too_old', {
      message:
        `events[${i}] happened at ${formatInstant(eventMs)}, and of the history of ${source.name} the ids are remembered ` +
        `from ${formatInstant(historyIdsFromMs)} on.`,
      hint: 'Add it to the files of the history before the first materialization, or declare a longer deduplication window.',
      path: `events[${i}].${source.eventTime}`,
    })
  }
}
