import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { noonmarkError } from '../../errors.ts'
import type { DatasetColumnJson, DatasetJson, DatasetRequest } from '../../http/work.ts'
import { buildDataset, inspectDataset } from '../../platform/operations-datasets.ts'
import { trainingRecords } from '../../platform/operations-records.ts'
import { type Command, type CommandInput, type CommandOutput, optionText } from '../command.ts'
import { remote } from '../remote.ts'
import { textTable } from '../table.ts'
import { instantOption, rangeBody } from './train.ts'

/** What is to be built: a model, or features at a moment. @throws request_invalid for both or neither */
function whatOf(input: CommandInput): { model: string } | { moment: string; features: readonly string[] } {
  const { model } = input.arguments
  const [moment, features] = [optionText(input, 'moment'), optionText(input, 'features')]
  if (model !== undefined && moment === undefined && features === undefined) return { model }
  if (model === undefined && moment !== undefined && features !== undefined)
    return {
      moment,
      features: features
        .split(',')
        .map((text) => text.trim())
        .filter(Boolean),
    }
  throw noonmarkError('request_invalid', {
    message: 'Name a model, or --moment and --features.',
    hint: 'noonmark dataset build flight-delay, or noonmark dataset build --moment quote --features airport_punctuality:late_share_7d',
    path: '--moment',
  })
}

function requestOf(input: CommandInput): DatasetRequest {
  const [fromMs, toMs] = [instantOption(input, 'from'), instantOption(input, 'to')]
  return {
    ...whatOf(input),
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
  }
}

const columnsText = (columns: readonly DatasetColumnJson[]): string =>
  textTable(
    ['column', 'type', 'nulls', 'null rate'],
    columns.map(({ name, type, nulls, null_rate }) => [name, type, nulls, `${(100 * null_rate).toFixed(1)} %`]),
  )

const labelsText = (counts: DatasetJson['label_status']): string[] =>
  counts === null
    ? []
    : [
        `labels ${Object.entries(counts)
          .map(([status, rows]) => `${status} ${rows}`)
          .join(', ')}`,
      ]

/** Says what was built; with `--out` its rows are written to a file, whole or not at all. */
async function builtOutput(
  dataset: DatasetJson,
  input: CommandInput,
  rowsOf: (content: string) => Promise<AsyncIterable<Uint8Array>>,
): Promise<CommandOutput> {
  const out = optionText(input, 'out')
  const file = out === undefined ? null : resolve(out)
  if (file !== null) {
    const part = `${file}.part`
    try {
      await pipeline(Readable.from(await rowsOf(dataset.content)), createWriteStream(part))
      await rename(part, file)
    } finally {
      await rm(part, { force: true })
    }
  }
  const { content, model, moment, from, to, cut, rows, columns, label_status } = dataset
  return {
    json: { ...dataset, file },
    text: [
      `dataset ${content}`,
      `${rows} moments of ${moment}${model === null ? '' : ` for ${model}`}, ${from === null ? 'from the first' : `from ${from}`} ${to === null ? 'to the last' : `to ${to}`}, cut at ${cut}`,
      ...labelsText(label_status),
      ...(file === null ? [] : [`written to ${file}`]),
      '',
      columnsText(columns),
    ].join('\n'),
  }
}

/** `noonmark dataset build` */
export const datasetBuild: Command = {
  verb: ['dataset', 'build'],
  group: 'Data and features',
  summary: 'a training set: every past moment with features as they were known then, and what came true later',
  arguments: [{ name: 'model', summary: 'whose moment, inputs and label; or --moment and --features', optional: true }],
  options: [
    { name: 'moment', value: 'moment', summary: 'explore without a model: the occurrences of this moment' },
    {
      name: 'features',
      value: 'list',
      summary: 'view:feature or view, by commas, each with @role where only one role is meant',
    },
    { name: 'from', value: 'instant', summary: 'moments from here on' },
    { name: 'to', value: 'instant', summary: 'moments before this' },
    { name: 'out', value: 'file', summary: 'write the rows to a Parquet file' },
  ],
  example: 'dataset build --moment quote --features airport_punctuality@origin --from 2026-01-01 --out january.parquet',
  async run(context, input) {
    const request = requestOf(input)
    const platform = await context.platform()
    const built = await buildDataset(platform, request, { signal: context.signal, onProgress: context.progress })
    return builtOutput(built, input, trainingRecords(platform).datasetRows)
  },
  remote: remote<DatasetJson>({
    method: 'POST',
    path: () => '/v1/datasets',
    body: (input) => ({ ...whatOf(input), ...rangeBody(input), wait_seconds: 1 }),
    output: (dataset, input, { server }) =>
      builtOutput(dataset, input, (content) => server.read(`/v1/datasets/${content}/rows`)),
  }),
}

/** `noonmark dataset show` */
export const datasetShow: Command = {
  verb: ['dataset', 'show'],
  group: 'Data and features',
  summary: 'what a file of dataset build holds: counts, columns, null rates',
  arguments: [{ name: 'file', summary: 'the Parquet file' }],
  example: 'dataset show january.parquet',
  async run(_context, input) {
    const file = resolve(input.arguments.file!)
    await stat(file).catch(() => {
      throw noonmarkError('source_file_missing', {
        message: `There is no file ${file}.`,
        hint: 'Write one: noonmark dataset build <model> --out <file>.',
        path: 'file',
      })
    })
    const held = await inspectDataset(file)
    return {
      json: held,
      text: [
        `${file}: ${held.rows} rows, ${held.columns.length} columns, content ${held.content.slice(0, 12)}`,
        ...labelsText(held.label_status),
        '',
        columnsText(held.columns),
      ].join('\n'),
    }
  },
}
