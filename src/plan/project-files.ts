import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { noonmarkError } from '../errors.ts'

/** The folders of a project in which every source file holds definitions. */
export const definitionFolders = ['features', 'moments', 'models', 'monitors', 'experiments'] as const

/** The files of a project that say what it is, relative to its folder and written with `/`. */
export interface ProjectFileNames {
  readonly config: string
  /** Null where nothing is deployed yet. */
  readonly deployments: string | null
  /** Files of the definition folders, sorted. */
  readonly definitions: readonly string[]
}

/**
 * Finds the files of a project.
 * @throws project_missing naming the folder
 */
export async function findProjectFiles(rootDir: string): Promise<ProjectFileNames> {
  const config = await firstFile(rootDir, 'noonmark.config')
  if (config === null) {
    throw noonmarkError('project_missing', {
      message: `There is no noonmark.config.ts in ${resolve(rootDir)}.`,
      path: 'noonmark.config.ts',
    })
  }
  const found = await Promise.all(definitionFolders.map((folder) => definitionFiles(rootDir, folder)))
  return { config, deployments: await firstFile(rootDir, 'deployments'), definitions: found.flat().sort() }
}

async function firstFile(rootDir: string, name: string): Promise<string | null> {
  for (const extension of ['ts', 'mts', 'js', 'mjs']) {
    const file = `${name}.${extension}`
    const found = await stat(join(rootDir, file)).catch(() => null)
    if (found?.isFile()) return file
  }
  return null
}

async function definitionFiles(rootDir: string, folder: string): Promise<string[]> {
  // A folder that is not there holds nothing; any other trouble with it is the user's to see.
  const entries = await readdir(join(rootDir, folder), { withFileTypes: true }).catch((error: unknown): Dirent[] => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return []
    throw error
  })
  const nested = await Promise.all(
    entries.map(async (entry): Promise<string[]> => {
      const path = `${folder}/${entry.name}`
      if (entry.name.startsWith('.') || entry.name === 'node_modules') return []
      const target = entry.isSymbolicLink() ? await stat(join(rootDir, path)).catch(() => null) : entry
      if (target?.isDirectory()) return definitionFiles(rootDir, path)
      return target?.isFile() && isDefinitionFile(entry.name) ? [path] : []
    }),
  )
  return nested.flat()
}

function isDefinitionFile(name: string): boolean {
  return /\.(ts|mts|js|mjs)$/.test(name) && !/\.(test|test-d|spec|d)\.(ts|mts|js|mjs)$/.test(name)
}
