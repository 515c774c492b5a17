import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { noonmarkError } from '../errors.ts'

/** The right to write in a folder, held until released or until the process ends, however it ends. */
export interface FolderLock {
  release(): void
}

/**
 * Takes a folder for one writer. The lock belongs to the operating system (SQLite's lock on `writer.lock`), so `kill -9` frees it at
 * once and no reused process id can be mistaken for its holder. `writer.pid` only tells people who holds it.
 * Raises `folder_locked` where another writer, of this process or another, holds it.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true })
  const pidPath = join(folder, 'writer.pid')
  const database = new Database(join(folder, 'writer.lock'), { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) throw error
    const holder = await readFile(pidPath, 'utf8').catch(() => 'unknown')
    throw noonmarkError('folder_locked', {
      message: `Another writer (process ${holder.trim()}) holds the folder ${folder}.`,
      cause: error,
    })
  }
  await writeFile(pidPath, `${process.pid}\n`)
  return { release: () => database.close() }
}
