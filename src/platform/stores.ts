import { mkdir } from 'node:fs/promises'
import { openFilesystemBlobStore } from '../blob/drivers/filesystem.ts'
import type { BlobStore } from '../blob/index.ts'
import type { Clock } from '../clock.ts'
import { openSqliteMetadataStore } from '../metadata/drivers/sqlite.ts'
import type { MetadataStore } from '../metadata/index.ts'
import { lmdbOnlineStore } from '../online/drivers/lmdb.ts'
import { condemn } from '../online/drivers/soundness.ts'
import type { OnlineStore } from '../online/index.ts'
import { openFileLogReader, openFileStreamLog } from '../stream/drivers/file.ts'
import type { LogReader, StreamLog } from '../stream/index.ts'
import type { Layout } from './layout.ts'
import { refuseOrphans } from './orphans.ts'

/** Where a platform keeps its state. What is opened here is closed by whoever opened it. */
export interface Stores {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  /** Opens the stream log for its one writer. @throws folder_locked another process writes there */
  openLog(): Promise<StreamLog>
  /** Opens received rows beside the process that writes them. */
  openLogReader(): LogReader
  /** Opens the online state for its one writer; files that cannot be trusted are removed, aloud. */
  openOnline(): Promise<OnlineStore>
  /** Gives the online state up: whoever opens it next for writing begins anew. */
  condemnOnline?(reason: string): void
  /** Opens the online state as the writer leaves it; until there was a writer, reads fail. */
  openOnlineReader(): Promise<OnlineStore>
}

/** Opens the stores of a platform. */
export type OpenStores = (layout: Layout, clock: Clock) => Promise<Stores>

/** The embedded stores of a project's folder. */
export const folderStores: OpenStores = async (layout, clock) => {
  await mkdir(layout.state, { recursive: true })
  await refuseOrphans(layout)
  return {
    metadata: await openSqliteMetadataStore({ file: layout.metadata, clock }),
    blobs: await openFilesystemBlobStore({ folder: layout.blobs }),
    openLog: () => openFileStreamLog({ folder: layout.stream, clock }),
    openLogReader: () => openFileLogReader({ folder: layout.stream }),
    openOnline: async () =>
      lmdbOnlineStore({
        folder: layout.online,
        onAnew: (reason) =>
          console.error(`The online state is damaged and is filled again from history and log: ${reason}.`),
      }),
    condemnOnline: (reason) => condemn(layout.online, reason),
    openOnlineReader: async () => lmdbOnlineStore({ folder: layout.online, readOnly: true }),
  }
}
