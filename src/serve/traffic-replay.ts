import { setImmediate as turn } from 'node:timers/promises'
import type { Instant } from '../values/index.ts'
import { newestLogs, readGlances } from './prediction-newest.ts'
import { type Traffic, trafficReachMs } from './traffic.ts'

/** What is counted again after a start. */
export interface TrafficReplayOptions {
  /** Where the prediction logs stand. */
  readonly folder: string
  /** The logs to read: those that stood before this process opened its own. */
  readonly logs: readonly string[]
  readonly traffic: Traffic
  readonly now: Instant
  readonly signal: AbortSignal
  /** The most records read, the newest first; 500,000 by default, some seconds of a core. */
  readonly mostRecords?: number
}

/** Records counted before other work gets a turn. */
const recordsAtOnce = 200

/** Counts what earlier processes answered, out of their logs, while this one answers. */
export async function replayTraffic(options: TrafficReplayOptions): Promise<void> {
  const { folder, logs, traffic, now, signal, mostRecords = 500_000 } = options
  let left = mostRecords
  for (const log of await newestLogs(folder, logs)) {
    if (left <= 0) break
    left -= await readGlances(folder, log, { sinceMs: now - trafficReachMs, mostRecords: left }, async (glances) => {
      for (const [place, glance] of glances.entries()) {
        traffic.observe(glance.seen())
        if (place % recordsAtOnce === recordsAtOnce - 1) await turn()
      }
      return !signal.aborted
    })
    if (signal.aborted) return
  }
  traffic.completed()
}
