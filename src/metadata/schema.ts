import { crc32 } from 'node:zlib'
import { type Kysely, type SqlBool, sql } from 'kysely'

/** The tables of a metadata store in SQL: the same in SQLite and in Postgres. Instants are int64 milliseconds, bodies JSON text. */
export interface MetadataTables {
  record: RecordRow
  record_index: RecordIndexRow
  record_kind: RecordKindRow
  sequence: { project: string; name: string; value: number }
  migration: { number: number; name: string; applied_at: number }
}

/** One record. */
export interface RecordRow {
  project: string
  kind: string
  id: string
  revision: number
  body: string
  body_version: number
  created_at: number
  updated_at: number
  /** Of all other columns, so that what was not written is never given out. */
  checksum: string
}

/** The checksum of a record: CRC-32 of its columns, as 8 hexadecimal digits. */
export function recordChecksum(row: Omit<RecordRow, 'checksum'>): string {
  const { project, kind, id, revision, body, body_version, created_at, updated_at } = row
  const columns = JSON.stringify([project, kind, id, revision, body, body_version, created_at, updated_at])
  return crc32(columns).toString(16).padStart(8, '0')
}

/** One index field of one record, its value encoded so that bytes sort as values do. */
export interface RecordIndexRow {
  project: string
  kind: string
  field: string
  value: string
  id: string
}

/** The form in which a kind's bodies and indexes stand in the store, as JSON: `[version, ...indexes]`. */
export interface RecordKindRow {
  kind: string
  form: string
}

/** A step that brings the tables from one number to the next; steps that were released are never changed. */
export interface Migration {
  readonly number: number
  readonly name: string
  readonly up: (database: Kysely<MetadataTables>) => Promise<void>
}

/** All migrations, in order. */
export const migrations: readonly Migration[] = [
  {
    number: 1,
    name: 'records',
    async up(database) {
      const { schema } = database
      await schema
        .createTable('record')
        .addColumn('project', 'text', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('revision', 'bigint', (column) => column.notNull())
        .addColumn('body', 'text', (column) => column.notNull())
        .addColumn('body_version', 'integer', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('updated_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('record_key', ['project', 'kind', 'id'])
        .execute()
      await schema
        .createTable('record_index')
        .addColumn('project', 'text', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('field', 'text', (column) => column.notNull())
        .addColumn('value', 'text', (column) => column.notNull())
        .addColumn('id', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('record_index_key', ['project', 'kind', 'field', 'value', 'id'])
        .addForeignKeyConstraint(
          'record_index_record',
          ['project', 'kind', 'id'],
          'record',
          ['project', 'kind', 'id'],
          (key) => key.onDelete('cascade'),
        )
        .execute()
      await schema.createIndex('record_index_id').on('record_index').columns(['project', 'kind', 'id']).execute()
      await schema
        .createTable('record_kind')
        .addColumn('kind', 'text', (column) => column.primaryKey())
        .addColumn('form', 'text', (column) => column.notNull())
        .execute()
      await schema
        .createTable('sequence')
        .addColumn('project', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('value', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('sequence_key', ['project', 'name'])
        .execute()
    },
  },
  {
    number: 2,
    name: 'checksums of records',
    async up(database) {
      await database.schema
        .alterTable('record')
        .addColumn('checksum', 'text', (column) => column.notNull().defaultTo(''))
        .execute()
      const rows = await database.selectFrom('record').selectAll().execute()
      for (const row of rows) {
        const { project, kind, id } = row
        await database
          .updateTable('record')
          .set({ checksum: recordChecksum(row) })
          .where((where) => where.and({ project, kind, id }))
          .execute()
      }
    },
  },
]

/** The number of the last migration applied; 0 in a new store. Creates the table that keeps it. */
export async function appliedMigration(database: Kysely<MetadataTables>): Promise<number> {
  await database.schema
    .createTable('migration')
    .ifNotExists()
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('applied_at', 'bigint', (column) => column.notNull())
    .execute()
  const newest = await database
    .selectFrom('migration')
    .select((select) => select.fn.max('number').as('number'))
    .executeTakeFirst()
  return newest?.number ?? 0
}

/** `(value, id)` lies behind a place, in the direction of the order. */
export function isBehind(
  columns: { readonly value: string; readonly id: string },
  place: { readonly value: string | number; readonly id: string },
  descending: boolean,
) {
  const operator = sql.raw(descending ? '<' : '>')
  return sql<SqlBool>`(${sql.ref(columns.value)}, ${sql.ref(columns.id)}) ${operator} (${place.value}, ${place.id})`
}
