import { blobStoreConformance } from '../conformance.ts'
import { memoryBlobStore } from './memory.ts'

blobStoreConformance('memory', { durable: false, localPath: false }, async () => ({
  open: async () => memoryBlobStore(),
  dispose: async () => undefined,
}))
