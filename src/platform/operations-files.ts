import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SourceSpec } from '../define/index.ts'
import { duckdbEngine } from '../offline/drivers/duckdb.ts'
import type { FileProfile, OfflineEngine } from '../offline/index.ts'
import { jsonRow, tableRow } from '../values/index.ts'

/** An engine for a file that somebody named: it needs no project. */
export function openFileEngine(): OfflineEngine {
  return duckdbEngine({
    rootDir: '/',
    memoryLimitMb: 1024,
    threads: 2,
    tempDirectory: join(tmpdir(), `noonmark-${process.pid}`),
  })
}

/** The rows of a Parquet or CSV file as events of a source, in batches. */
export async function* fileEvents(file: string, source: SourceSpec, batchRows: number): AsyncGenerator<unknown[]> {
  const engine = openFileEngine()
  try {
    const version = await engine.listHistory({ ...source, history: file }, { rootDir: '/', cutoverMs: null })
    const table = await engine.readSource(source, version)
    for (let from = 0; from < table.rows; from += batchRows) {
      const rows = Array.from({ length: Math.min(batchRows, table.rows - from) }, (_, i) => tableRow(table, from + i))
      yield rows.map((row) => jsonRow(source.columns, row))
    }
  } finally {
    await engine.close()
  }
}

/** What a CSV, JSON lines or Parquet file holds. @throws source_file_missing, source_file_unreadable */
export async function profileOf(file: string): Promise<FileProfile> {
  const { profileFile } = await import('../offline/drivers/duckdb-profile.ts')
  const { FileKnowledge } = await import('../offline/drivers/duckdb-files.ts')
  return profileFile(new FileKnowledge(), file)
}

/** Writes a file again as Parquet or CSV, by its name, with other names for its columns. */
export async function rewrite(file: string, to: string, renamed: ReadonlyMap<string, string>): Promise<void> {
  const { rewriteFile } = await import('../offline/drivers/duckdb-profile.ts')
  await rewriteFile(file, to, renamed)
}
