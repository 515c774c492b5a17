import { createReadStream } from 'node:fs'
import { type BlobContent, type BlobStore, blobMissing, digestOf } from '../blob-store.ts'

/** A blob store that lives as long as its process. */
export function memoryBlobStore(): BlobStore {
  const blobs = new Map<string, Uint8Array>()
  const find = (digest: string) => {
    const bytes = blobs.get(digest)
    if (bytes === undefined) throw blobMissing(digest)
    // A copy, so that nobody changes what is stored.
    return bytes.slice()
  }
  return {
    supports: { durable: false, localPath: false },
    async put(content) {
      const bytes = await gather(content)
      const digest = digestOf(bytes)
      blobs.set(digest, bytes)
      return digest
    },
    get: async (digest) => find(digest),
    async *stream(digest) {
      yield find(digest)
    },
    async localPath(digest) {
      find(digest)
      return null
    },
    has: async (digest) => blobs.has(digest),
    async list() {
      const entries = [...blobs].map(([digest, bytes]) => ({ digest, sizeBytes: bytes.length }))
      return entries.sort((a, b) => (a.digest < b.digest ? -1 : 1))
    },
    delete: async (digest) => blobs.delete(digest),
    close: async () => undefined,
  }
}

async function gather(content: BlobContent): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content.slice()
  const pieces: Uint8Array[] = []
  for await (const piece of 'file' in content ? createReadStream(content.file) : content) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}
