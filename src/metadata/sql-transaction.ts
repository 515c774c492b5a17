import type { Kysely } from 'kysely'
import { noonmarkError } from '../errors.ts'
import type { MetadataReader, MetadataTransaction, RecordDelete, RecordPut, RecordQuery } from './metadata-store.ts'
import { formatCursor, type PlainQuery, plainQuery, revisionConflict } from './query.ts'
import { encodeIndexValue, indexValue, type MetadataRecord, type RecordKey, type RecordKind } from './record.ts'
import { isBehind, type MetadataTables, type RecordIndexRow, type RecordRow, recordChecksum } from './schema.ts'

type Database = Kysely<MetadataTables>

/** Reads of records through SQL. */
export function sqlReader(database: Database): MetadataReader {
  return {
    async get<Body>(kind: RecordKind<Body>, key: RecordKey) {
      const row = await selectRecord(database, kind.kind, key)
      return row === undefined ? null : readRow<Body>(row)
    },
    async list<Body>(kind: RecordKind<Body>, wanted: RecordQuery<Body>) {
      const query = plainQuery(kind, wanted)
      const rows = await selectPage(database, kind.kind, query)
      const more = query.limit !== null && rows.length > query.limit
      const page = more ? rows.slice(0, query.limit) : rows
      const last = page.at(-1)
      const next = more && last !== undefined ? formatCursor(last.place, last.id) : null
      return { records: page.map((row) => readRow<Body>(row)), next }
    },
  }
}

/** Reads and writes of records through SQL; the caller begins and ends the transaction around them. */
export function sqlTransaction(database: Database, now: () => number): MetadataTransaction {
  const standing = async (kind: string, key: RecordDelete) => {
    const row = await selectRecord(database, kind, key)
    const conflict = revisionConflict(kind, key, row?.revision ?? 0, key.expectedRevision)
    if (conflict !== null) throw conflict
    return row
  }
  return {
    ...sqlReader(database),
    async put<Body extends object>(kind: RecordKind<Body>, put: RecordPut<Body>) {
      const before = await standing(kind.kind, put)
      const name = { project: put.project, kind: kind.kind, id: put.id }
      const updatedAtMs = now()
      const columns = {
        ...name,
        revision: (before?.revision ?? 0) + 1,
        body: JSON.stringify(put.body),
        body_version: kind.version,
        created_at: before?.created_at ?? updatedAtMs,
        updated_at: updatedAtMs,
      }
      const row: RecordRow = { ...columns, checksum: recordChecksum(columns) }
      const indexes = indexRows(kind, put, put.body)
      if (before === undefined) await database.insertInto('record').values(row).execute()
      else {
        await database
          .updateTable('record')
          .set(row)
          .where((where) => where.and(name))
          .execute()
        await database
          .deleteFrom('record_index')
          .where((where) => where.and(name))
          .execute()
      }
      if (indexes.length > 0) await database.insertInto('record_index').values(indexes).execute()
      return readRow<Body>(row)
    },
    async delete(kind, key) {
      await standing(kind.kind, key)
      const { project, id } = key
      await database
        .deleteFrom('record')
        .where((where) => where.and({ project, kind: kind.kind, id }))
        .execute()
    },
    async sequence({ project, name, above = 0 }) {
      const last = await database
        .selectFrom('sequence')
        .select('value')
        .where((where) => where.and({ project, name }))
        .executeTakeFirst()
      const value = Math.max(last?.value ?? 0, above) + 1
      await database
        .insertInto('sequence')
        .values({ project, name, value })
        .onConflict((conflict) => conflict.columns(['project', 'name']).doUpdateSet({ value }))
        .execute()
      return value
    },
  }
}

/** The index rows of a record. */
export function indexRows<Body extends object>(
  kind: RecordKind<Body>,
  { project, id }: RecordKey,
  body: Body,
): RecordIndexRow[] {
  return kind.indexes.map((field) => {
    const value = encodeIndexValue(indexValue(body, field))
    return { project, kind: kind.kind, field, value, id }
  })
}

function selectRecord(database: Database, kind: string, { project, id }: RecordKey): Promise<RecordRow | undefined> {
  return database
    .selectFrom('record')
    .selectAll()
    .where((where) => where.and({ project, kind, id }))
    .executeTakeFirst()
}

/** The rows of a page and one more, each with its value in the field that orders them. */
async function selectPage(
  database: Database,
  kind: string,
  query: PlainQuery,
): Promise<(RecordRow & { place: string | number })[]> {
  const columns = { id: 'record.id', createdAtMs: 'record.created_at', updatedAtMs: 'record.updated_at' } as const
  const column = query.orderBy in columns ? columns[query.orderBy as keyof typeof columns] : null // checked by `in`
  const direction = query.descending ? 'desc' : 'asc'
  let select = database
    .selectFrom('record')
    .selectAll('record')
    .where('record.project', '=', query.project)
    .where('record.kind', '=', kind)
  for (const { field, is } of query.where) {
    select = select.where('record.id', 'in', (among) => {
      const index = among
        .selectFrom('record_index')
        .select('record_index.id')
        .where((where) => where.and({ project: query.project, kind, field }))
      return typeof is === 'string'
        ? index.where('value', '=', is)
        : index.where('value', '>=', is.least).where('value', '<', is.end)
    })
  }
  if (query.limit !== null) select = select.limit(query.limit + 1)
  if (column !== null) {
    if (query.after !== null)
      select = select.where(isBehind({ value: column, id: 'record.id' }, query.after, query.descending))
    return select.select(`${column} as place`).orderBy(column, direction).orderBy('record.id', direction).execute()
  }
  let ordered = select
    .innerJoin('record_index as sorted', (join) =>
      join
        .onRef('sorted.project', '=', 'record.project')
        .onRef('sorted.kind', '=', 'record.kind')
        .onRef('sorted.id', '=', 'record.id')
        .on('sorted.field', '=', query.orderBy),
    )
    .select('sorted.value as place')
  if (query.after !== null) {
    ordered = ordered.where(isBehind({ value: 'sorted.value', id: 'sorted.id' }, query.after, query.descending))
  }
  return ordered.orderBy('sorted.value', direction).orderBy('sorted.id', direction).execute()
}

/** @throws store_damaged the row is not what was written */
export function readRow<Body>(row: RecordRow): MetadataRecord<Body> {
  if (recordChecksum(row) !== row.checksum) {
    throw noonmarkError('store_damaged', {
      message: `The metadata store is damaged: the record '${row.id}' of kind '${row.kind}' is not what was written.`,
      path: `${row.kind} ${row.id}`,
    })
  }
  const body: Body = JSON.parse(row.body) // a body is read by the kind that wrote it
  return {
    kind: row.kind,
    project: row.project,
    id: row.id,
    revision: row.revision,
    body,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  }
}
