import { join } from 'node:path'
import type { Reports } from '../../http/reports/room.ts'
import type { LatestReport } from '../../monitor/index.ts'
import type { Platform } from '../../platform.ts'
import { readCurve } from '../../train/index.ts'
import type { Instant } from '../../values/index.ts'
import type { Answering } from '../answering.ts'
import { readFolderStatus } from '../folder-status.ts'
import { trainingRecords } from '../operations-records.ts'
import { openDefinitionSources } from './definition-source.ts'
import { deploymentReport } from './deployment-report.ts'
import { featureViewReport } from './feature-view-report.ts'
import { modelReport } from './model-report.ts'
import { overviewReport } from './overview-report.ts'
import type { ReportSources } from './report-sources.ts'
import { runComparison, runReport } from './run-report.ts'
import { timeInLog } from './run-time.ts'
import { statusReport } from './status-report.ts'

/** What reports need of the process that answers. */
export interface ReportsOptions {
  readonly answering: Answering
  readonly frontiers: () => Readonly<Record<string, Instant>>
  readonly roles: ReportSources['roles']
}

/** Makes reports of a platform for whoever looks at it. It reads stores and writes none. */
export function openReports(platform: Platform, { answering, frontiers, roles }: ReportsOptions): Reports {
  const { project, clock, metadata, blobs, rootDir, layout } = platform
  const records = trainingRecords(platform)
  const reportMark = async (): Promise<string> => (await records.reports(1))[0]?.id ?? ''
  let kept: { readonly mark: string; readonly report: Promise<LatestReport | null> } | null = null
  const sources: ReportSources = {
    project,
    clock,
    metadata,
    blobs,
    records,
    state: () => answering.state(),
    traffic: answering.traffic,
    predictions: answering.predictions,
    features: () => answering.features,
    frontiers,
    definitions: openDefinitionSources(rootDir),
    reportMark,
    async monitorReport() {
      const mark = await reportMark()
      if (kept?.mark !== mark) {
        const report = records.latestReport()
        kept = { mark, report }
        report.catch(() => {
          kept = null
        })
      }
      return kept.report
    },
    curve: (run) => readCurve(join(layout.runs, run)),
    timeInLog: (run) => timeInLog(layout, run),
    folder: () => readFolderStatus(layout),
    roles,
  }
  return {
    overview: (window) => overviewReport(sources, window),
    featureView: (name) => featureViewReport(sources, name),
    model: (name, version) => modelReport(sources, name, version),
    run: (id) => runReport(sources, id),
    compareRuns: (first, second) => runComparison(sources, first, second),
    deployment: (name, window) => deploymentReport(sources, name, window),
    status: () => statusReport(sources),
  }
}
