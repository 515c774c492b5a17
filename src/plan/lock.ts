import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../digest.ts'
import { noonmarkError } from '../errors.ts'

/** The committed file that says which digest a version number means. */
export const lockFile = 'noonmark.lock'

/** What noonmark.lock says. */
export interface Lock {
  readonly format: 1
  /** `model:number` -> the version's digest. */
  readonly versions: Readonly<Record<string, Digest>>
}

/** A lock before the first version. */
export const emptyLock: Lock = Object.freeze({ format: 1, versions: Object.freeze({}) })

/** The model and number of a pin such as `flight-delay:12`, or null. */
export function parsePin(pin: string): { readonly model: string; readonly number: number } | null {
  const match = /^([a-z][a-z0-9_-]{0,62}):([1-9]\d{0,14})$/.exec(pin)
  return match === null ? null : { model: match[1]!, number: Number(match[2]) }
}

/** The lock of a project; an empty one where there is no file. @throws lock_invalid, version_conflict */
export async function readLock(rootDir: string): Promise<Lock> {
  try {
    return parseLock(await readFile(join(rootDir, lockFile), 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return emptyLock
    throw error
  }
}

/** Reads the text of a lock. @throws lock_invalid; version_conflict where a merge left two digests for one number */
export function parseLock(text: string): Lock {
  const invalid = (problem: string) =>
    noonmarkError('lock_invalid', { message: `${lockFile} ${problem}.`, path: lockFile })
  if (/^(<{7}|={7}|>{7})/m.test(text)) throw invalid('holds the marks of a merge conflict')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw invalid('is not JSON')
  }
  if (typeof json !== 'object' || json === null || !('format' in json) || !('versions' in json))
    throw invalid('has no format and versions')
  if (json.format !== 1) throw invalid(`has the format ${JSON.stringify(json.format)}, and this Noonmark reads 1`)
  if (typeof json.versions !== 'object' || json.versions === null) throw invalid('has no versions')
  const versions: Record<string, Digest> = {}
  // JSON keeps the last of two equal keys without a word; a merge must not choose for us.
  for (const [, pin = '', digest = ''] of text.matchAll(/"([^"\n]+:\d+)"\s*:\s*"([0-9a-f]*)"/g)) {
    if (versions[pin] !== undefined && versions[pin] !== digest) throw conflict(pin, versions[pin], digest)
    versions[pin] = digest
  }
  for (const [pin, digest] of Object.entries(json.versions)) {
    if (parsePin(pin) === null) throw invalid(`names '${pin}', which is not model:number`)
    if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) throw invalid(`has no digest for ${pin}`)
  }
  return { format: 1, versions: sortedVersions(Object.entries<Digest>({ ...json.versions })) }
}

/** The text of a lock: keys in order of model and number, one line a version, so that Git merges it well. */
export function formatLock({ versions }: Lock): string {
  return `${JSON.stringify({ format: 1, versions: sortedVersions(Object.entries(versions)) }, null, 2)}\n`
}

/** Writes the lock of a project: the old text or the new one stands there, whatever happens meanwhile. */
export async function writeLock(rootDir: string, lock: Lock): Promise<void> {
  const temporary = join(rootDir, `.${lockFile}.${randomUUID()}`)
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(formatLock(lock))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, join(rootDir, lockFile))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** The number of a model's next version: one more than the lock and the registry know. */
export function nextVersionNumber(lock: Lock, registered: readonly number[], model: string): number {
  const locked = Object.keys(lock.versions).flatMap((pin) => {
    const parsed = parsePin(pin)
    return parsed?.model === model ? [parsed.number] : []
  })
  return Math.max(0, ...locked, ...registered) + 1
}

/** The lock with one more version. @throws version_conflict where the number stands for another digest */
export function withVersion(lock: Lock, pin: string, digest: Digest): Lock {
  if (parsePin(pin) === null) throw noonmarkError('lock_invalid', { message: `'${pin}' is not model:number.` })
  const known = lock.versions[pin]
  if (known !== undefined && known !== digest) throw conflict(pin, known, digest)
  return { format: 1, versions: sortedVersions([...Object.entries(lock.versions), [pin, digest]]) }
}

/** Both locks in one: what two branches registered. @throws version_conflict where they gave one number twice */
export function mergeLocks(ours: Lock, theirs: Lock): Lock {
  return Object.entries(theirs.versions).reduce((lock, [pin, digest]) => withVersion(lock, pin, digest), ours)
}

function conflict(pin: string, one: Digest, other: Digest) {
  return noonmarkError('version_conflict', {
    message: `${pin} stands for two versions: ${one.slice(0, 12)} and ${other.slice(0, 12)}.`,
    path: `${lockFile} > ${pin}`,
  })
}

function sortedVersions(entries: readonly (readonly [string, Digest])[]): Record<string, Digest> {
  const order = (pin: string) => parsePin(pin) ?? { model: pin, number: 0 }
  const sorted = [...entries].sort(([a], [b]) => {
    const [x, y] = [order(a), order(b)]
    return x.model === y.model ? x.number - y.number : x.model < y.model ? -1 : 1
  })
  return Object.fromEntries(sorted)
}
