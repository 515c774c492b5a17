import { createHash, randomUUID } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceSpec } from '../../define/index.ts'
import { digestJson } from '../../digest.ts'
import type { OfflineEngine, TableFile, TableVersion } from '../../offline/offline-engine.ts'
import { columnOf, type Table } from '../../values/index.ts'
import { timedRow, type WrittenRow } from './oracle-engine.ts'

/** Writes rows as the Parquet files of a source, history and log apart, and pins them. */
export async function writeSource(
  engine: OfflineEngine,
  source: SourceSpec,
  rows: readonly WrittenRow[],
  rootDir: string,
): Promise<TableVersion> {
  const name = `${source.name}-${randomUUID()}`
  const files: TableFile[] = []
  for (const origin of ['history', 'log'] as const) {
    const some = rows.filter(({ received }) => (received === null) === (origin === 'history'))
    const path = join(rootDir, `${name}-${origin}.parquet`)
    await engine.writeTable(tableOf(source, some, origin), path)
    const { size, mtimeMs } = await stat(path)
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
    files.push({ path, origin, sizeBytes: size, modifiedMs: Math.floor(mtimeMs), rows: some.length, sha256 })
  }
  return {
    source: source.name,
    digest: digestJson(files.map(({ sha256 }) => sha256)),
    files,
    // Every row counts: history lies before the cutover, and no received row has an id of history.
    cutoverMs: Date.UTC(2100, 0, 1),
    logPosition: 'end',
    listedAtMs: Date.UTC(2030, 0, 1),
  }
}

function tableOf(source: SourceSpec, rows: readonly WrittenRow[], origin: TableFile['origin']): Table {
  const columns = Object.entries(source.columns).map(([name, { type }]) => [
    name,
    columnOf(
      type,
      rows.map(({ row }) => row[name] ?? null),
    ),
  ])
  const stamps = {
    received: columnOf(
      'timestamp',
      rows.map(({ received }) => received),
    ),
    available: columnOf(
      'timestamp',
      rows.map((row) => timedRow(source, row).availableMs),
    ),
  }
  return { rows: rows.length, columns: { ...Object.fromEntries(columns), ...(origin === 'log' ? stamps : {}) } }
}
