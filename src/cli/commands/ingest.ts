import { createReadStream } from 'node:fs'
import { extname, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { SourceSpec } from '../../define/index.ts'
import { errorBody, isNoonmarkError, noonmarkError } from '../../errors.ts'
import type { IngestResult } from '../../materialize/index.ts'
import { ingestTarget } from '../../platform/ingesting.ts'
import { fileEvents } from '../../platform/operations-files.ts'
import type { Command, CommandOutput } from '../command.ts'
import { checkGivenFile } from '../given-file.ts'
import { type RemoteContext, remote } from '../remote.ts'

const batchRows = 500

function sentOutput(source: string, results: readonly IngestAnswer[], rows: number): CommandOutput {
  const accepted = results.reduce((sum, one) => sum + one.accepted, 0)
  const duplicates = results.reduce((sum, one) => sum + one.duplicates, 0)
  return {
    json: { source, rows, accepted, duplicates, position: results.at(-1)?.position ?? null },
    text: `${rows} rows: ${accepted} accepted, ${duplicates} repeated.`,
  }
}

type IngestAnswer = Pick<IngestResult, 'accepted' | 'duplicates' | 'position'>

/** `noonmark ingest` */
export const ingest: Command = {
  verb: ['ingest'],
  group: 'Data and features',
  summary: 'send the rows of a file (CSV, JSON lines or Parquet) into a source, as events',
  arguments: [
    { name: 'source', summary: 'the source' },
    { name: 'file', summary: 'the file' },
  ],
  options: [{ name: 'backfill', summary: 'trust the declared times of rows that arrive only now' }],
  example: 'ingest landings landings-january.csv',
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
    const results: IngestAnswer[] = []
    let rows = 0
    try {
      for await (const events of batches(file, source)) {
        const result = await target.ingest(name, events, input.options.backfill === true).catch((error: unknown) => {
          throw inFile(error, file, rows)
        })
        rows += events.length
        results.push(result)
        context.progress(`ingest into ${name}: ${rows} rows`, 0, 0)
      }
    } finally {
      await target.close()
    }
    return sentOutput(name, results, rows)
  },
  remote: remote<readonly IngestAnswer[]>({
    method: 'POST',
    path: (input) => `/v1/sources/${encodeURIComponent(input.arguments.source!)}/events`,
    async body(input, context) {
      if (input.options.backfill === true)
        throw noonmarkError('request_invalid', {
          message: 'Declared times are trusted only in the folder of the platform.',
          hint: 'Run `noonmark ingest --backfill` there, or send the rows as events without --backfill.',
          path: '--backfill',
        })
      const name = input.arguments.source!
      // The catalog answers specs.
      const source = (await context.get(`/v1/sources/${encodeURIComponent(name)}`)) as SourceSpec
      return eventBodies(resolve(input.arguments.file!), source, context)
    },
    output: (answers, input) =>
      sentOutput(
        input.arguments.source!,
        answers,
        answers.reduce((sum, { accepted, duplicates }) => sum + accepted + duplicates, 0),
      ),
  }),
}

async function* eventBodies(file: string, source: SourceSpec, { progress }: RemoteContext): AsyncGenerator<unknown> {
  let rows = 0
  for await (const events of batches(file, source)) {
    try {
      yield { events }
    } catch (error) {
      throw inFile(error, file, rows)
    }
    rows += events.length
    progress(`ingest into ${source.name}: ${rows} rows`, 0, 0)
  }
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

async function* batches(file: string, source: SourceSpec): AsyncGenerator<unknown[]> {
  await checkGivenFile(file, 'file')
  const isLines = ['.jsonl', '.ndjson', '.json'].includes(extname(file).toLowerCase())
  yield* isLines ? lineBatches(file) : fileEvents(file, source, batchRows)
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
