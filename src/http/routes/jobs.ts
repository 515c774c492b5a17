import { z } from 'zod'
import { noonmarkError, readError } from '../../errors.ts'
import { jsonReply, type Reply, type Route, route } from '../route.ts'
import type { JobJson } from '../work.ts'
import { trains, workerOf } from './training.ts'

/** A job on the wire. */
export const jobSchema = z.object({
  id: z.string(),
  kind: z.string(),
  status: z.enum(['running', 'done', 'failed', 'cancelled']),
  progress: z.object({ step: z.string(), done: z.number(), total: z.number() }).nullable(),
  result: z.unknown().describe('What the request would have been answered with, once it is done'),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string(), path: z.string().optional() }).nullable(),
})

/** How long a request waits for long work before it is answered with 202 and the job, to be asked for at `/v1/jobs/{id}`. */
export const waitField = z.coerce
  .number()
  .min(0)
  .max(60)
  .default(10)
  .describe('Seconds to wait for the result; where it takes longer the answer is 202 and a job: GET /v1/jobs/{id}')

/** The result of a job, its error thrown, or 202 with the job where it goes on. */
export function jobAnswer(job: JobJson): unknown | Reply {
  if (job.status === 'running') return jsonReply(job, 202)
  if (job.error !== null) throw readError(job.error)
  if (job.status === 'done') return job.result
  throw noonmarkError('work_cancelled')
}

const one = route({
  method: 'GET',
  path: '/v1/jobs/{id}',
  summary: 'Long work: how far it is, and its result. Jobs are forgotten a quarter of an hour after they ended',
  tag: 'jobs',
  exists: trains,
  input: { params: z.object({ id: z.string().max(100) }) },
  output: jobSchema,
  run: ({ project }, { params }) => workerOf(project).job({ job: params.id }),
})

const cancel = route({
  method: 'DELETE',
  path: '/v1/jobs/{id}',
  summary: 'Cancel long work',
  tag: 'jobs',
  exists: trains,
  input: { params: z.object({ id: z.string().max(100) }) },
  output: jobSchema,
  run: ({ project }, { params }) => workerOf(project).cancelJob({ job: params.id }),
})

/** The routes of long work. */
export const jobRoutes: readonly Route[] = [one, cancel]
