import { createReadStream } from 'node:fs'
import { extname, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { SourceSpec } from '../../define/index.ts'
import { errorBody, isNoonmarkError, noonmarkError } from '../../errors.ts'
import type { OfflineEngine } from '../../offline/index.ts'
import { ingestTarget } from '../../platform/ingesting.ts'
import { jsonRow, tableRow } from '../../values/index.ts'
import type { Command } from '../command.ts'

const batchRows = 500

/** `noonmark ingest` */
export const ingest: Command = {
  verb: ['ingest'],
  summary: 'send the rows of a file (CSV, JSON lines or Parquet) into a source, as events',
  arguments: [
    { name: 'source', summary: 'the source' },
    { name: 'file', summary: 'the file' },
  ],
  options: [{ name: 'backfill', summary: 'trust the declared times of rows that arrive only now' }],
  async run(context, input) {
    const platform = await context.platform()
    const { manifest } = await platform.applied()
    const name = input.arguments.source!
    const source = manifest.sources[name]
    if (source === undefined) {
      throw noonmarkError('not_found', {
        message: `There is no source ${name}.`,
        hint: `The sources are ${Object.keys(manifest.sources).join(', ')}.`,
        path: 'source',
      })
    }
    const file = resolve(input.arguments.file!)
    const target = await ingestTarget(platform)
    let [rows, accepted, duplicates] = [0, 0, 0]
    let position: string | null = null
    try {
      for await (const events of batches(file, source, platform.engine)) {
        const result = await target.ingest(name, events, input.options.backfill === true).catch((error: unknown) => {
          throw inFile(error, file, rows)
        })
        rows += events.length
        accepted += result.accepted
        duplicates += result.duplicates
        position = result.position
        context.progress(`ingest into ${name}: ${rows} rows`, 0, 0)
      }
    } finally {
      await target.close()
    }
    return {
      json: { source: name, rows, accepted, duplicates, position },
      text: `${rows} rows: ${accepted} accepted, ${duplicates} repeated.`,
    }
  },
}

/** An error about `events[i]`, told of the row of the file. What was sent before it stands. */
function inFile(error: unknown, file: string, before: number): unknown {
  if (!isNoonmarkError(error)) return error
  const { message, hint, path } = errorBody(error).error
  const index = /^events\[(\d+)\]/.exec(path ?? '')?.[1]
  const row = index === undefined ? '' : ` row ${before + Number(index) + 1}`
  return noonmarkError(error.code, {
    message: `${file}${row}: ${message} The ${before} rows before this batch stand.`,
    hint,
    ...(path === undefined ? {} : { path }),
  })
}

async function* batches(file: string, source: SourceSpec, engine: () => OfflineEngine): AsyncGenerator<unknown[]> {
  const extension = extname(file).toLowerCase()
  if (['.jsonl', '.ndjson', '.json'].includes(extension)) yield* lineBatches(file)
  else yield* tableBatches(file, source, engine())
}

async function* lineBatches(file: string): AsyncGenerator<unknown[]> {
  let batch: unknown[] = []
  let line = 0
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    line++
    if (text.trim() === '') continue
    try {
      batch.push(JSON.parse(text))
    } catch (cause) {
      throw noonmarkError('json_invalid', {
        message: `${file} line ${line} is not JSON.`,
        hint: 'Write one JSON object a line.',
        path: `${file}:${line}`,
        cause,
      })
    }
    if (batch.length < batchRows) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function* tableBatches(file: string, source: SourceSpec, engine: OfflineEngine): AsyncGenerator<unknown[]> {
  const version = await engine.listHistory({ ...source, history: file }, { rootDir: '/', cutoverMs: null })
  const table = await engine.readSource(source, version)
  for (let from = 0; from < table.rows; from += batchRows) {
    const rows = Array.from({ length: Math.min(batchRows, table.rows - from) }, (_, i) => tableRow(table, from + i))
    yield rows.map((row) => jsonRow(source.columns, row))
  }
}
