// Goal: a bundle that goes through a file is the bundle. Method: random entries, written, read and cut short at any byte.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { OnlineEntry } from '../online/index.ts'
import { type BundleAbout, readBundle, writeBundle } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'noonmark-bundle-'))
afterAll(() => rmSync(folder, { recursive: true }))

const entry = fc.record({
  key: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  value: fc.uint8Array({ maxLength: 300 }),
})
const about: BundleAbout = {
  source: 'landings',
  features: ['ab'],
  freshGroups: [],
  cutoverMs: 5,
  first: true,
  historyIdsFromMs: null,
  historyRows: 2,
}
const plain = ({ key, value }: OnlineEntry) => [Buffer.from(key).toString('hex'), Buffer.from(value).toString('hex')]

async function readAll(path: string): Promise<string[][]> {
  const bundle = await readBundle(path)
  expect(bundle.about).toEqual(about)
  const read: string[][] = []
  for await (const piece of bundle.entries()) read.push(...piece.map(plain))
  return read
}

describe('a bundle in a file', () => {
  it('has the entries that were put into it, or is said not to be whole', async () => {
    let file = 0
    const property = fc.asyncProperty(fc.array(fc.array(entry, { minLength: 1 })), fc.nat(), async (pieces, cut) => {
      const path = join(folder, String(file++))
      await writeBundle(path, {
        about,
        async *entries() {
          yield* pieces
        },
      })
      expect(await readAll(path)).toEqual(pieces.flat().map(plain))
      const bytes = readFileSync(path)
      writeFileSync(path, bytes.subarray(0, cut % bytes.length))
      await expect(readAll(path)).rejects.toMatchObject({ code: 'segment_damaged' })
    })
    await fc.assert(property, { numRuns: 40 })
  })

  it('is outdated where it is gone', async () => {
    await expect(readBundle(join(folder, 'gone'))).rejects.toMatchObject({ code: 'fill_outdated' })
  })
})
