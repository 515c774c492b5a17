import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duckdbEngine } from '../../offline/drivers/duckdb.ts'
import type { OfflineEngine, TableVersion } from '../../offline/index.ts'
import { writeSource } from './duckdb-tables.ts'
import { oracleEngine, type WrittenRow } from './oracle-engine.ts'
import { landings } from './world.ts'

/** An engine to test with: the oracle, quick enough for many random cases, and DuckDB over Parquet files. */
export interface TestEngine {
  readonly name: string
  /** How many random cases it has time for. */
  readonly runs: number
  /** The engine with these rows as the table of landings. */
  open(rows: readonly WrittenRow[]): Promise<{
    readonly engine: OfflineEngine
    readonly versions: Readonly<Record<string, TableVersion>>
    /** Where tables may be written. */
    readonly folder: string
  }>
}

let opened: Promise<{ engine: OfflineEngine; folder: string }> | undefined

function duckdb(): Promise<{ engine: OfflineEngine; folder: string }> {
  opened ??= mkdtemp(join(tmpdir(), 'monitor-')).then((folder) => ({
    folder,
    engine: duckdbEngine({ tempDirectory: join(folder, 'temp'), rootDir: folder }),
  }))
  return opened
}

export const engines: readonly TestEngine[] = [
  {
    name: 'the oracle',
    runs: 100,
    open: (rows) => Promise.resolve({ ...oracleEngine([landings.spec], { landings: rows }), folder: 'nowhere' }),
  },
  {
    name: 'DuckDB',
    runs: 8,
    async open(rows) {
      const { engine, folder } = await duckdb()
      return { engine, folder, versions: { landings: await writeSource(engine, landings.spec, rows, folder) } }
    },
  },
]

/** Closes DuckDB and removes what it wrote. */
export async function closeEngines(): Promise<void> {
  if (opened === undefined) return
  const { engine, folder } = await opened
  await engine.close()
  await rm(folder, { recursive: true, force: true })
}
