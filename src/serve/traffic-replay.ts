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
  /** The most records read, the newest first; 200,000 by default, some seconds of a core. */
  readonly mostRecords?: number
}

/** Counts what earlier processes answered, out of their logs, while this one answers. */
export async function replayTraffic(options: TrafficReplayOptions): Promise<void> {
  const { folder, logs, traffic, now, signal, mostRecords = 200_000 } = options
  let left = mostRecords
  /** When the first record of the log read last was given: everything since then is counted. */
  let sinceMs = now
  for (const log of await newestLogs(folder, logs)) {
    const range = { sinceMs: now - trafficReachMs, mostRecords: left }
    let begun = false
    const { read, whole } = await readGlances(folder, log, range, async (glances) => {
      if (!begun) sinceMs = glances[0]?.loggedAt ?? sinceMs
      begun = true
      for (const glance of glances) traffic.observe(glance.seen())
      await turn()
      return !signal.aborted
    })
    if (signal.aborted) return
    left -= read
    // What is older, in this log and in those that were written before it, is not counted.
    if (!whole) return traffic.completed(sinceMs + 1)
  }
  traffic.completed(Number.NEGATIVE_INFINITY)
}
