import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { BlobStore } from '../blob/index.ts'
import { isNoonmarkError, noonmarkError } from '../errors.ts'
import { lmdbOnlineStore } from '../online/drivers/lmdb.ts'
import { checkSealed, type ValueKind, valueKinds } from '../online/sealed-value.ts'
import { isHistoryId } from '../online/state-key.ts'
import { openSegmentReader, wholeRecords } from '../segment/index.ts'
import { listLogs as listPredictionLogs } from '../serve/index.ts'
import { predictionKind } from '../serve/prediction-log.ts'
import { listLogs as listStreamLogs, logFolder } from '../stream/log-folder.ts'
import { recordKind } from '../stream/row-record.ts'
import type { Layout } from './layout.ts'

/** Entries of the online store, and records of a log, that are looked at in one go. */
const atOnce = 1_000

/**
 * Looks through the metadata store: pages, order of keys, indexes against tables. It is opened to be read only.
 * @throws store_damaged; store_newer and store_foreign come from opening the platform
 */
export function checkMetadata({ metadata }: Layout): string {
  if (!existsSync(metadata)) return 'none yet'
  let database: Database.Database | undefined
  try {
    database = new Database(metadata, { readonly: true, fileMustExist: true })
    const found = database.pragma('integrity_check(1)', { simple: true })
    if (found !== 'ok') throw damaged(metadata, String(found))
    const version = database.prepare('SELECT max(number) FROM migration').pluck().get()
    return `whole, version ${String(version)}`
  } catch (error) {
    throw isNoonmarkError(error) ? error : damaged(metadata, error instanceof Error ? error.message : String(error))
  } finally {
    database?.close()
  }
}

function damaged(file: string, reason: string) {
  return noonmarkError('store_damaged', {
    message: `The metadata store ${file} is damaged: ${reason.replace(/\s+/g, ' ').slice(0, 200)}.`,
  })
}

/**
 * Reads every record of every log of received rows.
 * @throws segment_damaged naming each hole
 */
export async function checkStream({ stream }: Layout): Promise<string> {
  const logs = await listStreamLogs(stream)
  const folders = logs.map((name) => ({ name: name.source, folder: logFolder(stream, name) }))
  return checkLogs(folders, recordKind, 'received rows')
}

/**
 * Reads every record of the prediction log.
 * @throws segment_damaged naming each hole
 */
export async function checkPredictions({ predictions }: Layout): Promise<string> {
  const names = await listPredictionLogs(predictions)
  const folders = names.map((name) => ({ name, folder: join(predictions, name) }))
  return checkLogs(folders, predictionKind, 'records')
}

async function checkLogs(
  logs: readonly { readonly name: string; readonly folder: string }[],
  kind: string,
  noun: string,
): Promise<string> {
  const holes: string[] = []
  let records = 0
  for (const { name, folder } of logs) {
    const reader = openSegmentReader({ folder, kind })
    try {
      const { firstOffset } = await reader.range()
      const read = wholeRecords(reader, { from: firstOffset, atOnce }, (error) =>
        holes.push(`${name}: ${error instanceof Error ? error.message : String(error)}`),
      )
      for await (const payloads of read) records += payloads.length
    } catch (error) {
      if (!isNoonmarkError(error)) throw error
      holes.push(`${name}: ${error.message}`)
    } finally {
      await reader.close()
    }
  }
  if (holes.length > 0)
    throw noonmarkError('segment_damaged', {
      message: `${holes.join(' ')} ${records} ${noun} can be read.`,
      hint: 'Restore the file named from a backup; everything else is read around it meanwhile.',
    })
  return `${records} ${noun} in ${logs.length} log${logs.length === 1 ? '' : 's'}, all whole`
}

/**
 * Looks at the checksum of every value of the online state.
 * @throws state_damaged, store_newer
 */
export async function checkOnline({ online: folder }: Layout): Promise<string> {
  if (!existsSync(join(folder, 'data.mdb'))) return 'none yet'
  const store = lmdbOnlineStore({ folder, readOnly: true })
  const kindOf = new Map(Object.entries(valueKinds).map(([kind, byte]) => [byte as number, kind as ValueKind])) // its own entries
  let values = 0
  try {
    const to = new Uint8Array(8).fill(0xff)
    for (let from = new Uint8Array(0); ; ) {
      const { ranges } = await store.read({ gets: [], ranges: [{ from, to, limit: atOnce }] })
      const entries = ranges[0]!
      for (const { key, value } of entries) {
        // An id of history is its key alone.
        if (value.length === 0 && isHistoryId(key)) continue
        checkSealed(kindOf.get(value[0]!) ?? 'row', value)
      }
      values += entries.length
      if (entries.length < atOnce) break
      // The next key is the last one and a zero byte: nothing lies between.
      from = new Uint8Array([...entries.at(-1)!.key, 0])
    }
  } catch (error) {
    if (isNoonmarkError(error) && error.code === 'store_unavailable') return 'filled again at the next start'
    throw error
  } finally {
    await store.close()
  }
  return `${values} values, all whole`
}

/**
 * Reads every blob, which looks at its digest.
 * @throws blob_damaged naming each
 */
export async function checkBlobs(
  blobs: BlobStore,
  onProgress: (label: string, done: number, total: number) => void,
): Promise<string> {
  const entries = await blobs.list()
  const broken: string[] = []
  for (const [i, { digest }] of entries.entries()) {
    onProgress('read blobs', i + 1, entries.length)
    try {
      for await (const _ of blobs.stream(digest)) {
        // Read to the end: only then is the digest known.
      }
    } catch (error) {
      if (!isNoonmarkError(error)) throw error
      broken.push(error.message)
    }
  }
  if (broken.length > 0) throw noonmarkError('blob_damaged', { message: broken.join(' ') })
  return `${entries.length} blobs, each with the bytes of its digest`
}
