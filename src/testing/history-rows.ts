import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest, SourceSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import { type OfflineEngine, tableDigest } from '../offline/index.ts'
import { columnOf, parseRow, type Table } from '../values/index.ts'

/**
 * A row of a source as a test writes it: what `POST /v1/sources/{source}/events` takes, and also `Date` for a timestamp and
 * bigint for an int64. Columns that may be null can be left out.
 */
export type SourceRow = Readonly<Record<string, boolean | number | bigint | string | Date | null>>

/** Rows of history by the name of their source. */
export type HistoryRows = Readonly<Record<string, readonly SourceRow[]>>

/**
 * Writes rows as the history of their sources.
 * @returns the manifest whose sources read them
 * @throws not_found for a source that is not declared; row_invalid naming `history.<source>[row].<column>`
 */
export async function writeHistory(
  manifest: Manifest,
  history: HistoryRows,
  engine: Pick<OfflineEngine, 'writeTable'>,
  folder: string,
): Promise<Manifest> {
  const sources: Record<string, SourceSpec> = { ...manifest.sources }
  for (const [name, rows] of Object.entries(history)) {
    const source = sources[name]
    if (source === undefined) {
      throw noonmarkError('not_found', {
        message: `There is no source '${name}'.`,
        hint: `The sources are ${Object.keys(sources).join(', ') || 'none yet'}.`,
        path: `history.${name}`,
      })
    }
    const table = tableOf(source, rows)
    // Named by what it says: a file that is pinned is never written again.
    const path = join(folder, `${name}-${tableDigest(table).slice(0, 16)}.parquet`)
    if (!existsSync(path)) await engine.writeTable(table, path)
    sources[name] = { ...source, history: path }
  }
  return { ...manifest, sources }
}

function tableOf({ name, columns }: SourceSpec, rows: readonly SourceRow[]): Table {
  const parsed = rows.map((row, index) => parseRow(columns, row, { role: 'source', path: `history.${name}[${index}]` }))
  return {
    rows: rows.length,
    columns: Object.fromEntries(
      Object.entries(columns).map(([column, { type }]) => [
        column,
        columnOf(
          type,
          parsed.map((row) => row[column] ?? null),
        ),
      ]),
    ),
  }
}
