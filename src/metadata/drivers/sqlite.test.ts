import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { metadataStoreConformance } from '../conformance.ts'
import { openSqliteMetadataStore } from './sqlite.ts'

metadataStoreConformance('sqlite', { durable: true, sharedWriters: true }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'metadata-'))
  return {
    open: (clock) => openSqliteMetadataStore({ file: join(folder, 'metadata.sqlite'), clock }),
    dispose: () => rm(folder, { recursive: true, force: true }),
  }
})
