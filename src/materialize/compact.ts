import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { SourceSpec } from '../define/index.ts'
import type { OfflineEngine, TableFile } from '../offline/index.ts'
import { formatPosition, type LogRow, parsePosition, type StreamLog } from '../stream/index.ts'
import { columnOf, decodeRow, type Row, type Table, type Value } from '../values/index.ts'

/** Which rows of a log become a file, and where. */
export interface CompactOptions {
  readonly project: string
  readonly source: SourceSpec
  readonly log: Pick<StreamLog, 'read' | 'extent'>
  readonly offline: Pick<OfflineEngine, 'writeTable'>
  /** Up to which position the rows are in files already; null for none. */
  readonly after: string | null
  /** The file to write, absolute. */
  readonly path: string
  /** The most rows of one file; 500,000 by default. */
  readonly limit?: number
}

/** The file that was written, and the position up to which rows are in files now. */
export interface Compacted {
  readonly file: TableFile
  readonly logPosition: string
}

const rowsPerRead = 10_000

/**
 * Writes rows of a log as a Parquet file of its source's table: all columns, `received`, and `available` as it counts (the
 * later of declared and received; null: never). Null where the log has no further rows.
 */
export async function compactLog(options: CompactOptions): Promise<Compacted | null> {
  const { project, source, log, offline, after, path, limit = 500_000 } = options
  const name = { project, source: source.name }
  const { firstOffset, nextOffset } = await log.extent(name)
  const from = after === null ? firstOffset : parsePosition(after).offset + 1
  const rows: LogRow[] = []
  while (rows.length < limit && from + rows.length < nextOffset) {
    const piece = await log.read(name, {
      from: from + rows.length,
      limit: Math.min(rowsPerRead, limit - rows.length, nextOffset - from - rows.length),
    })
    if (piece.length === 0) break
    rows.push(...piece)
  }
  const last = rows.at(-1)
  if (last === undefined) return null
  const written = await offline.writeTable(logTable(source, rows), path)
  const { size, mtimeMs } = await stat(path)
  const file: TableFile = {
    path,
    origin: 'log',
    sizeBytes: size,
    modifiedMs: Math.floor(mtimeMs),
    rows: written.rows,
    sha256: await fileDigest(path),
  }
  return { file, logPosition: formatPosition({ ...name, offset: last.offset, receivedMs: last.receivedMs }) }
}

/** Rows of a log as a table: the source's columns, then the times that the log knows. */
export function logTable(source: SourceSpec, rows: readonly LogRow[]): Table {
  const decoded: Row[] = rows.map(({ body }) => decodeRow(source.columns, body))
  const columns = Object.entries(source.columns).map(([column, { type }]) => {
    const values: (Value | null)[] = decoded.map((row) => row[column] ?? null)
    return [column, columnOf(type, values)] as const
  })
  return {
    rows: rows.length,
    columns: {
      ...Object.fromEntries(columns),
      received: columnOf(
        'timestamp',
        rows.map(({ receivedMs }) => receivedMs),
      ),
      available: columnOf(
        'timestamp',
        rows.map(({ availableMs }) => availableMs),
      ),
    },
  }
}

async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
