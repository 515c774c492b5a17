import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../digest.ts'
import { isNoonmarkError, noonmarkError } from '../errors.ts'
import {
  isMissing,
  listSegments,
  openSegmentReader,
  readEndMark,
  readSegmentMark,
  wholeRecords,
} from '../segment/index.ts'
import type { Instant } from '../values/index.ts'
import { type LogReaders, openLogReaders } from './log-readers.ts'
import { type PredictionContract, readContract } from './prediction-contract.ts'
import { type PredictionPlace, predictionPlace } from './prediction-id.ts'
import { predictionKind } from './prediction-log.ts'
import { readBackwards } from './prediction-newest.ts'
import { glanceAtPrediction, type PredictionGlance, type PredictionRecord } from './prediction-record.ts'

/** Which predictions are read. */
export interface PredictionQuery {
  /** The moment lies at or after this. */
  readonly from?: Instant
  /** The moment lies before this. */
  readonly to?: Instant
  readonly deployment?: string
  /** Goes on after the prediction of this id, in the order of an earlier reading. */
  readonly after?: string
  /** Told of what cannot be read, which is then left out; without it, such an error is thrown. */
  readonly onDamage?: (error: unknown) => void
}

/** Reads the prediction logs of a project, those of running serve processes included. */
export interface PredictionReader {
  /** The record of an id: one segment is read. Null where no log has it. */
  get(id: string): Promise<PredictionRecord | null>
  /** The records of a period: log by log, each in its own order. */
  read(query?: PredictionQuery): AsyncIterable<PredictionRecord>
  /** The latest first: the log that was written last from its end, then the one before. `after` goes on further back. */
  newest(query: PredictionQuery & { readonly limit: number }): Promise<PredictionPage>
}

/** Some predictions, and where to go on. */
export interface PredictionPage {
  readonly records: readonly PredictionRecord[]
  /** The id to give as `after`; null at the end. A page may be short and yet not the last. */
  readonly next: string | null
}

/** Opens the prediction logs under a folder for reading; the folder may not exist yet. */
export function openPredictionReader(folder: string): PredictionReader {
  const contracts = new Map<Digest, Promise<PredictionContract>>()
  const readers = openLogReaders(folder)
  const open = async (glance: PredictionGlance): Promise<PredictionRecord> => {
    let contract = contracts.get(glance.contract)
    if (contract === undefined) {
      contract = readContract(folder, glance.contract)
      contracts.set(glance.contract, contract)
      contract.catch(() => contracts.delete(glance.contract))
    }
    return glance.open(await contract)
  }
  return {
    async get(id) {
      const place = predictionPlace(id)
      if (place === null) return null
      const bytes = await readAt(readers, place)
      if (bytes === undefined) return null
      const glance = glanceAtPrediction(bytes)
      return glance.predictionId === id ? open(glance) : null
    },
    async *read(query = {}) {
      const after = query.after === undefined ? null : placeAfter(query.after)
      for (const log of await listLogs(folder)) {
        if (after !== null && log < after.log) continue
        const from = after?.log === log ? after.offset + 1 : 0
        for await (const glance of readLog(join(folder, log), from, query)) yield await open(glance)
      }
    },
    async newest({ limit, after, ...query }) {
      const place = after === undefined ? null : placeAfter(after)
      const { glances, next } = await readBackwards(folder, readers, { ...query, limit, before: place })
      return { records: await Promise.all(glances.map(open)), next }
    },
  }
}

/**
 * The predictions that count in metrics: of each moment key (and item), deployment and version the first that was logged.
 * A caller who asks twice, or a retry, changes nothing.
 */
export function firstAcknowledged(records: Iterable<PredictionRecord>): PredictionRecord[] {
  const first = new Map<string, PredictionRecord>()
  for (const record of records) {
    const key = identityKey(record)
    const known = first.get(key)
    if (known === undefined || isEarlier(record, known)) first.set(key, record)
  }
  return [...first.values()]
}

function identityKey({ project, deployment, arm, version, key, item }: PredictionRecord): string {
  // A champion's moment counts once, whichever version was champion; of shadows each version counts.
  const answers = arm === 'shadow' ? version : null
  return JSON.stringify([project, deployment, arm, answers, key.map(({ value }) => String(value)), item])
}

function isEarlier(a: PredictionRecord, b: PredictionRecord): boolean {
  return a.loggedAt < b.loggedAt || (a.loggedAt === b.loggedAt && a.predictionId < b.predictionId)
}

function placeAfter(id: string): PredictionPlace {
  const place = predictionPlace(id)
  if (place !== null) return place
  throw noonmarkError('request_invalid', { message: `'${id}' is not a prediction id.`, path: 'query.after' })
}

/** The names of the logs in a folder. */
export async function listLogs(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  return names.filter((name) => /^[0-9A-HJKMNP-TV-Z]{7}$/.test(name)).sort()
}

async function readAt(readers: LogReaders, { log, offset }: PredictionPlace): Promise<Uint8Array | undefined> {
  try {
    return (await readers.use(log, (reader) => reader.read(offset, 1)))[0]
  } catch (error) {
    if (isNoonmarkError(error) && error.code === 'log_position_gone') return undefined
    throw error
  }
}

async function* readLog(folder: string, fromOffset: number, query: PredictionQuery): AsyncIterable<PredictionGlance> {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, deployment, onDamage } = query
  const reader = openSegmentReader({ folder, kind: predictionKind })
  try {
    const begin = Math.max(fromOffset, await firstOffsetSince(folder, from))
    for await (const payloads of wholeRecords(reader, { from: begin, atOnce: 4096 }, onDamage)) {
      for (const bytes of payloads) {
        const glance = glanceAtPrediction(bytes)
        if (glance.at < from || glance.at >= to) continue
        if (deployment === undefined || glance.deployment === deployment) yield glance
      }
    }
  } finally {
    await reader.close()
  }
}

/**
 * Where reading of what was logged since an instant may begin, and with it of all moments since then: a moment is never logged
 * before it happened, and everything in a segment was logged by the time that the next one begins with.
 */
export async function firstOffsetSince(folder: string, from: Instant): Promise<number> {
  const segments = await listSegments(folder)
  // A first segment that is gone is not passed over: reading says that it is.
  let offset = (await readEndMark(folder))?.firstOffset ?? segments[0]?.firstOffset ?? 0
  for (const segment of segments.slice(1)) {
    if ((await readSegmentMark(segment, predictionKind)) >= from) break
    offset = segment.firstOffset
  }
  return offset
}
