import { Readable } from 'node:stream'
import { z } from 'zod'
import { type Route, reply, route } from '../route.ts'
import { instantField, nameField } from '../wire.ts'
import { jobAnswer, jobSchema, waitField } from './jobs.ts'
import { recordsOf, trains, workerOf } from './training.ts'

const datasetSchema = z.object({
  content: z.string().describe('Digest over its columns: it names the dataset'),
  model: z.string().nullable(),
  moment: z.string(),
  from: z.iso.datetime().nullable(),
  to: z.iso.datetime().nullable(),
  cut: z.iso.datetime(),
  rows: z.int(),
  columns: z.array(z.object({ name: z.string(), type: z.string(), nulls: z.int(), null_rate: z.number() })),
  label_status: z.record(z.string(), z.int()).nullable(),
})

const parquet = 'application/vnd.apache.parquet'

const range = { from: instantField.optional(), to: instantField.optional(), wait_seconds: waitField }

const build = route({
  method: 'POST',
  path: '/v1/datasets',
  summary: 'Build the training set of a model, or features at the occurrences of a moment, and keep it',
  tag: 'datasets',
  exists: trains,
  input: {
    body: z.union([
      z.strictObject({ model: nameField, ...range }),
      z.strictObject({
        moment: nameField,
        features: z
          .array(z.string().min(1).max(500))
          .min(1)
          .max(500)
          .describe('view:feature or view, each with @role where only one role is meant'),
        ...range,
      }),
    ]),
  },
  output: datasetSchema,
  accepted: jobSchema,
  async run({ project }, { body }) {
    const { from, to, wait_seconds: waitSeconds, ...what } = body
    const job = await workerOf(project).buildDataset({
      ...what,
      waitMs: waitSeconds * 1000,
      ...(from === undefined ? {} : { fromMs: from }),
      ...(to === undefined ? {} : { toMs: to }),
    })
    return jobAnswer(job)
  },
})

const one = route({
  method: 'GET',
  path: '/v1/datasets/{content}',
  summary: 'A dataset that was built: counts, columns and null rates',
  tag: 'datasets',
  exists: trains,
  input: { params: z.object({ content: z.string().max(100) }) },
  output: datasetSchema,
  run: ({ project }, { params }) => recordsOf(project).dataset(params.content),
})

const rows = route({
  method: 'GET',
  path: '/v1/datasets/{content}/rows',
  summary: 'The rows of a dataset, as a Parquet file',
  tag: 'datasets',
  exists: trains,
  input: { params: z.object({ content: z.string().max(100) }) },
  produces: parquet,
  async run({ project }, { params }) {
    const bytes = await recordsOf(project).datasetRows(params.content)
    return reply(parquet, Readable.from(bytes, { objectMode: false }))
  },
})

/** The routes of datasets. */
export const datasetRoutes: readonly Route[] = [build, one, rows]
