import { hash } from 'node:crypto'
import { noonmarkError } from '../errors.ts'
import type { AppendRow, LogRow } from './stream-log.ts'

/**
 * A row as a record of the log (little endian; instants are int64 milliseconds):
 * version (1 byte), flags (1: has an id, 2: backfill, 4: has a declared available time), received (8), event (8), available (8),
 * name (26, ASCII), SHA-256 of the content (32), length of the id (2), id (UTF-8), body.
 */
export const recordVersion = 1

/** What the segments of a stream log say that they hold. */
export const recordKind = 'stream'

/** The longest id that a row may have, in bytes of UTF-8. */
export const idLimitBytes = 200

const fixedBytes = 86

/** A record as read: the row, and the digest of its content as 32 characters of one byte each. */
export interface DecodedRecord {
  readonly row: LogRow
  readonly digest: string
}

/** The SHA-256 of a row's content as 32 characters of one byte each, which is the least that memory can keep of it. */
export function contentDigest(content: Uint8Array): string {
  return hash('sha256', content, 'binary')
}

/** The bytes of a record. */
export function encodeRecord(row: AppendRow, stamp: { receivedMs: number; name: string; digest: string }): Uint8Array {
  const idBytes = row.id === null ? 0 : Buffer.byteLength(row.id)
  const bytes = Buffer.allocUnsafe(fixedBytes + idBytes + row.body.length)
  bytes[0] = recordVersion
  bytes[1] = (row.id === null ? 0 : 1) + (row.backfill === true ? 2 : 0) + (row.availableMs === null ? 0 : 4)
  bytes.writeBigInt64LE(BigInt(stamp.receivedMs), 2)
  bytes.writeBigInt64LE(BigInt(row.eventMs), 10)
  bytes.writeBigInt64LE(BigInt(row.availableMs ?? 0), 18)
  bytes.write(stamp.name, 26, 26, 'latin1')
  bytes.write(stamp.digest, 52, 32, 'latin1')
  bytes.writeUInt16LE(idBytes, 84)
  if (row.id !== null) bytes.write(row.id, fixedBytes)
  bytes.set(row.body, fixedBytes + idBytes)
  return bytes
}

/** Reads a record; its body is a view of the bytes given. */
export function decodeRecord(payload: Uint8Array, offset: number): DecodedRecord {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const version = bytes[0] ?? 0
  if (version !== recordVersion) {
    throw noonmarkError('store_newer', {
      message: `Row ${offset} of a log has record version ${version}; this release reads version ${recordVersion}.`,
    })
  }
  const flags = bytes[1] ?? 0
  const receivedMs = Number(bytes.readBigInt64LE(2))
  const declaredAvailableMs = (flags & 4) === 0 ? null : Number(bytes.readBigInt64LE(18))
  const backfill = (flags & 2) !== 0
  const bodyAt = fixedBytes + bytes.readUInt16LE(84)
  return {
    row: {
      offset,
      name: bytes.toString('latin1', 26, 52),
      id: (flags & 1) === 0 ? null : bytes.toString('utf8', fixedBytes, bodyAt),
      eventMs: Number(bytes.readBigInt64LE(10)),
      receivedMs,
      declaredAvailableMs,
      availableMs:
        declaredAvailableMs === null || backfill ? declaredAvailableMs : Math.max(declaredAvailableMs, receivedMs),
      backfill,
      body: bytes.subarray(bodyAt),
    },
    digest: bytes.toString('latin1', 52, 84),
  }
}
