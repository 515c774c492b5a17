import { metadataStoreConformance } from '../conformance.ts'
import { memoryMetadataStore } from './memory.ts'

metadataStoreConformance('memory', { durable: false, sharedWriters: false }, async () => ({
  open: async (clock) => memoryMetadataStore({ clock }),
  dispose: async () => undefined,
}))
