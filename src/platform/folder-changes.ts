import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'

/** Changes of the files that say what a project is. */
export interface FolderChanges {
  /** Resolves a moment after the next change; at once where something changed since. False: closed, or the signal came. */
  next(signal: AbortSignal): Promise<boolean>
  close(): void
}

/** Editors write a file in several steps, and a checkout many files at once. */
const settleMs = 30

/** Folders of the root in which no definition lies; some of them have tens of thousands of files, each a watcher of its own. */
const unwatched = /^(\..*|node_modules|data|dist|coverage)$/

/** Notices changes of definitions below a folder. */
export function watchFolder(rootDir: string): FolderChanges {
  let changed = false
  let closed = false
  let wake = (): void => {}
  let timer: NodeJS.Timeout | undefined
  const watchers = new Map<string, FSWatcher>()

  const onChange = (name: string | null): void => {
    if (name === null || !/\.(ts|mts|js|mjs|json|lock)$/.test(name) || /(^|[\\/])node_modules[\\/]/.test(name)) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      changed = true
      wake()
    }, settleMs)
  }
  const forget = (folder: string): void => {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }
  const watchBelow = (folder: string): void => {
    if (closed || watchers.has(folder) || unwatched.test(folder)) return
    try {
      if (!statSync(join(rootDir, folder)).isDirectory()) return
      const watcher = watch(join(rootDir, folder), { recursive: true }, (_event, name) => onChange(name))
      watcher.on('error', () => forget(folder))
      watchers.set(folder, watcher)
    } catch {
      // It went away again.
    }
  }
  const root = watch(rootDir, (_event, name) => {
    onChange(name)
    if (name === null || unwatched.test(name)) return
    const known = watchers.has(name)
    forget(name)
    watchBelow(name)
    // A folder that comes or goes takes its files along.
    if (known || watchers.has(name)) onChange(`${name}.ts`)
  })
  // A folder that goes away while it is watched is said by the next load.
  root.on('error', () => {})
  for (const entry of readdirSync(rootDir)) watchBelow(entry)

  return {
    async next(signal) {
      while (!changed && !closed && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const done = (): void => {
            signal.removeEventListener('abort', done)
            resolve()
          }
          wake = done
          signal.addEventListener('abort', done)
        })
      }
      changed = false
      return !closed && !signal.aborted
    },
    close() {
      closed = true
      clearTimeout(timer)
      root.close()
      for (const folder of [...watchers.keys()]) forget(folder)
      wake()
    },
  }
}
