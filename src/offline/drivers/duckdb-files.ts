import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { SourceSpec } from '../../define/index.ts'
import type { Digest } from '../../digest.ts'
import { noonmarkError } from '../../errors.ts'
import { type ColumnSql, quoted, textColumn, typedColumn } from './duckdb-columns.ts'
import { text } from './duckdb-dialect.ts'
import { askRows } from './duckdb-read.ts'

/** The columns of a file: name -> DuckDB's type. Cells of CSV are text whatever they hold. */
export interface FileShape {
  readonly format: 'parquet' | 'csv'
  readonly columns: ReadonlyMap<string, string>
}

/** What is known of a file as it stood at a size and time. */
interface FileFacts {
  /** Changes whenever the file may have. */
  readonly touched: string
  readonly sizeBytes: number
  readonly modifiedMs: number
  shape?: Promise<FileShape>
  sha256?: Promise<Digest>
  /** Rows of the file by the digests of declarations under which every value was found to fit. */
  readonly checked: Map<Digest, number>
}

/** Remembers what files hold for as long as they are not touched, so that the same file is not read over and over. */
export class FileKnowledge {
  private readonly files = new Map<string, FileFacts>()

  /** @throws source_file_missing */
  async facts(path: string, owner: string, hint?: string): Promise<FileFacts> {
    const found = await stat(path).catch(() => null)
    if (found === null || !found.isFile())
      throw noonmarkError('source_file_missing', {
        message: `${owner}: there is no file ${path}.`,
        path: owner,
        ...(hint === undefined ? {} : { hint }),
      })
    const known = this.files.get(path)
    // Inode and change time tell a file that was replaced within the same millisecond.
    const touched = [found.size, found.mtimeMs, found.ctimeMs, found.ino].join(' ')
    if (known?.touched === touched) return known
    const facts: FileFacts = {
      touched,
      sizeBytes: found.size,
      modifiedMs: Math.floor(found.mtimeMs),
      checked: new Map(),
    }
    this.files.set(path, facts)
    return facts
  }

  /** @throws source_file_missing, source_file_unreadable */
  async shape(connection: DuckDBConnection, path: string, owner: string): Promise<FileShape> {
    const facts = await this.facts(path, owner)
    facts.shape ??= readShape(connection, path, owner)
    return facts.shape
  }

  /** The digest of a file's bytes. @throws source_file_missing */
  async sha256(path: string, owner: string): Promise<Digest> {
    const facts = await this.facts(path, owner)
    facts.sha256 ??= hashFile(path)
    return facts.sha256
  }
}

async function hashFile(path: string): Promise<Digest> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(part)
  return hash.digest('hex')
}

/** Whether a path names a file that can be read as history. */
export function fileFormat(path: string): FileShape['format'] | null {
  if (/\.(parquet|pq)$/i.test(path)) return 'parquet'
  return /\.csv$/i.test(path) ? 'csv' : null
}

async function readShape(connection: DuckDBConnection, path: string, owner: string): Promise<FileShape> {
  if (fileFormat(path) === 'csv') return { format: 'csv', columns: await csvHeader(path, owner) }
  try {
    const rows = await askRows(connection, `DESCRIBE SELECT * FROM read_parquet(${text(literalPath(path))})`)
    return {
      format: 'parquet',
      columns: new Map(rows.map((row) => [String(row.column_name), String(row.column_type)])),
    }
  } catch (cause) {
    throw unreadable(path, owner, cause)
  }
}

/** The error of a file that DuckDB cannot read, with the first line of what it says. */
export function unreadable(path: string, owner: string, cause: unknown) {
  const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
  return noonmarkError('source_file_unreadable', {
    message: `${owner}: ${path} cannot be read: ${reason}`,
    path: owner,
    cause,
  })
}

/** The names in the first record of a CSV file, which may stand in double quotes. */
async function csvHeader(path: string, owner: string): Promise<Map<string, string>> {
  const file = await open(path)
  const buffer = Buffer.alloc(1 << 20)
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0).finally(() => file.close())
  const start = buffer
    .subarray(0, bytesRead)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
  const names: string[] = []
  let at = 0
  for (;;) {
    const cell = /^(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|\r|$)/.exec(start.slice(at, at + 65_536))
    if (cell === null) throw unreadable(path, owner, 'its header line is not comma-separated text')
    names.push(cell[1]?.replaceAll('""', '"') ?? cell[2]!.trim())
    at += cell[0].length
    if (cell[3] !== ',') break
  }
  const columns = new Map(names.map((name) => [name, 'CSV']))
  if (columns.size < names.length) {
    const twice = names.find((name, i) => names.indexOf(name) < i)
    throw unreadable(path, owner, `two of its columns are called '${twice}'`)
  }
  return columns
}

/** A path that DuckDB takes as it stands and not as a pattern. */
function literalPath(path: string): string {
  return path.replace(/[*?[]/g, '[$&]')
}

/** Files that are read in one go: their declared columns have the same types. */
export interface FileGroup {
  readonly paths: readonly string[]
  readonly shape: FileShape
}

/** Gathers files by shape, in the order of each shape's first file. */
export function groupFiles(
  files: readonly { readonly path: string; readonly shape: FileShape }[],
  source: SourceSpec,
): FileGroup[] {
  const groups = new Map<string, { paths: string[]; shape: FileShape }>()
  for (const { path, shape } of files) {
    // Columns of CSV are told apart by place, so there the whole header counts.
    const names = shape.format === 'csv' ? [...shape.columns.keys()] : Object.keys(source.columns)
    const key = JSON.stringify([shape.format, names.map((name) => [name, shape.columns.get(name) ?? null])])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { paths: [path], shape })
    else group.paths.push(path)
  }
  return [...groups.values()]
}

/** SQL that reads a group of files, their columns as they are. */
export function readFiles({ paths, shape }: FileGroup, extra: readonly string[] = []): string {
  const list = `[${paths.map((path) => text(literalPath(path))).join(', ')}]`
  if (shape.format === 'parquet') return `read_parquet(${[list, 'union_by_name = true', ...extra].join(', ')})`
  const columns = [...shape.columns.keys()].map((name) => `${text(name)}: 'VARCHAR'`).join(', ')
  const options = [
    'auto_detect = false',
    "delim = ','",
    `quote = '"'`,
    `escape = '"'`,
    'header = true',
    "nullstr = ''",
    // "" is an empty text; a cell with nothing in it is null.
    'allow_quoted_nulls = false',
    `columns = {${columns}}`,
  ]
  return `read_csv(${[list, ...options, ...extra].join(', ')})`
}

/** How each declared column is read from files of a shape. A column that the files lack is null where it may be. */
export type SourceColumns = ReadonlyMap<string, ColumnSql>

/**
 * Matches the columns of a file with the declaration, by name.
 * @param lenient columns may be missing: files of our own that were written before a column was added
 * @throws source_column_missing, source_column_type, source_time_naive
 */
export function matchColumns(source: SourceSpec, shape: FileShape, path: string, lenient: boolean): SourceColumns {
  const owner = `source ${source.name}`
  const columns = new Map<string, ColumnSql>()
  for (const [name, spec] of Object.entries(source.columns)) {
    const at = `${owner} > columns.${name}`
    const fileType = shape.columns.get(name)
    if (fileType === undefined) {
      if (lenient || spec.nullability === 'optional') {
        columns.set(name, { value: 'NULL', invalid: null, naive: null })
        continue
      }
      const alike = [...shape.columns.keys()].find((other) => other.toLowerCase() === name.toLowerCase())
      const names = [...shape.columns.keys()].join(', ')
      throw noonmarkError('source_column_missing', {
        message: `${owner}: ${path} has no column '${name}'. Its columns are ${names}.`,
        hint:
          alike === undefined
            ? `Add the column to the file, correct its name in the declaration, or declare it \`${spec.type}().optional()\`.`
            : `Names are matched exactly: declare it as '${alike}'.`,
        path: at,
      })
    }
    const column =
      shape.format === 'csv'
        ? textColumn(spec, quoted(name), source.timeZone)
        : typedColumn(spec, quoted(name), fileType, source.timeZone)
    if (!('misfit' in column)) columns.set(name, column)
    else if (column.misfit === 'naive')
      throw naiveTime(source, name, `${path} has it as ${fileType}, without an offset from UTC`)
    else
      throw noonmarkError('source_column_type', {
        message: `${owner}: column '${name}' is declared ${spec.type}, and ${path} has it as ${fileType}.`,
        hint: `A column of type ${spec.type} is read from ${column.accepts}. Declare the type that the file has, or write the file with the declared one.`,
        path: at,
      })
  }
  return columns
}

/** The error of times that mean no instant. */
export function naiveTime(source: SourceSpec, name: string, where: string) {
  return noonmarkError('source_time_naive', {
    message: `source ${source.name}: column '${name}' is a timestamp, and ${where}.`,
    path: `source ${source.name} > timeZone`,
  })
}
