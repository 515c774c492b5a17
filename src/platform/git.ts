import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { GitState } from '../registry/index.ts'

const run = promisify(execFile)

/** The commit of a folder and whether it was changed since; null outside Git, or without it. */
export async function gitState(folder: string): Promise<GitState | null> {
  try {
    const { stdout: commit } = await run('git', ['rev-parse', 'HEAD'], { cwd: folder })
    const { stdout: changes } = await run('git', ['status', '--porcelain', '--', '.'], { cwd: folder })
    return { commit: commit.trim(), dirty: changes.trim() !== '' }
  } catch {
    return null
  }
}
