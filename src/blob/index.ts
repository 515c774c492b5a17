export {
  type BlobContent,
  type BlobEntry,
  type BlobStore,
  type BlobStoreSupports,
  type Digest,
  digestOf,
  isDigest,
} from './blob-store.ts'
export { openFilesystemBlobStore } from './drivers/filesystem.ts'
export { memoryBlobStore } from './drivers/memory.ts'
