import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFilesystemBlobStore } from './filesystem.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blob-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A process that stores blobs and reports each digest once it is acknowledged. */
const writer = `
  import { randomBytes } from 'node:crypto'
  import { writeSync } from 'node:fs'
  const [folder, driverUrl] = process.argv.slice(1)
  const { openFilesystemBlobStore } = await import(driverUrl)
  const store = await openFilesystemBlobStore({ folder })
  for (;;) writeSync(1, (await store.put(randomBytes(200_000))) + '\\n')
`

describe('a filesystem blob store whose writer is killed', () => {
  it('has every acknowledged blob, and every blob that it has is whole', async () => {
    const driverUrl = new URL('./filesystem.ts', import.meta.url).href
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer, folder, driverUrl], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const closed = once(child, 'close')
    let output = ''
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString()
      if (output.split('\n').length > 30) child.kill('SIGKILL')
    })
    await closed
    const acknowledged = output.split('\n').slice(0, -1)
    const store = await openFilesystemBlobStore({ folder })
    const kept = await store.list()
    expect(acknowledged.length).toBeGreaterThanOrEqual(30)
    expect(kept.map((entry) => entry.digest)).toEqual(expect.arrayContaining(acknowledged))
    for (const { digest } of kept) expect((await store.get(digest)).length).toBe(200_000)
  })

  it('lets go of what was left half written, but not of what somebody may still be writing', async () => {
    await openFilesystemBlobStore({ folder })
    const [old, recent] = [join(folder, 'partial', 'old'), join(folder, 'partial', 'recent')]
    for (const path of [old, recent]) await writeFile(path, 'half')
    const longAgo = new Date(Date.now() - 2 * 86_400_000)
    await utimes(old, longAgo, longAgo)
    await openFilesystemBlobStore({ folder })
    expect(await readdir(join(folder, 'partial'))).toEqual(['recent'])
  })

  it('keeps blobs that nobody may write', async () => {
    const store = await openFilesystemBlobStore({ folder })
    const path = await store.localPath(await store.put(new Uint8Array(3)))
    expect((await stat(path ?? '')).mode & 0o222).toBe(0)
  })
})
