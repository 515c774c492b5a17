import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { listSegments, openSegmentReader, type SegmentReader, wholeRecords } from '../segment/index.ts'
import type { Instant } from '../values/index.ts'
import type { LogReaders } from './log-readers.ts'
import type { PredictionPlace } from './prediction-id.ts'
import { predictionKind } from './prediction-log.ts'
import { firstOffsetSince, listLogs } from './prediction-reader.ts'
import { glanceAtPrediction, type PredictionGlance } from './prediction-record.ts'

/** Which of the latest predictions are wanted. */
export interface BackwardsQuery {
  readonly from?: Instant
  readonly to?: Instant
  readonly deployment?: string
  readonly limit: number
  /** Goes on before this place; from the end where null. */
  readonly before: PredictionPlace | null
  /** Told of what cannot be read, which is then left out; without it, such an error is thrown. */
  readonly onDamage?: (error: unknown) => void
}

const recordsAtOnce = 512
/** How many records one call looks at: a filter that few pass must not read a whole log. */
const mostLookedAt = 8_192

/** The latest predictions first, with the id to go on from; null at the end. */
export async function readBackwards(
  folder: string,
  readers: LogReaders,
  query: BackwardsQuery,
): Promise<{ readonly glances: readonly PredictionGlance[]; readonly next: string | null }> {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, deployment, limit, before } = query
  const all = await newestLogs(folder, await listLogs(folder))
  const logs = before === null ? all : all.slice(Math.max(0, all.indexOf(before.log)))
  const glances: PredictionGlance[] = []
  let lookedAt = 0
  const readLog = async (reader: SegmentReader, beforeOffset: number): Promise<string | null> => {
    const { firstOffset, nextOffset } = await reader.range()
    let end = Math.min(beforeOffset, nextOffset)
    while (end > firstOffset) {
      const begin = Math.max(firstOffset, end - recordsAtOnce)
      for (const bytes of (await readAll(reader, begin, end, query.onDamage)).toReversed()) {
        const glance = glanceAtPrediction(bytes)
        lookedAt++
        if (glance.at >= from && glance.at < to && (deployment === undefined || glance.deployment === deployment))
          glances.push(glance)
        if (glances.length === limit || lookedAt === mostLookedAt) return glance.predictionId
      }
      end = begin
    }
    return null
  }
  for (const log of logs) {
    const beforeOffset = before?.log === log ? before.offset : Number.POSITIVE_INFINITY
    const next = await readers.use(log, (reader) => readLog(reader, beforeOffset))
    if (next !== null) return { glances, next }
  }
  return { glances, next: null }
}

/** Logs by when they were last written, the latest first. */
export async function newestLogs(folder: string, logs: readonly string[]): Promise<string[]> {
  const written = await Promise.all(
    logs.map(async (log) => {
      const newest = (await listSegments(join(folder, log))).at(-1)
      return { log, atMs: newest === undefined ? 0 : (await stat(newest.path)).mtimeMs }
    }),
  )
  return written.sort((a, b) => b.atMs - a.atMs || (a.log < b.log ? -1 : 1)).map(({ log }) => log)
}

/** Records that are parsed in one go while others wait for the process. */
const glancesAtOnce = 128

/**
 * Reads what a log has since an instant, at most its last `mostRecords`, until `take` says no. Returns how many were read, and
 * whether that was all.
 */
export async function readGlances(
  folder: string,
  log: string,
  { sinceMs, mostRecords }: { readonly sinceMs: Instant; readonly mostRecords: number },
  take: (glances: readonly PredictionGlance[]) => Promise<boolean>,
): Promise<{ readonly read: number; readonly whole: boolean }> {
  const place = join(folder, log)
  const reader = openSegmentReader({ folder: place, kind: predictionKind })
  try {
    const { nextOffset } = await reader.range()
    const wanted = Math.min(await firstOffsetSince(place, sinceMs), nextOffset)
    const first = Math.max(wanted, nextOffset - mostRecords)
    let read = 0
    // What is lost is no traffic that could be counted; whoever lists predictions says so.
    const range = { from: first, to: nextOffset, atOnce: glancesAtOnce }
    for await (const found of wholeRecords(reader, range, () => undefined)) {
      read += found.length
      if (!(await take(found.map((bytes) => glanceAtPrediction(bytes))))) break
    }
    return { read, whole: first === wanted }
  } finally {
    await reader.close()
  }
}

async function readAll(
  reader: SegmentReader,
  begin: number,
  end: number,
  onDamage?: (error: unknown) => void,
): Promise<Uint8Array[]> {
  const found: Uint8Array[] = []
  const range = { from: begin, to: end, atOnce: end - begin }
  for await (const some of wholeRecords(reader, range, onDamage)) found.push(...some)
  return found
}
