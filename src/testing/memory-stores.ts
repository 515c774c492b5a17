import { mkdir } from 'node:fs/promises'
import { memoryBlobStore } from '../blob/drivers/memory.ts'
import { memoryMetadataStore } from '../metadata/drivers/memory.ts'
import { memoryOnlineStore } from '../online/drivers/memory.ts'
import type { OpenStores } from '../platform/stores.ts'
import { memoryStreamLog } from '../stream/drivers/memory.ts'

/** Stores that live as long as their process. Writer and readers share them, as processes share files. */
export const memoryStores: OpenStores = async (layout, clock) => {
  // Work on files, such as what DuckDB spills, still needs a folder.
  await mkdir(layout.state, { recursive: true })
  const log = memoryStreamLog({ clock })
  const online = memoryOnlineStore()
  return {
    metadata: memoryMetadataStore({ clock }),
    blobs: memoryBlobStore(),
    openLog: async () => log,
    openLogReader: () => ({
      sources: () => log.sources(),
      read: (name, range) => log.read(name, range),
      extent: (name) => log.extent(name),
      close: async () => undefined,
    }),
    openOnline: async () => online,
    openOnlineReader: async () => online,
  }
}
