import { type NoonmarkError, noonmarkError } from '../errors.ts'
import type { IdMemory, RememberedRow } from './id-memory.ts'
import { contentDigest, type DecodedRecord, idLimitBytes } from './row-record.ts'
import type { AppendRow } from './stream-log.ts'

/** What becomes of the rows of one call. */
export interface Admission {
  /** The rows to store, in order. */
  readonly accepted: readonly { readonly row: AppendRow; readonly digest: string }[]
  /** Of the rows that stood already, the last one in the log. */
  readonly latestStanding: RememberedRow | null
  /** The judgement needs the ids of every row kept, not only of those in the window. */
  readonly needsHistory: boolean
  /** Why the whole call is refused. */
  readonly refusal: Refusal | null
}

/** Makes the error of a refused call, reading the row that stood before where it must be shown. */
export type Refusal = (
  recordAt: (offset: number) => Promise<DecodedRecord>,
  describe: (body: Uint8Array) => string,
) => Promise<NoonmarkError>

/** Where the log stands before the call. */
export interface LogTime {
  /** The stamp of its last row. */
  readonly timeMs: number
  readonly firstOffset: number
}

/** Judges the rows of one call against the ids that are remembered and against each other; changes nothing. */
export function admit(rows: readonly AppendRow[], memory: IdMemory, log: LogTime): Admission {
  const accepted: { row: AppendRow; digest: string }[] = []
  const inThisCall = new Map<string, { index: number; row: AppendRow; digest: string }>()
  let latestStanding: RememberedRow | null = null
  const refuse = (refusal: Refusal): Admission => ({ accepted: [], latestStanding, needsHistory: false, refusal })
  if (rows.length === 0) {
    return refuse(async () =>
      noonmarkError('row_invalid', { message: 'There are no events in this call.', path: 'events' }),
    )
  }
  for (const [index, row] of rows.entries()) {
    const fault = faultOf(row, index)
    if (fault !== null) return refuse(async () => fault)
    const digest = contentDigest(row.content)
    if (row.id === null) {
      accepted.push({ row, digest })
      continue
    }
    const path = `events[${index}].id`
    const twin = inThisCall.get(row.id)
    if (twin !== undefined) {
      if (twin.digest === digest) continue
      return refuse(async (_, describe) =>
        conflict(row.id, path, `as events[${twin.index}]`, describe, twin.row.body, row.body),
      )
    }
    const old = memory.isTooOld(row.eventMs, log.timeMs)
    const backfilled = row.backfill === true && old
    if (backfilled && !memory.complete) return { accepted: [], latestStanding, needsHistory: true, refusal: null }
    const standing = memory.find(row.id, log, backfilled)
    if (standing !== undefined && standing.digest !== digest) {
      return refuse(async (recordAt, describe) => {
        const before = await recordAt(standing.offset)
        const when = `at ${formatInstant(standing.receivedMs)}`
        return conflict(row.id, path, when, describe, before.row.body, row.body)
      })
    }
    if (standing !== undefined) {
      if (latestStanding === null || standing.offset > latestStanding.offset) latestStanding = standing
      continue
    }
    if (old && row.backfill !== true) return refuse(async () => tooOld(row, path, memory.windowMs, log.timeMs))
    inThisCall.set(row.id, { index, row, digest })
    accepted.push({ row, digest })
  }
  return { accepted, latestStanding, needsHistory: false, refusal: null }
}

function faultOf(row: AppendRow, index: number): NoonmarkError | null {
  const path = `events[${index}]`
  if (!Number.isSafeInteger(row.eventMs) || (row.availableMs !== null && !Number.isSafeInteger(row.availableMs))) {
    return noonmarkError('row_invalid', { message: 'The times of an event are whole milliseconds.', path })
  }
  if (row.id === null || Buffer.byteLength(row.id) <= idLimitBytes) return null
  const message = `The id of an event has at most ${idLimitBytes} bytes; this one has ${Buffer.byteLength(row.id)}.`
  return noonmarkError('row_invalid', { message, path: `${path}.id` })
}

function conflict(
  id: string | null,
  path: string,
  when: string,
  describe: (body: Uint8Array) => string,
  stored: Uint8Array,
  sent: Uint8Array,
): NoonmarkError {
  const shown = (body: Uint8Array) => cut(describe(body))
  return noonmarkError('event_conflict', {
    message: `The event "${id}" was sent ${when} with other content. It is ${shown(stored)}; now sent: ${shown(sent)}.`,
    path,
  })
}

function tooOld(row: AppendRow, path: string, windowMs: number, logTimeMs: number): NoonmarkError {
  return noonmarkError('event_too_old', {
    message:
      `The event "${row.id}" happened at ${formatInstant(row.eventMs)}, before ${formatInstant(logTimeMs - windowMs)}, ` +
      'from which on this log remembers ids.',
    path,
  })
}

function cut(text: string): string {
  return text.length <= 500 ? text : `${text.slice(0, 500)}...`
}

function formatInstant(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString()
}
