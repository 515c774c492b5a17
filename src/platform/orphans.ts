import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { noonmarkError } from '../errors.ts'
import type { Layout } from './layout.ts'

/**
 * A metadata store that is gone is never made anew beside stores that hold what it knew of: their data would seem not to be there.
 * @throws store_missing
 */
export async function refuseOrphans(layout: Layout): Promise<void> {
  const file = await stat(layout.metadata).catch(() => null)
  if (file !== null && file.size > 0) return
  const orphans: string[] = []
  for (const folder of [layout.blobs, layout.stream, layout.offline, layout.predictions])
    if (await holdsFiles(folder)) orphans.push(relative(layout.state, folder))
  if (orphans.length === 0) return
  throw noonmarkError('store_missing', {
    message: `The metadata store ${layout.metadata} is ${file === null ? 'gone' : 'empty'}, but ${orphans.join(', ')} beside it hold data.`,
    path: layout.metadata,
  })
}

/** Whether there is any data in the folders of a folder: locks and the like lie beside them. */
async function holdsFiles(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    if (!entry.isDirectory()) continue
    const inside = await readdir(join(folder, entry.name), { withFileTypes: true }).catch(() => [])
    if (inside.some((one) => one.isFile()) || (await holdsFiles(join(folder, entry.name)))) return true
  }
  return false
}
