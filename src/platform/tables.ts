import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Manifest, SourceSpec } from '../define/index.ts'
import { digestJson } from '../digest.ts'
import { isNoonmarkError, noonmarkError } from '../errors.ts'
import { compactLog } from '../materialize/index.ts'
import { defineRecord, type MetadataStore, putRecord } from '../metadata/index.ts'
import type { OfflineEngine, TableFile, TableVersion } from '../offline/index.ts'
import type { LogReader } from '../stream/index.ts'
import type { Instant } from '../values/index.ts'

/** What is kept of a source's table: where its history ends, and the files made of received rows. */
export interface SourceTableRecord {
  readonly source: string
  /** Recorded by the first materialization; null before it. */
  readonly cutoverMs: Instant | null
  /** The history as it was pinned at the cutover. */
  readonly history: TableVersion | null
  readonly logFiles: readonly TableFile[]
  /** Rows of the log up to here are in `logFiles`. */
  readonly logPosition: string | null
}

/** Tables of sources in the metadata store, by source. */
export const sourceTableRecord = defineRecord<SourceTableRecord>({ kind: 'source_table', version: 1, indexes: [] })

const blank = (source: string): SourceTableRecord => ({
  source,
  cutoverMs: null,
  history: null,
  logFiles: [],
  logPosition: null,
})

/** What the tables of a project need. */
export interface TablesOptions {
  readonly project: string
  readonly rootDir: string
  readonly folder: string
  readonly metadata: MetadataStore
  readonly engine: OfflineEngine
  readonly log: () => LogReader
  readonly now: () => Instant
}

/** The tables of a project's sources: pinned histories, and received rows made into Parquet. */
export interface Tables {
  /** Pins the tables of sources as they are now; received rows are first written out. */
  pin(manifest: Manifest, sources: readonly string[]): Promise<Readonly<Record<string, TableVersion>>>
  record(source: string): Promise<SourceTableRecord>
  /** Records where history ends, once; returns the table as it was pinned. */
  cutOver(source: SourceSpec, atMs: Instant): Promise<TableVersion>
}

/** Opens the tables of a project. */
export function openTables(options: TablesOptions): Tables {
  const { project, rootDir, folder, metadata, engine } = options

  const record = async (source: string): Promise<SourceTableRecord> =>
    (await metadata.get(sourceTableRecord, { project, id: source }))?.body ?? blank(source)

  /** Writes received rows that are in no file yet into one, and records it unless another process was first. */
  async function compact(source: SourceSpec): Promise<SourceTableRecord> {
    for (;;) {
      const stored = await metadata.get(sourceTableRecord, { project, id: source.name })
      const before = stored?.body ?? blank(source.name)
      const made = await compactLog({
        project,
        source,
        log: logOf(options.log()),
        offline: engine,
        after: before.logPosition,
        path: join(
          folder,
          source.name,
          `log-${String(before.logFiles.length).padStart(6, '0')}-${randomUUID().slice(0, 8)}.parquet`,
        ),
      })
      if (made === null) return before
      // Relative, so that a project's folder may be moved.
      const file = { ...made.file, path: relative(rootDir, made.file.path) }
      const body = { ...before, logFiles: [...before.logFiles, file], logPosition: made.logPosition }
      const change = { project, id: source.name, body, expectedRevision: stored?.revision ?? 0 }
      try {
        await metadata.write([putRecord(sourceTableRecord, change)])
      } catch (error) {
        if (!isNoonmarkError(error) || error.code !== 'record_conflict') throw error
        // Another process wrote these rows out first: its file counts, and this one is no part of the table.
        await rm(made.file.path, { force: true })
      }
    }
  }

  const versionOf = (history: TableVersion, { logFiles, logPosition, cutoverMs }: SourceTableRecord): TableVersion => {
    const files = [...history.files, ...logFiles]
    return {
      source: history.source,
      files,
      cutoverMs,
      logPosition,
      listedAtMs: history.listedAtMs,
      digest: digestJson({
        files: files.map(({ sha256, origin, rows }) => ({ sha256, origin, rows })),
        cutoverMs,
        logPosition,
      }),
    }
  }

  const emptyHistory = (source: string): TableVersion => ({
    source,
    digest: digestJson([]),
    files: [],
    cutoverMs: null,
    logPosition: null,
    listedAtMs: options.now(),
  })

  return {
    record,

    async pin(manifest, sources) {
      const versions: Record<string, TableVersion> = {}
      for (const name of sources) {
        const source = manifest.sources[name]
        if (source === undefined) throw noonmarkError('not_found', { message: `There is no source ${name}.` })
        const table = await compact(source)
        const history =
          table.history ??
          (source.history === null
            ? emptyHistory(name)
            : await engine.listHistory(source, { rootDir, cutoverMs: table.cutoverMs }))
        versions[name] = versionOf(history, table)
      }
      return versions
    },

    async cutOver(source, atMs) {
      const before = await record(source.name)
      if (before.history !== null) return versionOf(before.history, before)
      const history =
        source.history === null
          ? emptyHistory(source.name)
          : await engine.listHistory(source, { rootDir, cutoverMs: atMs })
      const after: SourceTableRecord = { ...before, cutoverMs: atMs, history: { ...history, cutoverMs: atMs } }
      await metadata.transaction(async (transaction) => {
        const stored = await transaction.get(sourceTableRecord, { project, id: source.name })
        await transaction.put(sourceTableRecord, {
          project,
          id: source.name,
          body: { ...after, logFiles: stored?.body.logFiles ?? [] },
          expectedRevision: stored?.revision ?? 0,
        })
      })
      return versionOf(after.history ?? history, after)
    },
  }
}

/** A reader as compaction asks for it; what was stamped last is the writer's to know. */
function logOf(reader: LogReader): Parameters<typeof compactLog>[0]['log'] {
  return {
    read: (name, range) => reader.read(name, range),
    extent: async (name) => ({ ...(await reader.extent(name)), lastReceivedMs: null }),
  }
}
