import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootId } from '../../segment/index.ts'

/** Says that the files of a folder may hold writes that are in the machine's memory only. */
export interface UnflushedMark {
  /** Whether this system tells its starts apart, so that writes need not be flushed one by one. */
  readonly survivesKill: boolean
  /** Flushes the files, which must be closed, and takes the mark away. */
  flushed(): void
}

const dataFiles = ['data.mdb', 'lock.mdb']
const markFile = 'unflushed'

/**
 * Marks a folder for writing without flushing. A mark that an earlier start of the machine left says that the machine went
 * down before the files were flushed: then they cannot be trusted and are removed.
 */
export function openUnflushedMark(folder: string): UnflushedMark {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, markFile)
  const boot = bootId()
  const left = readMark(path)
  if (left !== null && left !== boot) for (const name of dataFiles) rmSync(join(folder, name), { force: true })
  if (boot !== null) {
    writeFileSync(path, boot)
    // Before the first write: a mark that is lost with the writes would make them look whole.
    flush(path, fsyncSync)
    flush(folder, fsyncSync)
  } else rmSync(path, { force: true })
  return {
    survivesKill: boot !== null,
    flushed() {
      flush(join(folder, dataFiles[0]!), fdatasyncSync)
      rmSync(path, { force: true })
      flush(folder, fsyncSync)
    },
  }
}

/** Whether the files of a folder can be trusted now: their writer has yet to remove those that an earlier start of the machine left. */
export function isTrusted(folder: string): boolean {
  const left = readMark(join(folder, markFile))
  return left === null || left === bootId()
}

function readMark(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function flush(path: string, sync: (descriptor: number) => void): void {
  const descriptor = openSync(path, 'r')
  try {
    sync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
