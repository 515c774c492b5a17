// Goal: who writes a driver can certify it. Method: do so through the public subpath, as the test file of such a driver would.
import { memoryBlobStore } from '../../src/blob/drivers/memory.ts'
import { memoryOnlineStore } from '../../src/online/drivers/memory.ts'
import { blobStoreConformance, onlineStoreConformance } from '../../src/testing/index.ts'

await onlineStoreConformance('a driver of somebody else', () => memoryOnlineStore())

await blobStoreConformance('a driver of somebody else', { durable: false, localPath: false }, async () => ({
  open: async () => memoryBlobStore(),
  dispose: async () => undefined,
}))
