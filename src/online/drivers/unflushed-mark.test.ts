import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lmdbOnlineStore } from './lmdb.ts'

const key = new Uint8Array([1])
const value = new Uint8Array([7])
const folderOf = () => mkdtempSync(join(tmpdir(), 'noonmark-unflushed-'))
const readBack = async (folder: string) => {
  const store = lmdbOnlineStore({ folder })
  const { values } = await store.read({ gets: [key], ranges: [] })
  await store.close()
  return values[0] === null ? null : [...values[0]!]
}

/** Writes in a process that is killed before it can close. */
function writeAndDie(folder: string): void {
  const module = JSON.stringify(new URL('./lmdb.ts', import.meta.url).href)
  const code = `const { lmdbOnlineStore } = await import(${module})
    await lmdbOnlineStore({ folder: ${JSON.stringify(folder)} }).write({ puts: [{ key: new Uint8Array([1]), value: new Uint8Array([7]) }], deletes: [] })
    process.kill(process.pid, 'SIGKILL')`
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', code])
  expect(signal).toBe('SIGKILL')
}

describe('writes that are not flushed one by one', () => {
  it('survive kill -9', async () => {
    const folder = folderOf()
    writeAndDie(folder)
    expect(existsSync(join(folder, 'unflushed'))).toBe(true)
    expect(await readBack(folder)).toEqual([7])
  })

  it('are not trusted after the machine itself went down', async () => {
    const folder = folderOf()
    writeAndDie(folder)
    writeFileSync(join(folder, 'unflushed'), 'an earlier start of the machine')
    expect(await readBack(folder)).toBeNull()
  })

  it('are flushed when the store closes, so that a later crash costs nothing', async () => {
    const folder = folderOf()
    const store = lmdbOnlineStore({ folder })
    await store.write({ puts: [{ key, value }], deletes: [] })
    await store.close()
    expect(existsSync(join(folder, 'unflushed'))).toBe(false)
    expect(await readBack(folder)).toEqual([7])
  })

  it('are read by nobody before their writer has judged them', async () => {
    const folder = folderOf()
    const reader = lmdbOnlineStore({ folder, readOnly: true })
    const read = () => reader.read({ gets: [key], ranges: [] })
    await expect(read()).rejects.toMatchObject({ code: 'store_unavailable' })
    writeAndDie(folder)
    writeFileSync(join(folder, 'unflushed'), 'an earlier start of the machine')
    await expect(read()).rejects.toMatchObject({ code: 'store_unavailable' })
    const store = lmdbOnlineStore({ folder })
    expect((await read()).values).toEqual([null])
    await store.write({ puts: [{ key, value }], deletes: [] })
    expect((await read()).values).toEqual([value])
    await reader.close()
    await store.close()
  })
})
