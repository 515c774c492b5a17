import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReplayClock } from '../clock.ts'
import type { StoredReport } from '../monitor/index.ts'
import type { Platform } from '../platform.ts'
import { listSegments } from '../segment/index.ts'
import { listLogs } from '../serve/index.ts'
import { parseInstant } from '../values/index.ts'
import { frontiersNow } from './frontiers-now.ts'

/** Not more often than this, on the real clock. */
const leastPauseMs = 3 * 60_000
/** A report that takes long is made more seldom: measuring is at most one part in so many of the time. */
const longestShare = 20

/**
 * Names what predictions and events have been logged so far, without reading them: another text means that there are more. Null
 * before the first prediction.
 */
export async function dataSeen({ layout, logReader }: Pick<Platform, 'layout' | 'logReader'>): Promise<string | null> {
  const predictions: Record<string, string> = {}
  for (const log of await listLogs(layout.predictions)) {
    const newest = (await listSegments(join(layout.predictions, log))).at(-1)
    if (newest !== undefined) predictions[log] = `${newest.firstOffset}+${(await stat(newest.path)).size}`
  }
  if (Object.keys(predictions).length === 0) return null
  const events: Record<string, number> = {}
  for (const name of await logReader().sources())
    events[`${name.project}/${name.source}`] = (await logReader().extent(name)).nextOffset
  return JSON.stringify([predictions, events])
}

/** What is known of the report that was measured last. */
export interface LastMeasured extends Pick<StoredReport, 'measured_at' | 'seconds'> {
  /** The data that was there when it was begun. */
  readonly seen: string | null
}

/** Whether to measure again: something new was logged, and the last report is old enough for what it cost. */
export function isMeasureDue(seen: string | null, last: LastMeasured | null, nowMs: number): boolean {
  if (seen === null || seen === last?.seen) return false
  if (last === null) return true
  const sinceMs = nowMs - parseInstant(last.measured_at)
  // The clock was set back: the pause would else last until it has caught up.
  if (sinceMs < 0) return true
  return sinceMs >= Math.max(leastPauseMs, last.seconds * 1000 * longestShare)
}

/** On a replay clock nobody tells this process how late it is while nobody asks it for anything: the frontiers do. */
export async function catchUpClock(platform: Platform): Promise<void> {
  const { clock } = platform
  if (!clock.replay) return
  const { manifest } = await platform.applied()
  const latest = Math.max(...Object.values(await frontiersNow(platform, Object.keys(manifest.sources))))
  if (Number.isFinite(latest) && latest > clock.now()) (clock as ReplayClock).advance(latest) // replay says so
}
