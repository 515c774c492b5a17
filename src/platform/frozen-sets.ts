import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../digest.ts'
import { defineRecord } from '../metadata/index.ts'
import type { Platform } from '../platform.ts'
import type { FrozenSet, FrozenSets, RowEvidence } from '../train/index.ts'

/** A training set in the metadata store, by its identity: its rows are a blob of Parquet. */
interface FrozenSetRecord {
  readonly content: Digest
  readonly blob: Digest
  readonly rows: number
  readonly summary: FrozenSet['summary']
}

export const frozenSetRecord = defineRecord<FrozenSetRecord>({ kind: 'training_set', version: 1, indexes: ['content'] })

/** What was found in a training set, by what the findings depend on. */
export const rowEvidenceRecord = defineRecord<RowEvidence>({ kind: 'row_evidence', version: 1, indexes: [] })

/** Training sets in the blob store of a platform. */
export function frozenSets({ project, metadata, blobs, engine, layout }: Platform): FrozenSets {
  return {
    async find(identity, without = []) {
      const record = await metadata.get(frozenSetRecord, { project, id: identity })
      if (record === null) return null
      const { blob, content, summary } = record.body
      const path = await blobs.localPath(blob)
      if (path === null) return null
      return { identity, content, summary, table: await engine().readTable(path, { without }) }
    },
    async keep({ identity, content, summary, table }) {
      await mkdir(layout.temporary, { recursive: true })
      const path = join(layout.temporary, `${identity}.parquet`)
      try {
        await engine().writeTable(table, path)
        const blob = await blobs.put({ file: path })
        const body = { content, blob, rows: table.rows, summary }
        await metadata.write([(transaction) => transaction.put(frozenSetRecord, { project, id: identity, body })])
      } finally {
        await rm(path, { force: true })
      }
    },
    evidence: async (key) => (await metadata.get(rowEvidenceRecord, { project, id: key }))?.body ?? null,
    keepEvidence: (key, body) =>
      metadata.write([(transaction) => transaction.put(rowEvidenceRecord, { project, id: key, body })]),
  }
}
