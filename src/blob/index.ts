export {
  type BlobContent,
  type BlobEntry,
  type BlobStore,
  type BlobStoreSupports,
  type Digest,
  digestOf,
  isDigest,
} from './blob-store.ts'
