import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { SourceSpec } from '../../define/index.ts'
import type { Instant, Row } from '../../values/index.ts'
import type { OfflineEngine, TableFile, TableVersion } from '../offline-engine.ts'
import { csvOf, tableOf } from './random-rows.ts'

/** What the suite needs of a driver: an engine whose table versions lie under a folder. */
export type OpenOfflineEngine = (rootDir: string) => OfflineEngine

/** An engine on a folder of its own. */
export class EngineFolder {
  readonly engine: OfflineEngine
  readonly rootDir: string

  private constructor(engine: OfflineEngine, rootDir: string) {
    this.engine = engine
    this.rootDir = rootDir
  }

  static async open(open: OpenOfflineEngine): Promise<EngineFolder> {
    const rootDir = await mkdtemp(join(tmpdir(), 'offline-'))
    return new EngineFolder(open(rootDir), rootDir)
  }

  async close(): Promise<void> {
    await this.engine.close()
    await rm(this.rootDir, { recursive: true, force: true })
  }

  path(name: string): string {
    return join(this.rootDir, name)
  }

  async write(name: string, text: string): Promise<void> {
    await mkdir(dirname(this.path(name)), { recursive: true })
    await writeFile(this.path(name), text)
  }

  /** Writes rows as a history file, Parquet or CSV by its name. */
  async writeRows(source: SourceSpec, name: string, rows: readonly Row[]): Promise<void> {
    if (name.endsWith('.csv')) await this.write(name, csvOf(source.columns, rows))
    else await this.engine.writeTable(tableOf(source.columns, rows), this.path(name))
  }

  list(source: SourceSpec, cutoverMs: Instant | null = null): Promise<TableVersion> {
    return this.engine.listHistory(source, { rootDir: this.rootDir, cutoverMs })
  }

  /** Writes rows as the source's only file and pins it. */
  async history(source: SourceSpec, rows: readonly Row[], cutoverMs: Instant | null = null): Promise<TableVersion> {
    await this.writeRows(source, source.history!, rows)
    return this.list(source, cutoverMs)
  }

  /** A version with received rows added, as they are written from a log. */
  async withLog(
    version: TableVersion,
    source: SourceSpec,
    rows: readonly { readonly row: Row; readonly received: Instant; readonly available: Instant | null }[],
  ): Promise<TableVersion> {
    const path = this.path('log.parquet')
    const times = { type: 'timestamp', nullability: 'default' } as const
    const table = tableOf(
      { ...source.columns, received: times, available: times },
      rows.map(({ row, received, available }) => ({ ...row, received, available })),
    )
    await this.engine.writeTable(table, path)
    const { size, mtimeMs } = await stat(path)
    // The digests of log files are the business of who writes them; no law looks at these.
    const file: TableFile = {
      path,
      origin: 'log',
      sizeBytes: size,
      modifiedMs: Math.floor(mtimeMs),
      rows: rows.length,
      sha256: '',
    }
    return { ...version, files: [...version.files, file] }
  }
}
