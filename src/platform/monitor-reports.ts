import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { decodeTime, ulid } from 'ulid'
import type { Digest } from '../digest.ts'
import { defineRecord, deleteRecord, type MetadataStore, putRecord } from '../metadata/index.ts'
import type { LatestReport, StoredReport } from '../monitor/index.ts'
import type { Platform } from '../platform.ts'
import { formatInstant } from '../values/index.ts'
import { dataSeen, isMeasureDue } from './monitor-schedule.ts'
import { type WatchOptions, watch } from './watching.ts'

/** A report in the metadata store, by its id: what is small stands here, the report is a blob of JSON under gzip. */
interface KeptReport extends Omit<StoredReport, 'id'> {
  readonly blob: Digest
  /** What had been logged when it was begun; see `dataSeen`. */
  readonly seen: string | null
}

export const monitorReportRecord = defineRecord<KeptReport>({ kind: 'monitor_report', version: 1, indexes: [] })

/** So many reports are kept; older ones make way. */
const keptReports = 200

/** Measures now and keeps the report. @throws not_found where nothing was predicted yet */
export async function measureMonitors(
  platform: Platform,
  { reason, ...options }: WatchOptions & { readonly reason: StoredReport['reason'] },
): Promise<LatestReport> {
  const started = performance.now()
  const seen = await dataSeen(platform)
  const { report, covers } = await watch(platform, options)
  const measuredAtMs = Date.now()
  const [before] = await newest(platform, 1)
  // Reports are found by id, the newest last, also where the clock was set back between them.
  const idMs = before === undefined ? measuredAtMs : Math.max(measuredAtMs, decodeTime(before.id) + 1)
  const stored: StoredReport = {
    id: ulid(idMs),
    measured_at: formatInstant(measuredAtMs),
    seconds: Math.round(performance.now() - started) / 1000,
    reason,
    cut: report.cut,
    parity: report.parity,
    covers,
  }
  const latest: LatestReport = { ...stored, report }
  await keep(platform, { ...stored, seen }, latest)
  return latest
}

/** Whether something was logged that no report covers yet, and the last report is old enough. */
export async function isReportDue(platform: Platform): Promise<boolean> {
  const [record] = await newest(platform, 1)
  return isMeasureDue(await dataSeen(platform), record?.body ?? null, Date.now())
}

/** The report that was measured last, whoever asked for it; null before the first. */
export async function latestReport(platform: Platform): Promise<LatestReport | null> {
  const [record] = await newest(platform, 1)
  if (record === undefined) return null
  const bytes = await promisify(gunzip)(await platform.blobs.get(record.body.blob))
  return JSON.parse(bytes.toString('utf8')) // what `keep` wrote, under its digest
}

/** What is kept beside the latest reports, the newest first. */
export async function storedReports(platform: Platform, limit: number): Promise<StoredReport[]> {
  return (await newest(platform, limit)).map(({ id, body: { blob: _blob, seen: _seen, ...body } }) => ({ id, ...body }))
}

const newest = async (
  { metadata, project }: { readonly metadata: MetadataStore; readonly project: string },
  limit: number,
) => (await metadata.list(monitorReportRecord, { project, order: { by: 'id', descending: true }, limit })).records

async function keep(
  platform: Platform,
  { id, ...stored }: StoredReport & Pick<KeptReport, 'seen'>,
  latest: LatestReport,
): Promise<void> {
  const { metadata, blobs, project } = platform
  // With its id in it no two reports are the same blob, so that one can go without the other.
  const blob = await blobs.put(await promisify(gzip)(JSON.stringify(latest)))
  await metadata.write([putRecord(monitorReportRecord, { project, id, body: { ...stored, blob } })])
  for (const { id: old, body } of (await newest(platform, keptReports * 2)).slice(keptReports)) {
    await metadata.write([deleteRecord(monitorReportRecord, { project, id: old })])
    await blobs.delete(body.blob)
  }
}
