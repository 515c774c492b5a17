import { expect } from 'vitest'
import { parsePosition } from './position.ts'
import { type AppendRow, beginningMs, type LogRow } from './stream-log.ts'

/** A row as it is drawn at random. */
export interface ModelRow {
  readonly id: string | null
  readonly word: string
  readonly eventAgoMs: number
  readonly availableMs: number | null
  readonly backfill: boolean
}

/** What a log must do, said with one array and no care for speed: the oracle of the conformance suite. */
export interface LogModel {
  readonly rows: (Omit<LogRow, 'name' | 'body'> & { readonly body: string })[]
  frontierMs: number
  /** Of the rows that the log still keeps; what is gone is forgotten. */
  firstOffset: number
  readonly lastReceivedMs: number
  rowOf(drawn: ModelRow, nowMs: number): AppendRow
  /** Checks the answer to a call, or the error, and takes the call over. */
  check(rows: readonly AppendRow[], answer: unknown, nowMs: number, ceilingMs: number): void
}

/** An empty model of a log that remembers ids for this long. */
export function modelLog(windowMs: number): LogModel {
  const contents: string[] = []
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  const model: LogModel = {
    rows: [],
    frontierMs: beginningMs,
    firstOffset: 0,
    get lastReceivedMs() {
      return model.rows.at(-1)?.receivedMs ?? beginningMs
    },
    rowOf({ id, word, eventAgoMs, availableMs, backfill }, nowMs) {
      // A repeat has the event time of what it repeats; only a wrong one differs.
      const standing = model.rows.findLast((row) => row.id !== null && row.id === id)
      const eventMs = standing !== undefined && word === 'x' ? standing.eventMs : nowMs - eventAgoMs
      const content = new TextEncoder().encode(`${id} ${word} ${eventMs}`)
      return { id, eventMs, availableMs, backfill, content, body: content }
    },
    check(rows, answer, nowMs, ceilingMs) {
      const horizonMs = model.rows.length === 0 ? Number.NEGATIVE_INFINITY : model.lastReceivedMs - windowMs
      const accepted: AppendRow[] = []
      let lastStanding = -1
      for (const [index, row] of rows.entries()) {
        const old = row.eventMs < horizonMs
        const twin = accepted.find((before) => before.id !== null && before.id === row.id)
        const standing = model.rows.findLast(
          (known) =>
            known.offset >= model.firstOffset &&
            known.id !== null &&
            known.id === row.id &&
            ((old && row.backfill === true) || Math.max(known.receivedMs, known.eventMs) >= horizonMs),
        )
        const before =
          twin === undefined ? (standing === undefined ? null : contents[standing.offset]) : text(twin.content)
        if (before !== null && before !== text(row.content)) {
          expect(answer).toMatchObject({ code: 'event_conflict', path: `events[${index}].id` })
          return
        }
        if (before !== null) {
          if (twin === undefined) lastStanding = Math.max(lastStanding, standing?.offset ?? -1)
          continue
        }
        if (row.id !== null && old && row.backfill !== true) {
          expect(answer).toMatchObject({ code: 'event_too_old', path: `events[${index}].id` })
          return
        }
        accepted.push(row)
      }
      expect(answer).toMatchObject({ accepted: accepted.length, duplicates: rows.length - accepted.length })
      const { position, receivedMs } = answer as { position: string; receivedMs: number } // matched just above
      const offset = accepted.length > 0 ? model.rows.length + accepted.length - 1 : lastStanding
      expect(parsePosition(position)).toMatchObject({ offset, receivedMs })
      if (accepted.length > 0) {
        expect(receivedMs).toBeGreaterThanOrEqual(Math.max(nowMs, model.lastReceivedMs, model.frontierMs))
        expect(receivedMs).toBeLessThanOrEqual(ceilingMs)
      }
      for (const { id, eventMs, availableMs: declared, backfill, content, body } of accepted) {
        const availableMs = declared === null || backfill === true ? declared : Math.max(declared, receivedMs)
        const stamp = { offset: model.rows.length, receivedMs, declaredAvailableMs: declared, availableMs }
        contents.push(text(content))
        model.rows.push({ ...stamp, id, eventMs, backfill: backfill === true, body: text(body) })
      }
    },
  }
  return model
}
