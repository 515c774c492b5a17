import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ulid } from 'ulid'
import type { Digest } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import type { DatasetColumnJson, DatasetJson, DatasetRequest } from '../http/work.ts'
import { type OfflineEngine, tableDigest } from '../offline/index.ts'
import type { Platform } from '../platform.ts'
import { instantJson } from '../registry/index.ts'
import { buildForTraining, sourcesOf, type TrainingPorts } from '../train/index.ts'
import { type Column, formatInstant, type Table } from '../values/index.ts'
import { cancellableEngine } from './operations-cancelling.ts'
import { featuresAtMoments } from './operations-features-at-moments.ts'
import { openFileEngine } from './operations-files.ts'
import type { JobHandle } from './operations-jobs.ts'
import { datasetRecord } from './operations-records.ts'
import { trainingPorts } from './training.ts'

/**
 * Builds the training set of a model, or features at the moments of one moment, and keeps it.
 * @throws not_found, moment_without_history, training_set_empty, request_invalid
 */
export async function buildDataset(
  platform: Platform,
  request: DatasetRequest,
  { signal, onProgress }: JobHandle,
): Promise<DatasetJson> {
  const open = await trainingPorts(platform)
  const ports = { ...open, engine: cancellableEngine(open.engine, signal, 'work_cancelled') }
  const built =
    'model' in request ? await ofModel(ports, request, onProgress) : await ofMoment(ports, request, onProgress)
  const { table, content, model, moment, fromMs, toMs, cutMs, labelStatus } = built
  onProgress('keep the dataset', 0, 0)
  const summary: DatasetJson = {
    content,
    model,
    moment,
    from: instantJson(fromMs),
    to: instantJson(toMs),
    cut: formatInstant(cutMs),
    rows: table.rows,
    columns: columnsJson(table),
    label_status: labelStatus,
  }
  const blob = await keepTable(platform, ports.engine, table)
  const { metadata, project } = platform
  await metadata.write([
    (transaction) => transaction.put(datasetRecord, { project, id: content, body: { model, moment, blob, summary } }),
  ])
  return summary
}

interface BuiltDataset {
  readonly table: Table
  readonly content: Digest
  readonly model: string | null
  readonly moment: string
  readonly fromMs: number | null
  readonly toMs: number | null
  readonly cutMs: number
  readonly labelStatus: DatasetJson['label_status']
}

async function ofModel(
  ports: TrainingPorts,
  { model: name, fromMs, toMs }: Extract<DatasetRequest, { model: string }>,
  onProgress: JobHandle['onProgress'],
): Promise<BuiltDataset> {
  const { manifest } = ports
  const model = named('model', manifest.models, name)
  const versions = await ports.tables(sourcesOf(manifest, model))
  const range = { fromMs: fromMs ?? model.split.from, toMs: toMs ?? model.split.to, cutMs: ports.now() }
  const { set } = await buildForTraining(ports, model, versions, range, onProgress)
  const { table, content, summary } = set
  return { table, content, model: name, moment: model.moment, ...range, labelStatus: summary.labelStatus }
}

async function ofMoment(
  ports: TrainingPorts,
  { moment: name, features, fromMs, toMs }: Extract<DatasetRequest, { moment: string }>,
  onProgress: JobHandle['onProgress'],
): Promise<BuiltDataset> {
  const moment = named('moment', ports.manifest.moments, name)
  const range = { fromMs: fromMs ?? null, toMs: toMs ?? null, cutMs: ports.now() }
  const table = await featuresAtMoments(ports, moment, features, range, onProgress)
  return { table, content: tableDigest(table), model: null, moment: name, ...range, labelStatus: null }
}

function named<S>(noun: string, specs: Readonly<Record<string, S>>, name: string): S {
  const found = Object.hasOwn(specs, name) ? specs[name] : undefined
  if (found !== undefined) return found
  throw noonmarkError('not_found', {
    message: `There is no ${noun} ${name}.`,
    hint: `The ${noun}s are ${Object.keys(specs).join(', ') || 'none yet'}.`,
    path: noun,
  })
}

async function keepTable({ layout, blobs }: Platform, engine: OfflineEngine, table: Table): Promise<Digest> {
  await mkdir(layout.temporary, { recursive: true })
  const path = join(layout.temporary, `${ulid()}.parquet`)
  try {
    await engine.writeTable(table, path)
    return await blobs.put({ file: path })
  } finally {
    await rm(path, { force: true })
  }
}

/** What a Parquet file holds. */
export interface DatasetFile {
  readonly file: string
  readonly rows: number
  readonly columns: readonly DatasetColumnJson[]
  readonly content: Digest
  readonly label_status: DatasetJson['label_status']
}

/** Reads a file that a dataset was written to. It needs no project. */
export async function inspectDataset(file: string): Promise<DatasetFile> {
  const engine = openFileEngine()
  try {
    const table = await engine.readTable(file)
    return {
      file,
      rows: table.rows,
      columns: columnsJson(table),
      content: tableDigest(table),
      label_status: countTexts(table.columns.label_status),
    }
  } finally {
    await engine.close()
  }
}

function countTexts(column: Column | undefined): Record<string, number> | null {
  if (column?.type !== 'string') return null
  const counts = new Array<number>(column.dictionary.length).fill(0)
  for (const code of column.codes) if (code >= 0) counts[code]!++
  return Object.fromEntries(column.dictionary.map((text, code) => [text, counts[code]!]))
}

function columnsJson({ rows, columns }: Table): DatasetColumnJson[] {
  return Object.entries(columns).map(([name, column]) => {
    const nulls = countNulls(column)
    return { name, type: column.type, nulls, null_rate: rows === 0 ? 0 : nulls / rows }
  })
}

function countNulls(column: Column): number {
  let nulls = 0
  if (column.type === 'string') {
    for (const code of column.codes) if (code < 0) nulls++
  } else if (column.type === 'int64') {
    for (const isNull of column.nulls) nulls += isNull
  } else {
    for (const value of column.values) if (Number.isNaN(value)) nulls++
  }
  return nulls
}
