import { readdir, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { SourceSpec } from '../../define/index.ts'
import { digestJson } from '../../digest.ts'
import { noonmarkError } from '../../errors.ts'
import { checkTimeZone, type Instant } from '../../values/index.ts'
import type { TableFile, TableVersion } from '../offline-engine.ts'
import { checkValues } from './duckdb-check.ts'
import { text } from './duckdb-dialect.ts'
import { type FileKnowledge, fileFormat, groupFiles, matchColumns } from './duckdb-files.ts'
import { askRows } from './duckdb-read.ts'

/**
 * Lists the files of a source's history, checks every declared column and value of them and pins them.
 * @throws source_file_missing, source_file_unreadable, source_column_missing, source_column_type, source_time_naive,
 * source_value_invalid, source_value_missing, time_zone_unknown
 */
export async function listHistory(
  connection: DuckDBConnection,
  knowledge: FileKnowledge,
  source: SourceSpec,
  { rootDir, cutoverMs }: { readonly rootDir: string; readonly cutoverMs: Instant | null },
): Promise<TableVersion> {
  const owner = `source ${source.name}`
  if (source.timeZone !== null) checkTimeZone(source.timeZone, `${owner} > timeZone`)
  const paths = source.history === null ? [] : await historyPaths(connection, source, source.history, rootDir)
  const shaped = []
  for (const path of paths) {
    const shape = await knowledge.shape(connection, path, owner)
    matchColumns(source, shape, path, false)
    shaped.push({ path, shape })
  }
  const { columns: schema, id, eventTime, timeZone } = source
  const declaration = digestJson({ schema, id, eventTime, timeZone })
  for (const group of groupFiles(shaped, source)) {
    const facts = await Promise.all(group.paths.map((path) => knowledge.facts(path, owner)))
    if (facts.every(({ checked }) => checked.has(declaration))) continue
    const columns = matchColumns(source, group.shape, group.paths[0]!, false)
    const rows = await checkValues(connection, source, group, columns)
    for (const [i, { checked }] of facts.entries()) checked.set(declaration, rows.get(group.paths[i]!) ?? 0)
  }
  const files: TableFile[] = []
  for (const path of paths) {
    const { sizeBytes, modifiedMs, checked } = await knowledge.facts(path, owner)
    const sha256 = await knowledge.sha256(path, owner)
    const rows = checked.get(declaration) ?? 0
    files.push({ path: storedPath(path, rootDir), origin: 'history', sizeBytes, modifiedMs, rows, sha256 })
  }
  return tableVersion(source.name, files, { cutoverMs, logPosition: null, listedAtMs: Date.now() })
}

/**
 * A table version over files. Its digest is over what the rows are (the bytes of each file, and which side of the cutover
 * they stand on), not over where files lie or when they were written.
 */
export function tableVersion(
  source: string,
  files: readonly TableFile[],
  pinned: Pick<TableVersion, 'cutoverMs' | 'logPosition' | 'listedAtMs'>,
): TableVersion {
  const { cutoverMs, logPosition } = pinned
  const named = files.map(({ origin, rows, sha256 }) => ({ origin, rows, sha256 }))
  named.sort((a, b) => compare(a.origin, b.origin) || compare(a.sha256, b.sha256))
  return { source, digest: digestJson({ source, files: named, cutoverMs, logPosition }), files, ...pinned }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A path inside the root is stored relative to it, so that a version is the same in every checkout. */
function storedPath(path: string, rootDir: string): string {
  const inside = relative(resolve(rootDir), path)
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside.split(sep).join('/')
}

/** The files that a path, glob or folder names, sorted. */
async function historyPaths(
  connection: DuckDBConnection,
  source: SourceSpec,
  history: string,
  rootDir: string,
): Promise<string[]> {
  const at = `source ${source.name} > history`
  const path = resolve(rootDir, history)
  const missing = (why: string, hint?: string) =>
    noonmarkError('source_file_missing', {
      message: `source ${source.name}: ${why}.`,
      path: at,
      ...(hint === undefined ? {} : { hint }),
    })
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory()) {
    const names = await readdir(path, { recursive: true })
    const files = names.filter(
      (name) => fileFormat(name) !== null && !name.split(sep).some((part) => part.startsWith('.')),
    )
    if (files.length === 0) throw missing(`the folder ${path} holds no .parquet or .csv file`)
    return files.map((name) => join(path, name)).sort()
  }
  if (found?.isFile()) {
    if (fileFormat(path) === null)
      throw missing(`${path} is neither .parquet nor .csv`, 'Write the history as Parquet or CSV and name the file so.')
    return [path]
  }
  const rows = /[*?[]/.test(history) ? await askRows(connection, `SELECT file FROM glob(${text(path)})`) : []
  const files = rows.map((row) => String(row.file)).filter((file) => fileFormat(file) !== null)
  if (files.length === 0) throw missing(`there is no file ${path}`)
  return files.sort()
}
