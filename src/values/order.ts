import { compareBytes } from './canonical.ts'
import type { Instant } from './instant.ts'

/** What Order looks at. `availableMs` null means: never visible. */
export interface Ordered {
  readonly eventMs: Instant
  readonly availableMs: Instant | null
  readonly id: string | null
  /** Canonical bytes of the row, asked for only where all else is equal. */
  readonly body: Uint8Array
}

const utf8 = new TextEncoder()

/** Compares text by its UTF-8 bytes, as every engine can, and not by UTF-16 units. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return compareBytes(utf8.encode(a), utf8.encode(b))
}

/** The one Order of rows: event, then available, then id, then canonical bytes. Never file or arrival order. */
export function compareOrder(a: Ordered, b: Ordered): number {
  if (a.eventMs !== b.eventMs) return a.eventMs - b.eventMs
  const availableA = a.availableMs ?? Number.POSITIVE_INFINITY
  const availableB = b.availableMs ?? Number.POSITIVE_INFINITY
  if (availableA !== availableB) return availableA < availableB ? -1 : 1
  const byId = compareText(a.id ?? '', b.id ?? '')
  return byId !== 0 ? byId : compareBytes(a.body, b.body)
}

/** When a row could first be used: the later of its event and available times; null when never. */
export function knownMs(eventMs: Instant, availableMs: Instant | null): Instant | null {
  return availableMs === null ? null : Math.max(eventMs, availableMs)
}
