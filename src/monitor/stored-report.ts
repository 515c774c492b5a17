import type { MonitorReport } from './monitor-report.ts'
import type { ParityCounts } from './parity-tally.ts'

/** What is kept of a report beside the report itself: when it was measured, why, and what it covers. */
export interface StoredReport {
  /** A ULID: later reports have greater ones. */
  readonly id: string
  /** On the real clock, also where the platform stands on a replay clock. */
  readonly measured_at: string
  readonly seconds: number
  /** Asked for by somebody, or measured because new data had come. */
  readonly reason: 'asked' | 'new_data'
  /** The report's cut, on the platform's clock: outcomes known before it are used. */
  readonly cut: string
  /** Over all moments. */
  readonly parity: ParityCounts
  readonly covers: ReportCover
}

/** Which predictions and tables a report is made from. */
export interface ReportCover {
  readonly predictions: number
  /** The instant at which the last of its predictions was logged; null without any. */
  readonly logged_until: string | null
  readonly moments: readonly {
    readonly moment: string
    readonly predictions: number
    readonly from: string | null
    readonly to: string | null
    readonly deployments: readonly string[]
  }[]
  /** Until when every received row of a source is in its table; null where nobody can say. */
  readonly sources: readonly { readonly source: string; readonly complete_until: string | null }[]
}

/** `GET /v1/monitors/latest`: the last report that was measured, with what is kept beside it. */
export interface LatestReport extends StoredReport {
  readonly report: MonitorReport
}
