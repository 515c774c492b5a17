import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockFolder } from './folder-lock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const holder = `
  import { lockFolder } from ${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)}
  await lockFolder(process.argv[1])
  process.stdout.write('held')
  setInterval(() => {}, 1000)
`

describe('the lock of a folder', () => {
  it('is held by one writer at a time, in this process too', async () => {
    const lock = await lockFolder(folder)
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: 'folder_locked',
      message: expect.stringContaining(String(process.pid)),
    })
    lock.release()
    const next = await lockFolder(folder)
    next.release()
  })

  it('is refused while another process lives and free the moment it is killed', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    await expect(lockFolder(folder)).rejects.toMatchObject({ message: expect.stringContaining(String(child.pid)) })
    child.kill('SIGKILL')
    await ended
    const lock = await lockFolder(folder)
    lock.release()
  })
})
