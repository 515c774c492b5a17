import { noonmarkError } from '../errors.ts'
import type { LogName } from './stream-log.ts'

/** What a position says: a row of a log, and its stamp. */
export interface Position extends LogName {
  readonly offset: number
  readonly receivedMs: number
}

/** The opaque text of a position: safe in URLs and JSON. */
export function formatPosition(position: Position): string {
  const { project, source, offset, receivedMs } = position
  return Buffer.from(JSON.stringify([1, project, source, offset, receivedMs])).toString('base64url')
}

/**
 * Reads a position that an answer gave.
 * @throws position_invalid
 */
export function parsePosition(text: string): Position {
  const parts = parseParts(text)
  const [version, project, source, offset, receivedMs] = parts
  const sound =
    version === 1 &&
    typeof project === 'string' &&
    typeof source === 'string' &&
    isOffset(offset) &&
    Number.isSafeInteger(receivedMs)
  if (!sound || typeof receivedMs !== 'number') {
    throw noonmarkError('position_invalid', {
      message: `"${text.slice(0, 80)}" is not a position.`,
      path: 'min_position',
    })
  }
  return { project, source, offset, receivedMs }
}

/** The stamp of the row at a position: a read whose frontier lies beyond it sees the row. */
export function receivedOf(position: string): number {
  return parsePosition(position).receivedMs
}

function parseParts(text: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return Array.isArray(parts) ? parts : []
  } catch {
    return []
  }
}

function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
