import { z } from 'zod'
import { type Route, route } from '../route.ts'
import { trains, workerOf } from './training.ts'

/** A plan holds a whole manifest and the code of its functions. */
const planLimitBytes = 64 * 1024 * 1024

const planBody = z
  .looseObject({})
  .describe("A plan, as `noonmark plan --out` writes it; an empty object means the server's own folder")

const summarySchema = z.object({ create: z.int(), update: z.int(), replace: z.int(), delete: z.int() })
const stepsSchema = z.array(
  z.looseObject({
    op: z.enum(['create', 'update', 'replace', 'delete']),
    kind: z.string(),
    name: z.string(),
    effects: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
)

/** The text of a plan, or null for the server's own folder. */
const textOf = (body: object): string | null => (Object.keys(body).length === 0 ? null : JSON.stringify(body))

const plan = route({
  method: 'POST',
  path: '/v1/plan',
  summary: 'The difference between a project and what is applied: nothing is changed',
  tag: 'plan',
  bodyLimitBytes: planLimitBytes,
  exists: trains,
  input: { body: planBody },
  output: z.object({
    base: z.object({ revision: z.int(), digest: z.string() }).nullable(),
    digest: z.string(),
    summary: summarySchema,
    steps: stepsSchema,
  }),
  run: ({ project }, { body }) => workerOf(project).plan({ plan: textOf(body) }),
})

const apply = route({
  method: 'POST',
  path: '/v1/apply',
  summary: 'Carry a plan out; 409 where something else was applied since it was made',
  tag: 'plan',
  bodyLimitBytes: planLimitBytes,
  exists: trains,
  input: { query: z.strictObject({ by: z.string().min(1).max(200).default('api') }), body: planBody },
  output: z.object({
    changed: z.boolean(),
    revision: z.int(),
    digest: z.string(),
    steps: z.object({ summary: summarySchema, steps: stepsSchema }),
    held: z.array(z.string()),
    released: z.array(z.string()),
  }),
  run: ({ project }, { query, body }) => workerOf(project).apply({ plan: textOf(body), by: query.by }),
})

/** The routes of plans. */
export const planRoutes: readonly Route[] = [plan, apply]
