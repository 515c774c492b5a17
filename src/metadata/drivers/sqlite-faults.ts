import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { isNoonmarkError, noonmarkError } from '../../errors.ts'

/** Up to this size a file is looked through whenever it is opened: some 50 ms. A larger one is for `noonmark doctor`. */
const lookThroughBytes = 16 * 1024 * 1024

/**
 * An error of SQLite as one of ours, with the file that it is about; any other error as it is.
 * store_damaged, store_busy and store_unavailable come from here.
 */
export function translated(error: unknown, file: string): unknown {
  if (isNoonmarkError(error) || !(error instanceof Database.SqliteError)) return error
  const { code, message } = error
  if (/^SQLITE_(CORRUPT|NOTADB|FORMAT)/.test(code)) return storeDamaged(file, message, error)
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return noonmarkError('store_busy', {
      message: `Another process keeps the metadata store ${file} locked.`,
      hint: 'Try again; where it stays locked, end the process that has the file open.',
      path: file,
      cause: error,
    })
  }
  if (/^SQLITE_FULL/.test(code)) {
    return noonmarkError('store_unavailable', {
      message: `The metadata store ${file} cannot be written: the disk is full.`,
      hint: 'Free some space and try again; nothing of the change was kept.',
      path: file,
      cause: error,
    })
  }
  if (/^SQLITE_(IOERR|CANTOPEN|READONLY|PERM|NOMEM)/.test(code)) {
    return noonmarkError('store_unavailable', {
      message: `The metadata store ${file} cannot be used: ${message} (${code}).`,
      path: file,
      cause: error,
    })
  }
  return error
}

/** The error for a file whose content is not what was written. */
export function storeDamaged(file: string, reason: string, cause?: unknown) {
  return noonmarkError('store_damaged', {
    message: `The metadata store ${file} is damaged: ${reason}.`,
    path: file,
    ...(cause === undefined ? {} : { cause }),
  })
}

/**
 * Looks through an open file: pages, order of keys, indexes against tables. A damaged index would else hide records without a word.
 * @throws store_damaged
 */
export function checkIntegrity(database: Database.Database, file: string): void {
  if (statSync(file).size > lookThroughBytes) return
  const found = database.pragma('integrity_check(1)', { simple: true })
  if (found !== 'ok') throw storeDamaged(file, String(found).replace(/\s+/g, ' ').slice(0, 200))
}
