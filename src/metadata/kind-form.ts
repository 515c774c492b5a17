import type { Kysely } from 'kysely'
import { noonmarkError } from '../errors.ts'
import type { RecordKind } from './record.ts'
import { type MetadataTables, recordChecksum } from './schema.ts'
import { indexRows, readRow } from './sql-transaction.ts'

/** The form of a kind as the store keeps it: its version and its indexes. */
function formOf<Body>(kind: RecordKind<Body>): string {
  return JSON.stringify([kind.version, ...[...kind.indexes].sort()])
}

/** Whether the store already has a kind in the form that it is declared in. */
export async function hasForm<Body>(database: Kysely<MetadataTables>, kind: RecordKind<Body>): Promise<boolean> {
  return (await storedForm(database, kind.kind)) === formOf(kind)
}

/**
 * Brings the records of a kind to the form in which it is declared: older bodies are upgraded, and what can be found by an index is
 * what the index would have found had it always been there. Runs inside a transaction.
 * @throws store_newer the records were written by a newer release
 */
export async function adoptForm<Body>(database: Kysely<MetadataTables>, kind: RecordKind<Body>): Promise<void> {
  const stored = await storedForm(database, kind.kind)
  const form = formOf(kind)
  if (stored === form) return
  const storedVersion = stored === null ? kind.version : Number(JSON.parse(stored)[0])
  if (storedVersion > kind.version) {
    throw noonmarkError('store_newer', {
      message: `Records of kind "${kind.kind}" have version ${storedVersion}; this release reads up to ${kind.version}.`,
    })
  }
  const isKind = { kind: kind.kind }
  await database
    .deleteFrom('record_index')
    .where((where) => where.and(isKind))
    .execute()
  const rows = await database
    .selectFrom('record')
    .selectAll()
    .where((where) => where.and(isKind))
    .execute()
  for (const row of rows) {
    const old: unknown = readRow<unknown>(row).body
    const older = row.body_version < kind.version && kind.upgrade !== undefined
    const body = older ? kind.upgrade(old, row.body_version) : (old as Body) // of this version, or declared readable as it is
    const { project, id } = row
    const changed = { body: JSON.stringify(body), body_version: kind.version }
    await database
      .updateTable('record')
      .set({ ...changed, checksum: recordChecksum({ ...row, ...changed }) })
      .where((where) => where.and({ project, kind: kind.kind, id }))
      .execute()
    const indexes = indexRows(kind, row, Object(body))
    if (indexes.length > 0) await database.insertInto('record_index').values(indexes).execute()
  }
  await database
    .insertInto('record_kind')
    .values({ kind: kind.kind, form })
    .onConflict((conflict) => conflict.column('kind').doUpdateSet({ form }))
    .execute()
}

async function storedForm(database: Kysely<MetadataTables>, kind: string): Promise<string | null> {
  const row = await database.selectFrom('record_kind').select('form').where('kind', '=', kind).executeTakeFirst()
  return row?.form ?? null
}
