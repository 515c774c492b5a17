import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of this package. */
export const packageFolder = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '')

interface PackageFile {
  readonly version: string
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly allowScripts?: Readonly<Record<string, boolean>>
}

/** This package's own package.json. */
export function ownPackage(): PackageFile {
  return JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
}

/**
 * How a new project depends on this package: by its version; or, where it was installed from a tarball or a checkout, by that very
 * file, so that the project installs on this machine.
 */
export function installedAs(projectFolder: string, from: string = packageFolder): string {
  const modules = dirname(from)
  // A package that lies in no node_modules is a checkout.
  if (basename(modules) !== 'node_modules') return fileSpec(projectFolder, from)
  const lock = join(modules, '.package-lock.json')
  if (existsSync(lock)) {
    const { packages = {} }: { packages?: Record<string, { resolved?: string; version?: string }> } = JSON.parse(
      readFileSync(lock, 'utf8'),
    )
    const resolved = packages['node_modules/noonmark']?.resolved
    if (resolved?.startsWith('file:') === true)
      return fileSpec(projectFolder, resolve(dirname(modules), resolved.slice('file:'.length)))
  }
  return ownPackage().version
}

function fileSpec(projectFolder: string, path: string): string {
  const [here, there] = [real(projectFolder), real(path)]
  const way = relative(here, there)
  // A long way up says less than the path itself, and breaks as soon as the project moves.
  return `file:${isAbsolute(way) || way.startsWith(join('..', '..', '..')) ? there : way.replaceAll('\\', '/')}`
}

/** A path through no symbolic link, as far as it exists. */
function real(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  const parent = dirname(path)
  return parent === path ? path : join(real(parent), basename(path))
}
