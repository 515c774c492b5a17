import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import {
  type BlobContent,
  type BlobStore,
  blobDamaged,
  blobMissing,
  type Digest,
  digestOf,
  isDigest,
} from '../blob-store.ts'

const partialFolder = 'partial'
const abandonedAfterMs = 86_400_000

/**
 * Opens a blob store in a folder: `<folder>/<first two digits>/<digest>`, files that nobody may write. Several processes may use it at
 * the same time. A blob is written beside, synced and renamed, so that a crash leaves it whole or absent.
 */
export async function openFilesystemBlobStore(options: { readonly folder: string }): Promise<BlobStore> {
  const store = new FolderBlobs(resolve(options.folder))
  await store.begin()
  return store
}

class FolderBlobs implements BlobStore {
  readonly supports = { durable: true, localPath: true }
  readonly #folder: string
  /** Files whose bytes were found to be those of their digest, by what changes when they do. */
  readonly #sound = new Map<Digest, string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Creates the folder and removes what crashed writers left behind long ago. */
  async begin(): Promise<void> {
    const partials = join(this.#folder, partialFolder)
    await makeFolder(partials)
    for (const name of await readdir(partials)) {
      const path = join(partials, name)
      const written = await stat(path).catch(() => null)
      if (written !== null && Date.now() - written.mtimeMs > abandonedAfterMs) await rm(path, { force: true })
    }
  }

  async put(content: BlobContent): Promise<Digest> {
    const partial = join(this.#folder, partialFolder, randomUUID())
    try {
      const digest = await writePartial(partial, content)
      const path = this.#path(digest)
      await makeFolder(dirname(path))
      await rename(partial, path)
      await syncFolder(dirname(path))
      return digest
    } catch (error) {
      await rm(partial, { force: true })
      throw error
    }
  }

  async get(digest: Digest): Promise<Uint8Array> {
    const handle = await this.#open(digest)
    try {
      const bytes = await handle.readFile()
      const found = digestOf(bytes)
      if (found !== digest) throw blobDamaged(digest, found, this.#path(digest))
      return bytes
    } finally {
      await handle.close()
    }
  }

  async *stream(digest: Digest): AsyncGenerator<Uint8Array> {
    const handle = await this.#open(digest)
    try {
      const hash = createHash('sha256')
      for await (const piece of handle.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 })) {
        const bytes: Uint8Array = piece // no encoding is set, so pieces are bytes
        hash.update(bytes)
        yield bytes
      }
      const found = hash.digest('hex')
      if (found !== digest) throw blobDamaged(digest, found, this.#path(digest))
    } finally {
      await handle.close()
    }
  }

  async localPath(digest: Digest): Promise<string> {
    const path = this.#path(digest)
    const before = await this.#state(digest)
    if (before === null) throw blobMissing(digest)
    if (this.#sound.get(digest) !== before) {
      for await (const _ of this.stream(digest)) {
        // Only the check at the end matters.
      }
      this.#sound.set(digest, before)
    }
    return path
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.#state(digest)) !== null
  }

  async list() {
    const entries: { digest: Digest; sizeBytes: number }[] = []
    for (const shard of (await readdir(this.#folder)).filter((name) => /^[0-9a-f]{2}$/.test(name)).sort()) {
      for (const digest of (await readdir(join(this.#folder, shard))).filter(isDigest).sort()) {
        const file = await stat(this.#path(digest)).catch(missing)
        if (file !== null) entries.push({ digest, sizeBytes: file.size })
      }
    }
    return entries
  }

  async delete(digest: Digest): Promise<boolean> {
    if (!isDigest(digest)) return false
    const removed = await unlink(this.#path(digest)).then(() => true, missing)
    if (removed === null) return false
    this.#sound.delete(digest)
    await syncFolder(dirname(this.#path(digest)))
    return true
  }

  async close(): Promise<void> {}

  #path(digest: Digest): string {
    return join(this.#folder, digest.slice(0, 2), digest)
  }

  async #open(digest: Digest): Promise<FileHandle> {
    const handle = isDigest(digest) ? await open(this.#path(digest), 'r').catch(missing) : null
    if (handle === null) throw blobMissing(digest)
    return handle
  }

  /** What changes when a blob's file does; null where there is none. */
  async #state(digest: Digest): Promise<string | null> {
    const file = isDigest(digest) ? await stat(this.#path(digest), { bigint: true }).catch(missing) : null
    return file === null ? null : [file.ino, file.size, file.mtimeNs, file.ctimeNs].join(' ')
  }
}

async function writePartial(path: string, content: BlobContent): Promise<Digest> {
  const hash = createHash('sha256')
  const handle = await open(path, 'wx')
  try {
    for await (const piece of piecesOf(content)) {
      hash.update(piece)
      let written = 0
      while (written < piece.length) written += (await handle.write(piece, written)).bytesWritten
    }
    await handle.chmod(0o444)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return hash.digest('hex')
}

async function* piecesOf(content: BlobContent): AsyncGenerator<Uint8Array> {
  if (content instanceof Uint8Array) yield content
  else yield* 'file' in content ? createReadStream(content.file, { highWaterMark: 256 * 1024 }) : content
}

/** Creates a folder with its parents, all of them durable. */
async function makeFolder(folder: string): Promise<void> {
  const firstCreated = await mkdir(folder, { recursive: true })
  if (firstCreated === undefined) return
  for (let created = folder; ; created = dirname(created)) {
    await syncFolder(dirname(created))
    if (created === firstCreated || created === dirname(created)) return
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Turns the error of a file that does not exist into null, for `catch`. */
function missing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}
