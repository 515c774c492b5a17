import { z } from 'zod'
import { type Route, route } from '../route.ts'
import { jobAnswer, jobSchema, waitField } from './jobs.ts'
import { trains, workerOf } from './training.ts'

const report = route({
  method: 'GET',
  path: '/v1/monitors/report',
  summary: 'Performance on matured outcomes, parity of served features, null and status rates, measured now',
  tag: 'monitors',
  exists: trains,
  input: { query: z.strictObject({ wait_seconds: waitField }) },
  output: z.looseObject({
    cut: z.iso.datetime(),
    parity: z.object({ compared: z.int(), equal: z.int(), differing: z.int(), not_comparable: z.int() }),
    moments: z.array(z.looseObject({ moment: z.string() })),
  }),
  accepted: jobSchema,
  run: async ({ project }, { query }) =>
    jobAnswer(await workerOf(project).report({ waitMs: query.wait_seconds * 1000 })),
})

/** The routes of monitors. */
export const monitorRoutes: readonly Route[] = [report]
