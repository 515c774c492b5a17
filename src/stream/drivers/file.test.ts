import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { streamLogConformance } from '../conformance.ts'
import { openFileStreamLog } from './file.ts'

streamLogConformance('file', { durable: true, sharedReaders: true }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stream-'))
  return {
    open: (clock) => openFileStreamLog({ folder, clock, rollBytes: 1 }),
    dispose: () => rm(folder, { recursive: true, force: true }),
  }
})
