// Goal: an online store that is not what was written is never read: its writer removes it, says why, and begins anew; what is sound
// stays. Method: every kind of harm to the files of a closed store, and readers that stay open over it.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lmdbOnlineStore } from './lmdb.ts'
import { condemn } from './soundness.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'online-'))
  file = join(folder, 'data.mdb')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const bytes = (text: string) => new TextEncoder().encode(text)
const key = bytes('key')

async function write(text: string): Promise<void> {
  const store = lmdbOnlineStore({ folder })
  await store.write({ puts: [{ key, value: bytes(text) }], deletes: [] })
  await store.close()
}

/** What a writer says when it opens the folder, and what it finds there. */
async function openedAgain(): Promise<{ said: string[]; found: string | null }> {
  const said: string[] = []
  const store = lmdbOnlineStore({ folder, onAnew: (reason) => said.push(reason) })
  const { values } = await store.read({ gets: [key], ranges: [] })
  await store.close()
  return { said, found: values[0] == null ? null : new TextDecoder().decode(values[0]) }
}

function flip(byte: number): void {
  const content = readFileSync(file)
  content[byte]! ^= 0x10
  writeFileSync(file, content)
}

describe('an online store whose files were harmed', () => {
  it('is left as it is where they were not', async () => {
    await write('value')
    expect(await openedAgain()).toEqual({ said: [], found: 'value' })
    expect(await openedAgain()).toEqual({ said: [], found: 'value' })
  })

  const harms: readonly (readonly [string, () => void, RegExp])[] = [
    ['cut short', () => truncateSync(file, 4096 * 2 + 100), /data\.mdb has 8292 bytes of \d+/],
    ['emptied', () => truncateSync(file, 0), /is empty/],
    ['overwritten', () => writeFileSync(file, Buffer.alloc(20_000, 7)), /is not a file of LMDB/],
    ['changed in a page', () => flip(4096 * 2 + 4000), /another checksum/],
    ['changed in its first page', () => flip(200), /another checksum/],
    [
      'given up by its writer',
      () => condemn(folder, 'a value is not what was written'),
      /a value is not what was written/,
    ],
  ]
  for (const [what, harm, says] of harms) {
    it(`begins anew, aloud, where it was ${what}`, async () => {
      await write('value')
      harm()
      const { said, found } = await openedAgain()
      expect(said).toEqual([expect.stringMatching(says)])
      expect(found).toBeNull()
      await write('again')
      expect(await openedAgain()).toEqual({ said: [], found: 'again' })
    })
  }

  it('is read from the new files by a reader that had the old ones open', async () => {
    await write('old')
    const reader = lmdbOnlineStore({ folder, readOnly: true })
    const read = async () => new TextDecoder().decode((await reader.read({ gets: [key], ranges: [] })).values[0]!)
    expect(await read()).toBe('old')
    condemn(folder, 'for a test')
    await write('new')
    expect(await read()).toBe('new')
    await reader.close()
  })
})
