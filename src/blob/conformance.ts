import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BlobStore, BlobStoreSupports } from './blob-store.ts'

/** What the suite needs of a driver. */
export interface BlobStoreHarness {
  /** Opens the same store again after it was closed, or the first time. */
  open(): Promise<BlobStore>
  /** Changes a byte of a stored blob behind the store's back; left out where nobody can. */
  spoil?(digest: string): Promise<void>
  /** Removes what the store left behind. */
  dispose(): Promise<void>
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const absent = sha256(new TextEncoder().encode('nobody stored this'))

/** The laws of a blob store. Call it in a test file of your driver to certify it. */
export function blobStoreConformance(
  driver: string,
  supports: BlobStoreSupports,
  create: () => Promise<BlobStoreHarness>,
): void {
  describe(`blob store: ${driver}`, () => {
    let harness: BlobStoreHarness
    let store: BlobStore
    let folder: string
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'blob-conformance-'))
      harness = await create()
      store = await harness.open()
    })
    afterEach(async () => {
      await store.close()
      await harness.dispose()
      await rm(folder, { recursive: true, force: true })
    })

    const gather = async (digest: string) => {
      const pieces: Uint8Array[] = []
      for await (const piece of store.stream(digest)) pieces.push(piece)
      return Buffer.concat(pieces)
    }

    it('supports what it says', () => expect(store.supports).toEqual(supports))

    it('gives bytes of any size back under their SHA-256, however they came', async () => {
      for (const size of [0, 1, 1_000, 3_000_000]) {
        const bytes = new Uint8Array(randomBytes(size))
        const file = join(folder, 'content')
        await writeFile(file, bytes)
        const pieces = async function* () {
          for (let at = 0; at < size; at += 700_001) yield bytes.subarray(at, at + 700_001)
        }
        for (const content of [bytes, pieces(), { file }]) {
          const digest = await store.put(content)
          expect(digest).toBe(sha256(bytes))
          expect(Buffer.compare(await store.get(digest), bytes)).toBe(0)
          expect(Buffer.compare(await gather(digest), bytes)).toBe(0)
          await store.delete(digest)
        }
      }
    })

    it('keeps equal bytes once, also when many store them at the same time', async () => {
      const bytes = new TextEncoder().encode('the same')
      const digests = await Promise.all(Array.from({ length: 10 }, () => store.put(bytes)))
      expect(new Set(digests).size).toBe(1)
      expect(await store.list()).toEqual([{ digest: digests[0], sizeBytes: 8 }])
    })

    it('lists what it has by digest, and forgets what is deleted', async () => {
      const digests = await Promise.all(
        ['a', 'bb', 'ccc', 'dddd'].map((text) => store.put(new TextEncoder().encode(text))),
      )
      expect((await store.list()).map((entry) => entry.digest)).toEqual([...digests].sort())
      expect(await store.delete(digests[1]!)).toBe(true)
      expect(await store.delete(digests[1]!)).toBe(false)
      expect(await store.has(digests[1]!)).toBe(false)
      expect(await store.has(digests[2]!)).toBe(true)
      expect(await store.list()).toHaveLength(3)
      await expect(store.get(digests[1]!)).rejects.toMatchObject({ code: 'not_found' })
    })

    it('says of a digest that nobody stored, or that is none, that there is no such blob', async () => {
      for (const digest of [absent, '', 'x', '../../etc/passwd', absent.toUpperCase()]) {
        const error = { code: 'not_found', message: expect.stringContaining(digest) }
        await expect(store.get(digest)).rejects.toMatchObject(error)
        await expect(gather(digest)).rejects.toMatchObject(error)
        await expect(store.localPath(digest)).rejects.toMatchObject(error)
        expect(await store.has(digest)).toBe(false)
        expect(await store.delete(digest)).toBe(false)
      }
    })

    it('stores nothing of a stream that breaks or a file that is missing', async () => {
      const breaking = async function* () {
        yield new Uint8Array(10)
        throw new Error('the line is dead')
      }
      await expect(store.put(breaking())).rejects.toThrow('the line is dead')
      await expect(store.put({ file: join(folder, 'absent') })).rejects.toThrow(/ENOENT/)
      expect(await store.list()).toEqual([])
    })

    it('does not change when its owner changes the bytes that were stored or given out', async () => {
      const bytes = new TextEncoder().encode('before')
      const digest = await store.put(bytes)
      bytes.fill(0)
      ;(await store.get(digest)).fill(0)
      expect(new TextDecoder().decode(await store.get(digest))).toBe('before')
    })

    it(supports.localPath ? 'gives a file with the bytes' : 'gives no file, as it says', async () => {
      const bytes = new TextEncoder().encode('in a file')
      const digest = await store.put(bytes)
      for (let time = 0; time < 2; time += 1) {
        const path = await store.localPath(digest)
        expect(path !== null).toBe(supports.localPath)
        if (path !== null) expect(await readFile(path, 'utf8')).toBe('in a file')
      }
    })

    it('never gives out bytes that are not those of the digest, names it, and is mended by storing it again', async () => {
      const bytes = new Uint8Array(randomBytes(100_000))
      const digest = await store.put(bytes)
      await store.localPath(digest)
      if (harness.spoil === undefined) return
      await harness.spoil(digest)
      const error = { code: 'blob_damaged', message: expect.stringContaining(digest) }
      await expect(store.get(digest)).rejects.toMatchObject(error)
      await expect(gather(digest)).rejects.toMatchObject(error)
      if (supports.localPath) await expect(store.localPath(digest)).rejects.toMatchObject(error)
      await store.put(bytes)
      expect(Buffer.compare(await store.get(digest), bytes)).toBe(0)
    })

    it(supports.durable ? 'survives a restart' : 'is empty after a restart, as it says', async () => {
      const digest = await store.put(new TextEncoder().encode('kept'))
      await store.close()
      store = await harness.open()
      expect(await store.has(digest)).toBe(supports.durable)
    })
  })
}
