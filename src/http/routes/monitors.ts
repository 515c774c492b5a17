import { z } from 'zod'
import { noonmarkError } from '../../errors.ts'
import { type Route, route } from '../route.ts'
import { jobAnswer, jobSchema, waitField } from './jobs.ts'
import { recordsOf, trains, workerOf } from './training.ts'

const paritySchema = z.object({ compared: z.int(), equal: z.int(), differing: z.int(), not_comparable: z.int() })

const reportSchema = z.looseObject({
  cut: z.iso.datetime(),
  parity: paritySchema,
  moments: z.array(z.looseObject({ moment: z.string() })),
})

const storedSchema = z.object({
  id: z.string(),
  measured_at: z.iso.datetime().describe('On the real clock'),
  seconds: z.number(),
  reason: z.enum(['asked', 'new_data']),
  cut: z.iso.datetime().describe("On the platform's clock: outcomes known before it are used"),
  parity: paritySchema,
  covers: z.object({
    predictions: z.int(),
    logged_until: z.iso.datetime().nullable(),
    moments: z.array(
      z.object({
        moment: z.string(),
        predictions: z.int(),
        from: z.iso.datetime().nullable(),
        to: z.iso.datetime().nullable(),
        deployments: z.array(z.string()),
      }),
    ),
    sources: z.array(z.object({ source: z.string(), complete_until: z.iso.datetime().nullable() })),
  }),
})

const report = route({
  method: 'GET',
  path: '/v1/monitors/report',
  summary:
    'Performance on matured outcomes, parity of served features, null and status rates, drift, measured now and kept',
  tag: 'monitors',
  exists: trains,
  input: { query: z.strictObject({ wait_seconds: waitField }) },
  output: reportSchema,
  accepted: jobSchema,
  run: async ({ project }, { query }) =>
    jobAnswer(await workerOf(project).report({ waitMs: query.wait_seconds * 1000 })),
})

const latest = route({
  method: 'GET',
  path: '/v1/monitors/latest',
  summary: 'The monitor report that was measured last: by whoever asked, or because new data had come',
  tag: 'monitors',
  exists: trains,
  input: {},
  output: storedSchema.extend({ report: reportSchema }),
  async run({ project }) {
    const found = await recordsOf(project).latestReport()
    if (found !== null) return found
    throw noonmarkError('not_found', {
      message: 'Nothing was measured yet.',
      hint: 'Reports are made some minutes after the first predictions; ask for one: GET /v1/monitors/report.',
    })
  },
})

const reports = route({
  method: 'GET',
  path: '/v1/monitors/reports',
  summary: 'When monitor reports were measured, what they cover and the parity that they found, the newest first',
  tag: 'monitors',
  exists: trains,
  input: { query: z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(50) }) },
  output: z.object({ reports: z.array(storedSchema) }),
  run: async ({ project }, { query }) => ({ reports: await recordsOf(project).reports(query.limit) }),
})

/** The routes of monitors. */
export const monitorRoutes: readonly Route[] = [report, latest, reports]
