import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blobStoreConformance } from '../conformance.ts'
import { openFilesystemBlobStore } from './filesystem.ts'

blobStoreConformance('filesystem', { durable: true, localPath: true }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'blob-'))
  return {
    open: () => openFilesystemBlobStore({ folder }),
    async spoil(digest) {
      const path = join(folder, digest.slice(0, 2), digest)
      const bytes = await readFile(path)
      bytes[77] = (bytes[77] ?? 0) ^ 1
      await chmod(path, 0o644)
      await writeFile(path, bytes)
    },
    dispose: () => rm(folder, { recursive: true, force: true }),
  }
})
