import { readFile, rename, writeFile } from 'node:fs/promises'
import type { ErrorPlace } from '../plan/index.ts'
import type { Instant } from '../values/index.ts'
import type { Layout } from './layout.ts'

/** Why a project's folder cannot be applied, and where that is to be mended. */
export interface FolderError extends ErrorPlace {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** What `noonmark dev` last found in the project's folder: `.noonmark/folder.json`, for whoever shows it. */
export interface FolderStatus {
  readonly format: 1
  readonly project: string
  /** `applied`: what the folder says runs. `invalid`: it does not, and what was applied before goes on. `unwatched`: nobody looks. */
  readonly state: 'applied' | 'invalid' | 'unwatched'
  /** The revision that runs; null before the first. */
  readonly revision: number | null
  /** When the folder was last looked at, on the machine's clock. */
  readonly lookedAtMs: Instant
  /** How long it took to load and apply it. */
  readonly tookMs: number
  /** Null where the folder is well. */
  readonly error: FolderError | null
}

/** What `noonmark dev` last found; null where it never ran here, or left something that this release cannot read. */
export async function readFolderStatus(layout: Pick<Layout, 'folder'>): Promise<FolderStatus | null> {
  const text = await readFile(layout.folder, 'utf8').catch(() => null)
  if (text === null) return null
  try {
    const status: FolderStatus = JSON.parse(text)
    return status.format === 1 ? status : null
  } catch {
    return null
  }
}

/** Replaces what was found before; a reader never sees half of it. */
export async function writeFolderStatus(layout: Pick<Layout, 'folder'>, status: FolderStatus): Promise<void> {
  await writeFile(`${layout.folder}.new`, JSON.stringify(status))
  await rename(`${layout.folder}.new`, layout.folder)
}
