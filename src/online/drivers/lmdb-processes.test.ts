// Goal: readers in other processes see each write whole, through map growth, and a killed reader leaves nothing behind.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { lmdbOnlineStore } from './lmdb.ts'

const driver = fileURLToPath(new URL('./lmdb.ts', import.meta.url))

/** Reads the keys 0..7 whenever it is asked on stdin, and says which round's bytes it found. */
const readerScript = `
  import { createInterface } from 'node:readline'
  const { lmdbOnlineStore } = await import(${JSON.stringify(driver)})
  const store = lmdbOnlineStore({ folder: process.argv[1], readOnly: true })
  const gets = Array.from({ length: 8 }, (_, i) => Uint8Array.of(1, i))
  console.log('ready')
  for await (const line of createInterface({ input: process.stdin })) {
    const { values } = await store.read({ gets, ranges: [{ from: gets[0], to: Uint8Array.of(2) }] })
    console.log(line + ' ' + [...new Set(values.map((value) => value?.[0] + 'x' + value?.length))].join(' '))
  }
`

describe('LMDB between processes', () => {
  const folders: string[] = []
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  async function reader(folder: string) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', readerScript, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    children.push(child)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('ready')
    return {
      child,
      async ask(question: string): Promise<string> {
        child.stdin.write(`${question}\n`)
        return String((await lines.next()).value)
      },
    }
  }

  it('shows every write to a reader as soon as it has resolved, while the store grows', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lmdb-'))
    folders.push(folder)
    const store = lmdbOnlineStore({ folder })
    const write = (round: number, sizeBytes: number) =>
      store.write({
        puts: Array.from({ length: 8 }, (_, i) => ({
          key: Uint8Array.of(1, i),
          value: new Uint8Array(sizeBytes).fill(round),
        })),
        deletes: [],
      })
    await write(0, 10)
    const other = await reader(folder)
    for (let round = 1; round <= 20; round++) {
      const sizeBytes = round * 400_000
      await write(round, sizeBytes)
      expect(await other.ask(`round ${round}`)).toBe(`round ${round} ${round}x${sizeBytes}`)
    }
    await store.close()
  })

  it('does not grow without end after readers were killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lmdb-'))
    folders.push(folder)
    let store = lmdbOnlineStore({ folder })
    const write = async (round: number) =>
      store.write({
        puts: Array.from({ length: 8 }, (_, i) => ({
          key: Uint8Array.of(1, i),
          value: new Uint8Array(50_000).fill(round),
        })),
        deletes: [],
      })
    await write(0)
    for (let i = 0; i < 3; i++) {
      const other = await reader(folder)
      await other.ask('once')
      other.child.kill('SIGKILL')
      await once(other.child, 'exit')
    }
    await store.close()
    store = lmdbOnlineStore({ folder })
    for (let round = 1; round < 200; round++) await write(round % 256)
    expect(statSync(join(folder, 'data.mdb')).size).toBeLessThan(20_000_000)
    await store.close()
  })
})
