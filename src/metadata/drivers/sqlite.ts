import { AsyncLocalStorage } from 'node:async_hooks'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect, sql } from 'kysely'
import { noonmarkError } from '../../errors.ts'
import { adoptForm, hasForm } from '../kind-form.ts'
import type { MetadataReader, MetadataStore, MetadataTransaction, RecordQuery } from '../metadata-store.ts'
import type { RecordKey, RecordKind } from '../record.ts'
import { appliedMigration, type MetadataTables, migrations } from '../schema.ts'
import { sqlReader, sqlTransaction } from '../sql-transaction.ts'
import { endedError, nestedError } from '../transaction.ts'
import { checkIntegrity, translated } from './sqlite-faults.ts'

/** How a metadata store in a SQLite file is opened. */
export interface SqliteMetadataOptions {
  readonly file: string
  readonly clock?: { now(): number }
  /** For how long a write waits for other writers; 10 s by default. */
  readonly busyTimeoutMs?: number
}

/** "NOON": what marks a SQLite file as a metadata store. */
const applicationId = 0x4e4f4f4e

/**
 * Opens a metadata store in a SQLite file, creating or migrating it. Several processes may have it open and write.
 * @throws store_newer the file was written by a newer release; store_foreign it is another program's; store_damaged its content is
 * not what was written; store_busy; store_unavailable
 */
export async function openSqliteMetadataStore(options: SqliteMetadataOptions): Promise<MetadataStore> {
  const { file, busyTimeoutMs = 10_000 } = options
  await mkdir(dirname(file), { recursive: true })
  refuseForeign(file)
  const writing = openConnection(file, busyTimeoutMs)
  try {
    checkIntegrity(writing, file)
    checkApplication(writing, file)
    // From here on a writer that finds the store taken waits without stopping this process: SQLite's own waiting would block it.
    writing.pragma('busy_timeout = 0')
    const writer = new Kysely<MetadataTables>({ dialect: new SqliteDialect({ database: writing }) })
    await migrate(writer, file, busyTimeoutMs)
    const reading = openConnection(file, busyTimeoutMs)
    const reader = new Kysely<MetadataTables>({ dialect: new SqliteDialect({ database: reading }) })
    return new SqliteStore(writer, reader, { file, busyTimeoutMs, now: () => options.clock?.now() ?? Date.now() })
  } catch (error) {
    writing.close()
    throw translated(error, file)
  }
}

interface StoreOptions {
  readonly file: string
  readonly busyTimeoutMs: number
  readonly now: () => number
}

class SqliteStore implements MetadataStore {
  readonly supports = { durable: true, sharedWriters: true }
  readonly #writer: Kysely<MetadataTables>
  readonly #readerDatabase: Kysely<MetadataTables>
  readonly #reader: MetadataReader
  readonly #options: StoreOptions
  /** The transaction whose work is running here, so that its own writes to the store are refused and do not wait for ever. */
  readonly #inside = new AsyncLocalStorage<{ ended: boolean }>()
  /** Kinds known to stand in the form in which they are declared. */
  readonly #adopted = new WeakSet<object>()

  constructor(writer: Kysely<MetadataTables>, reader: Kysely<MetadataTables>, options: StoreOptions) {
    this.#writer = writer
    this.#readerDatabase = reader
    this.#reader = sqlReader(reader)
    this.#options = options
  }

  get<Body>(kind: RecordKind<Body>, key: RecordKey) {
    return this.#told(async () => {
      await this.#adopt(kind)
      return this.#reader.get(kind, key)
    })
  }

  list<Body>(kind: RecordKind<Body>, query: RecordQuery<Body>) {
    return this.#told(async () => {
      await this.#adopt(kind)
      return this.#reader.list(kind, query)
    })
  }

  write(changes: readonly ((transaction: MetadataTransaction) => Promise<unknown>)[]): Promise<void> {
    return this.transaction(async (transaction) => {
      for (const change of changes) await change(transaction)
    })
  }

  transaction<Result>(work: (transaction: MetadataTransaction) => Promise<Result>): Promise<Result> {
    return this.#told(() => this.#transaction(work))
  }

  /** What SQLite says goes wrong, as an error that names the file. */
  async #told<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      throw translated(error, this.#options.file)
    }
  }

  async #transaction<Result>(work: (transaction: MetadataTransaction) => Promise<Result>): Promise<Result> {
    if (this.#inside.getStore()?.ended === false) throw nestedError()
    const open = { ended: false }
    const adopted: object[] = []
    const result = await immediately(this.#writer, this.#options.busyTimeoutMs, async (database) => {
      try {
        const transaction = this.#guarded(sqlTransaction(database, this.#options.now), database, open, adopted)
        return await this.#inside.run(open, () => work(transaction))
      } finally {
        open.ended = true
      }
    })
    for (const kind of adopted) this.#adopted.add(kind)
    return result
  }

  async close(): Promise<void> {
    await this.#readerDatabase.destroy()
    await this.#writer.destroy()
  }

  /** A transaction that brings kinds to their form before their first use, and is of no use once it ended. */
  #guarded(
    transaction: MetadataTransaction,
    database: Kysely<MetadataTables>,
    open: { readonly ended: boolean },
    adopted: object[],
  ): MetadataTransaction {
    const prepare = async <Body>(kind: RecordKind<Body>) => {
      if (open.ended) throw endedError()
      if (this.#adopted.has(kind) || adopted.includes(kind)) return
      await adoptForm(database, kind)
      adopted.push(kind)
    }
    return {
      async get(kind, key) {
        await prepare(kind)
        return transaction.get(kind, key)
      },
      async list(kind, query) {
        await prepare(kind)
        return transaction.list(kind, query)
      },
      async put(kind, put) {
        await prepare(kind)
        return transaction.put(kind, put)
      },
      async delete(kind, key) {
        await prepare(kind)
        return transaction.delete(kind, key)
      },
      async sequence(series) {
        if (open.ended) throw endedError()
        return transaction.sequence(series)
      },
    }
  }

  async #adopt<Body>(kind: RecordKind<Body>): Promise<void> {
    if (this.#inside.getStore()?.ended === false) throw nestedError()
    if (this.#adopted.has(kind)) return
    if (!(await hasForm(this.#readerDatabase, kind))) {
      await immediately(this.#writer, this.#options.busyTimeoutMs, (database) => adoptForm(database, kind))
    }
    this.#adopted.add(kind)
  }
}

function openConnection(file: string, busyTimeoutMs: number): Database.Database {
  let database: Database.Database | undefined
  try {
    database = new Database(file, { timeout: busyTimeoutMs })
    database.pragma('journal_mode = WAL')
    // FULL: a commit is on disk before it is acknowledged, also when the machine goes down.
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    return database
  } catch (error) {
    database?.close()
    throw translated(error, file)
  }
}

/** Another program's file is not even opened for writing: that alone would change it. */
function refuseForeign(file: string): void {
  if (!existsSync(file)) return
  let database: Database.Database | undefined
  try {
    database = new Database(file, { readonly: true })
    if (database.pragma('application_id', { simple: true }) !== applicationId) requireEmpty(database, file)
  } catch (error) {
    throw translated(error, file)
  } finally {
    database?.close()
  }
}

function requireEmpty(database: Database.Database, file: string): void {
  const tables = database.prepare('select count(*) from sqlite_schema').pluck().get()
  if (tables === 0) return
  throw noonmarkError('store_foreign', { message: `The file ${file} is a database of another program.`, path: file })
}

/** Marks a new file as ours; in one transaction, for others may create the same file at this moment. */
function checkApplication(database: Database.Database, file: string): void {
  const mark = database.transaction(() => {
    const found = database.pragma('application_id', { simple: true })
    if (found === applicationId) return
    requireEmpty(database, file)
    database.pragma(`application_id = ${applicationId}`)
  })
  mark.immediate()
}

async function migrate(writer: Kysely<MetadataTables>, file: string, busyTimeoutMs: number): Promise<void> {
  const newest = migrations.at(-1)?.number ?? 0
  await immediately(writer, busyTimeoutMs, async (database) => {
    const applied = await appliedMigration(database)
    if (applied > newest) {
      throw noonmarkError('store_newer', {
        message: `The metadata store ${file} is at migration ${applied}; this release knows up to ${newest}.`,
        path: file,
      })
    }
    for (const { number, name, up } of migrations.slice(applied)) {
      await up(database)
      await database.insertInto('migration').values({ number, name, applied_at: Date.now() }).execute()
    }
  })
}

/** Runs work between BEGIN IMMEDIATE and COMMIT on the one writing connection; waits for other processes without blocking this one. */
async function immediately<Result>(
  writer: Kysely<MetadataTables>,
  busyTimeoutMs: number,
  work: (database: Kysely<MetadataTables>) => Promise<Result>,
): Promise<Result> {
  return writer.connection().execute(async (connection) => {
    await begin(connection, busyTimeoutMs)
    try {
      const result = await work(connection)
      await sql`commit`.execute(connection)
      return result
    } catch (error) {
      await sql`rollback`.execute(connection).catch(() => undefined)
      throw error
    }
  })
}

async function begin(connection: Kysely<MetadataTables>, busyTimeoutMs: number): Promise<void> {
  const startedMs = performance.now()
  for (;;) {
    try {
      await sql`begin immediate`.execute(connection)
      return
    } catch (error) {
      if (!isBusy(error)) throw error
      if (performance.now() - startedMs > busyTimeoutMs) {
        throw noonmarkError('store_busy', {
          message: 'Other writers kept the metadata store for too long.',
          cause: error,
        })
      }
      await sleep(1 + Math.random() * 10)
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')
}
