import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing, listSegments } from '../segment/index.ts'
import type { LogName } from './stream-log.ts'

/** The folder of one source's segments: `<root>/<project>/<source>`. */
export function logFolder(root: string, name: LogName): string {
  return join(root, encodeName(name.project), encodeName(name.source))
}

/** The sources that have segments under a root. */
export async function listLogs(root: string): Promise<LogName[]> {
  const names: LogName[] = []
  for (const project of await foldersIn(root)) {
    for (const source of await foldersIn(join(root, project))) {
      if ((await listSegments(join(root, project, source))).length === 0) continue
      names.push({ project: decodeURIComponent(project), source: decodeURIComponent(source) })
    }
  }
  return names
}

/** Any name as a file name: what is not a small letter, a digit, `-` or `_` becomes `%XX`, for file systems that fold case. */
function encodeName(name: string): string {
  const escaped = [...Buffer.from(name, 'utf8')].map((byte) => {
    const character = String.fromCharCode(byte)
    return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  })
  return escaped.join('')
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}
