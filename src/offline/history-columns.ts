import { glob, open, readdir, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import type { SourceSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import { parquetColumns } from './parquet-columns.ts'

/** Of a history of very many files so many are looked at, spread over all. */
const mostFiles = 64
/** A header line is not longer than this. */
const headerBytes = 1 << 20

/**
 * Looks whether the files of a source's history are there and have its columns, from the header of CSV and the footer of Parquet
 * alone: quick enough for every plan, and without an engine. Values and types are looked at when the history is read.
 * @throws source_file_missing, source_column_missing naming source and field
 */
export async function checkHistoryColumns(source: SourceSpec, rootDir: string): Promise<void> {
  if (source.history === null) return
  const paths = await historyFiles(source.history, rootDir)
  const owner = `source ${source.name}`
  if (paths.length === 0)
    throw noonmarkError('source_file_missing', {
      message: `${owner}: there is no .parquet or .csv file ${resolve(rootDir, source.history)}.`,
      path: `${owner} > history`,
    })
  const step = Math.max(1, paths.length / mostFiles)
  for (let i = 0; i < paths.length; i += step) {
    const path = paths[Math.floor(i)]!
    const columns = await columnsOf(path)
    // What cannot be read so quickly is refused, with its reason, when it is read.
    if (columns === null) continue
    for (const [name, { type, nullability }] of Object.entries(source.columns)) {
      if (nullability === 'optional' || columns.includes(name)) continue
      const alike = columns.find((other) => other.toLowerCase() === name.toLowerCase())
      throw noonmarkError('source_column_missing', {
        message: `${owner}: ${path} has no column '${name}'. Its columns are ${columns.join(', ')}.`,
        hint:
          alike === undefined
            ? `Add the column to the file, correct its name in the declaration, or declare it \`${type}().optional()\`.`
            : `Names are matched exactly: declare it as '${alike}'.`,
        path: `${owner} > columns.${name}`,
      })
    }
  }
}

const isTable = (path: string): boolean => /\.(parquet|pq|csv)$/i.test(path)

async function historyFiles(history: string, rootDir: string): Promise<string[]> {
  const path = resolve(rootDir, history)
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory()) {
    const names = await readdir(path, { recursive: true })
    return names
      .filter((name) => isTable(name) && !name.split(sep).some((part) => part.startsWith('.')))
      .map((name) => join(path, name))
      .sort()
  }
  if (found?.isFile()) return isTable(path) ? [path] : []
  if (!/[*?[]/.test(history)) return []
  const files: string[] = []
  for await (const name of glob(history, { cwd: rootDir })) if (isTable(name)) files.push(resolve(rootDir, name))
  return files.sort()
}

/** The names of a file's columns; null where they cannot be told. */
async function columnsOf(path: string): Promise<readonly string[] | null> {
  const file = await open(path).catch(() => null)
  if (file === null) return null
  try {
    if (!/\.csv$/i.test(path)) return await parquetColumns(file)
    const { bytesRead, buffer } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0)
    return headerOf(
      buffer
        .subarray(0, bytesRead)
        .toString('utf8')
        .replace(/^\uFEFF/, ''),
    )
  } finally {
    await file.close()
  }
}

/** The cells of the first record of a CSV file; null where it is no comma-separated text. */
function headerOf(text: string): readonly string[] | null {
  const names: string[] = []
  for (let at = 0; ; ) {
    const cell = /^(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|\r|$)/.exec(text.slice(at, at + 65_536))
    if (cell === null) return null
    names.push(cell[1]?.replaceAll('""', '"') ?? cell[2]!.trim())
    at += cell[0].length
    if (cell[3] !== ',') return names
  }
}
