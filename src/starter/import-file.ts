import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { noonmarkError } from '../errors.ts'
import type { FileProfile } from '../offline/index.ts'
import { type Draft, draftDefinitions } from './draft.ts'
import { columnNames, snakeCase } from './names.ts'

/** What drafting from a file needs. */
export interface ImportRequest {
  readonly rootDir: string
  /** Absolute. */
  readonly file: string
  /** What a row is one of; from the file's name where left out. */
  readonly name?: string
  readonly timeZone: string | null
  readonly profile: (file: string) => Promise<FileProfile>
  /** Writes the file again with other names of its columns. */
  readonly rewrite: (file: string, to: string, renamed: ReadonlyMap<string, string>) => Promise<void>
}

/** What was drafted. */
export interface Imported extends Pick<Draft, 'look'> {
  /** What a row is one of. */
  readonly name: string
  readonly rows: number
  /** Files that were written, relative to the project. */
  readonly files: readonly string[]
  readonly history: string
  /** Columns that have another name now: before -> after. */
  readonly renamed: Readonly<Record<string, string>>
  readonly reading: Draft['reading']
  readonly profile: FileProfile
}

/**
 * Drafts definitions from a file into a project's folder. A file outside of it is copied into `data/`; one whose columns have names
 * that definitions cannot use, or that is JSON lines, is written again there. Nothing that is there is overwritten.
 * @throws file_exists, source_time_missing, source_file_missing, source_file_unreadable
 */
export async function importFile(request: ImportRequest): Promise<Imported> {
  const { rootDir, file } = request
  const name = request.name ?? snakeCase(basename(file, extname(file)), 'rows')
  if (!/^[a-z][a-z0-9_]{0,49}$/.test(name))
    throw noonmarkError('request_invalid', {
      message: `'${name}' cannot be the name of a source.`,
      hint: 'Use small letters, digits and _, a letter first.',
      path: '--name',
    })
  const given = await request.profile(file)
  const names = columnNames(given.columns.map((column) => column.name))
  const renamed = Object.fromEntries([...names].filter(([before, after]) => before !== after))
  const inside = relative(rootDir, file)
  const isInside = !inside.startsWith('..') && !isAbsolute(inside)
  const isRewritten = given.format === 'json lines' || Object.keys(renamed).length > 0
  const history =
    isInside && !isRewritten
      ? inside.split(sep).join('/')
      : `data/${name}${given.format === 'csv' ? '.csv' : '.parquet'}`
  const profile = withNames(given, names)
  const draft = draftDefinitions({ profile, name, history, timeZone: request.timeZone })
  const files = [...Object.keys(draft.files), ...(isInside && !isRewritten ? [] : [history])]
  for (const path of files) {
    if ((await stat(join(rootDir, path)).catch(() => null)) === null) continue
    throw noonmarkError('file_exists', {
      message: `${path} is already there.`,
      hint: 'Move it away, or draft under another name: --name other.',
      path: '--name',
    })
  }
  for (const path of files) await mkdir(dirname(join(rootDir, path)), { recursive: true })
  if (isRewritten) await request.rewrite(file, resolve(rootDir, history), names)
  else if (!isInside) await copyFile(file, resolve(rootDir, history))
  for (const [path, text] of Object.entries(draft.files)) await writeFile(join(rootDir, path), text, { flag: 'wx' })
  return { name, rows: profile.rows, files, history, renamed, look: draft.look, reading: draft.reading, profile }
}

function withNames(profile: FileProfile, names: ReadonlyMap<string, string>): FileProfile {
  const nameOf = (column: string): string => names.get(column) ?? column
  return {
    ...profile,
    columns: profile.columns.map((column) => ({ ...column, name: nameOf(column.name) })),
    later: profile.later.map((one) => ({ ...one, earlier: nameOf(one.earlier), later: nameOf(one.later) })),
  }
}
