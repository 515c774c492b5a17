import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineRecord } from '../record.ts'
import { openSqliteMetadataStore } from './sqlite.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'metadata-'))
  file = join(folder, 'metadata.sqlite')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const note = defineRecord<{ writer: string; number: number }>({ kind: 'note', version: 1, indexes: ['writer'] })

/** A process that takes numbers and writes a record for each, reporting it once it is acknowledged: so many, or until it is killed. */
const writer = `
  import { writeSync } from 'node:fs'
  const [file, name, count, folderUrl] = process.argv.slice(1)
  const { defineRecord } = await import(folderUrl + 'index.ts')
  const { openSqliteMetadataStore } = await import(folderUrl + 'drivers/sqlite.ts')
  const note = defineRecord({ kind: 'note', version: 1, indexes: ['writer'] })
  const store = await openSqliteMetadataStore({ file })
  for (let left = Number(count); left > 0; left -= 1) {
    const number = await store.transaction(async (transaction) => {
      const number = await transaction.sequence({ project: 'p', name: 'note' })
      const last = await transaction.get(note, { project: 'p', id: 'last' })
      await transaction.put(note, { project: 'p', id: 'last', body: { writer: 'all', number: (last?.body.number ?? 0) + 1 } })
      await transaction.put(note, { project: 'p', id: String(number), body: { writer: name, number }, expectedRevision: 0 })
      return number
    })
    writeSync(1, number + '\\n')
  }
  await store.close()
`

function startWriter(name: string, count: number) {
  const folderUrl = new URL('../', import.meta.url).href
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer, file, name, `${count}`, folderUrl], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  const reports = { child, onReport: (_count: number) => {} }
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString()
    reports.onReport(output.split('\n').length - 1)
  })
  const numbers = once(child, 'close').then(() => output.split('\n').slice(0, -1).map(Number))
  return { ...reports, reports, numbers }
}

describe('a SQLite metadata store between processes', () => {
  it('gives each number once and loses no update, though several processes create it and write at the same time', async () => {
    const writers = ['a', 'b', 'c'].map((name) => startWriter(name, 60))
    const numbers = (await Promise.all(writers.map((one) => one.numbers))).flat()
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 180 }, (_, index) => index + 1))
    const store = await openSqliteMetadataStore({ file })
    expect((await store.get(note, { project: 'p', id: 'last' }))?.body.number).toBe(180)
    expect((await store.list(note, { project: 'p', where: { writer: 'b' } })).records).toHaveLength(60)
    await store.close()
  })

  it('has every acknowledged write after its writers were killed', async () => {
    const acknowledged: number[] = []
    for (const kills of [20, 45, 70]) {
      const writers = ['a', 'b'].map((name) => startWriter(name, 1_000_000))
      for (const { reports, child } of writers) {
        reports.onReport = (count) => {
          if (count >= kills) child.kill('SIGKILL')
        }
      }
      for (const one of writers) acknowledged.push(...(await one.numbers))
    }
    const store = await openSqliteMetadataStore({ file })
    const { records } = await store.list(note, { project: 'p' })
    const ids = new Set(records.map((record) => record.id))
    expect(acknowledged.length).toBeGreaterThanOrEqual(270)
    expect(acknowledged.filter((number) => !ids.has(String(number)))).toEqual([])
    expect((await store.get(note, { project: 'p', id: 'last' }))?.body.number).toBe(records.length - 1)
    await store.close()
  })

  it('does not block this process while another holds the store, and says so when it waited too long', async () => {
    const store = await openSqliteMetadataStore({ file, busyTimeoutMs: 200 })
    const holder = new Database(file)
    holder.exec('begin immediate')
    const waiting = store.transaction((transaction) => transaction.sequence({ project: 'p', name: 'a' }))
    const waited = expect(waiting).rejects.toMatchObject({ code: 'store_busy' })
    let turns = 0
    const counting = setInterval(() => {
      turns += 1
    }, 1)
    expect((await store.list(note, { project: 'p' }).catch((error: unknown) => error)) instanceof Error).toBe(true)
    await waited
    clearInterval(counting)
    expect(turns).toBeGreaterThan(3)
    holder.exec('rollback')
    expect(await store.transaction((transaction) => transaction.sequence({ project: 'p', name: 'a' }))).toBe(1)
    holder.close()
    await store.close()
  })
})

describe('a SQLite file', () => {
  it('of a newer release is refused and left as it is', async () => {
    await (await openSqliteMetadataStore({ file })).close()
    const newer = new Database(file)
    newer.exec("insert into migration values (99, 'of the future', 0)")
    newer.close()
    await expect(openSqliteMetadataStore({ file })).rejects.toMatchObject({
      code: 'store_newer',
      message: expect.stringContaining('migration 99'),
    })
  })

  it('of another program is refused', async () => {
    const other = new Database(file)
    other.exec('create table theirs (x)')
    other.close()
    await expect(openSqliteMetadataStore({ file })).rejects.toMatchObject({ code: 'store_foreign' })
  })
})
