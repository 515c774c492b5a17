import { mkdirSync } from 'node:fs'
import type { DuckDBInstance } from '@duckdb/node-api'
import type { OfflineEngine } from '../offline-engine.ts'
import type { DuckdbSession } from './duckdb-work.ts'

/** How much of the machine DuckDB may take, and where it works. */
export interface DuckdbEngineOptions {
  /** Default 1024. */
  readonly memoryLimitMb?: number
  /** Default 2. */
  readonly threads?: number
  /** Where DuckDB puts what does not fit into memory. */
  readonly tempDirectory: string
  /** The folder to which the paths of table versions are relative. */
  readonly rootDir: string
}

/**
 * An offline engine on DuckDB within this process, in memory over Parquet and CSV. The library is loaded with the first
 * piece of work.
 */
export function duckdbEngine(options: DuckdbEngineOptions): OfflineEngine {
  const { memoryLimitMb = 1024, threads = 2, tempDirectory, rootDir } = options
  let instance: Promise<DuckDBInstance> | undefined
  let knowledge: DuckdbSession['knowledge'] | undefined
  let decided: DuckdbSession['decided'] | undefined

  type Work = typeof import('./duckdb-work.ts')

  const start = async ({ DuckDBInstance }: Work): Promise<DuckDBInstance> => {
    mkdirSync(tempDirectory, { recursive: true })
    return DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryLimitMb}MB`,
      threads: String(threads),
      temp_directory: tempDirectory,
      preserve_insertion_order: 'true', // columns that are read at different times belong together by their order
    })
  }

  /** Each piece of work has its own connection: a result that is still being read is never cut off by another query. */
  const connected = async <T>(run: (work: Work, session: DuckdbSession) => Promise<T>): Promise<T> => {
    const work = await import('./duckdb-work.ts')
    instance ??= start(work)
    knowledge ??= new work.FileKnowledge()
    decided ??= new work.DecidedRows(memoryLimitMb / 8)
    const connection = await (await instance).connect()
    try {
      return await run(work, { connection, knowledge, decided, rootDir })
    } finally {
      connection.closeSync()
    }
  }

  return {
    name: 'duckdb',
    listHistory: (source, listing) =>
      connected((work, { connection, knowledge: files }) => work.listHistory(connection, files, source, listing)),
    readSource: (source, version, reading = {}) =>
      connected((work, session) => work.readSource(session, source, version, reading)),
    readMoments: (moment, source, version, range) =>
      connected((work, session) => work.readMoments(session, moment, source, version, range)),
    features: (request) => connected((work, session) => work.features(session, request)),
    outcomes: (request) => connected((work, session) => work.outcomes(session, request)),
    writeTable: (table, path) => connected((work, { connection }) => work.writeTable(connection, table, path)),
    readTable: (path, columns) => connected((work, { connection }) => work.readTable(connection, path, columns)),
    async close() {
      const opened = await instance
      instance = undefined
      opened?.closeSync()
    },
  }
}
