import { Readable } from 'node:stream'
import { z } from 'zod'
import type { RunJson } from '../../registry/index.ts'
import { type Route, reply, route } from '../route.ts'
import { instantField, nameField } from '../wire.ts'
import { recordsOf, trains, workerOf } from './training.ts'

const runStatus = z.enum(['preparing', 'training', 'evaluating', 'succeeded', 'stopped', 'failed', 'cancelled'])

const runSchema = z.looseObject({
  id: z.string(),
  model: z.string(),
  status: runStatus,
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
  version: z.string().nullable().describe('model:number of what it made'),
  progress: z
    .object({ step: z.string(), done: z.number(), total: z.number().describe('0 where nobody can say') })
    .nullable(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string(), path: z.string().optional() }).nullable(),
})

const idField = z.string().min(1).max(100).describe('The id, or its last characters')

const start = route({
  method: 'POST',
  path: '/v1/runs',
  summary:
    'Start a run: train a model in a process of its own and register the version; answers as soon as it is recorded',
  tag: 'training',
  exists: trains,
  status: 202,
  input: {
    body: z.strictObject({
      model: nameField,
      trainer: z.string().max(100).optional().describe("Another trainer than the model's own"),
      parameters: z
        .record(z.string(), z.union([z.number(), z.string(), z.boolean()]))
        .optional()
        .describe('Over those of the definition'),
      from: instantField.optional(),
      to: instantField.optional(),
      seed: z.int().min(0).max(999_999_999).optional(),
    }),
  },
  output: runSchema,
  run: ({ project }, { body: { model, trainer, parameters, from, to, seed } }) =>
    workerOf(project).startRun({
      model,
      ...(trainer === undefined ? {} : { trainer }),
      ...(parameters === undefined ? {} : { parameters }),
      ...(from === undefined ? {} : { fromMs: from }),
      ...(to === undefined ? {} : { toMs: to }),
      ...(seed === undefined ? {} : { seed }),
    }),
})

const list = route({
  method: 'GET',
  path: '/v1/runs',
  summary: 'Training attempts, the latest first',
  tag: 'training',
  exists: trains,
  input: {
    query: z.strictObject({
      model: nameField.optional(),
      status: runStatus.optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      brief: z.stringbool().default(false).describe('Without curves, slices and what decided the checks'),
    }),
  },
  output: z.object({ runs: z.array(runSchema) }),
  async run({ project }, { query: { model, status, limit, brief } }) {
    const runs = await recordsOf(project).runs({
      limit,
      ...(model === undefined ? {} : { model }),
      ...(status === undefined ? {} : { status }),
    })
    return { runs: brief ? runs.map(briefRun) : runs }
  },
})

/** A run for a list of many: figures stay, and what takes most of the bytes does not. */
function briefRun({ metrics, checks, ...run }: RunJson): object {
  const figures = (all: Readonly<Record<string, unknown>>): object => {
    const { calibration: _, ...rest } = all
    return rest
  }
  return {
    ...run,
    checks: checks.map(({ check, name, passed, summary }) => ({ check, name, passed, summary })),
    metrics:
      metrics === null
        ? null
        : {
            validation: figures(metrics.validation),
            baseline: metrics.baseline === null ? null : figures(metrics.baseline),
          },
  }
}

const one = route({
  method: 'GET',
  path: '/v1/runs/{id}',
  summary: 'A run: its training set, metrics, checks and error, and how far it is while it runs',
  tag: 'training',
  exists: trains,
  input: { params: z.object({ id: idField }) },
  output: runSchema,
  run: ({ project }, { params }) => recordsOf(project).run(params.id),
})

const logs = route({
  method: 'GET',
  path: '/v1/runs/{id}/logs',
  summary: 'What a run does, as lines of text: from its beginning, and on while it runs',
  tag: 'training',
  exists: trains,
  input: { params: z.object({ id: idField }) },
  produces: 'text/plain',
  async run({ project }, { params }) {
    const records = recordsOf(project)
    const { id } = await records.run(params.id)
    return reply('text/plain; charset=utf-8', Readable.from(withEnds(records.runLog(id)), { objectMode: false }))
  },
})

async function* withEnds(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`
}

const cancel = route({
  method: 'DELETE',
  path: '/v1/runs/{id}',
  summary: 'Cancel a run; its record stays. 409 where it has ended',
  tag: 'training',
  exists: trains,
  input: { params: z.object({ id: idField }) },
  output: runSchema,
  run: ({ project }, { params }) => workerOf(project).cancelRun({ run: params.id }),
})

/** The routes of runs. */
export const runRoutes: readonly Route[] = [start, list, one, logs, cancel]
