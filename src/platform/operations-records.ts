import type { Digest } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import type { DatasetJson, TrainingRecords } from '../http/work.ts'
import { defineRecord } from '../metadata/index.ts'
import type { Platform } from '../platform.ts'
import { hasEnded, type Run, type RunJson, runJson, versionJson } from '../registry/index.ts'
import { latestReport, storedReports } from './monitor-reports.ts'
import { leaseOf } from './operations-lease.ts'
import { readRunLog } from './operations-run-log.ts'

/** A dataset that is kept: its rows are a blob of Parquet. */
export interface KeptDataset {
  readonly model: string | null
  readonly moment: string
  readonly blob: Digest
  readonly summary: DatasetJson
}

/** Datasets by the digest of their content. */
export const datasetRecord = defineRecord<KeptDataset>({ kind: 'dataset', version: 1, indexes: ['model', 'moment'] })

/** The records of what was trained and built, for any process: it reads the stores and never writes them. */
export function trainingRecords(platform: Platform): TrainingRecords {
  const { registry, blobs } = platform
  return {
    runs: async (query) => Promise.all((await registry.runs(query)).map((run) => currentRun(platform, run))),
    run: async (id) => currentRun(platform, await registry.run(id)),
    runLog: (id, signal) => readRunLog(platform, id, signal),
    versions: async (model) => (await registry.versions(model)).map(versionJson),
    version: async (name) => versionJson(await registry.version(name)),
    dataset: async (content) => (await keptDataset(platform, content)).summary,
    latestReport: () => latestReport(platform),
    reports: (limit) => storedReports(platform, limit),
    datasetRows: async (content) => blobs.stream((await keptDataset(platform, content)).blob),
  }
}

/** A run with how far it is, where a process trains it now. */
export async function currentRun(platform: Platform, run: Run): Promise<RunJson> {
  if (hasEnded(run)) return runJson(run)
  return runJson(run, (await leaseOf(platform, run.id))?.progress ?? null)
}

/** A dataset that was built before. @throws not_found */
export async function keptDataset({ metadata, project }: Platform, content: string): Promise<KeptDataset> {
  const record = await metadata.get(datasetRecord, { project, id: content })
  if (record !== null) return record.body
  throw noonmarkError('not_found', {
    message: `There is no dataset ${content}.`,
    hint: 'Build it: noonmark dataset build <model>.',
    path: 'dataset',
  })
}
