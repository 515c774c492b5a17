import { z } from 'zod'
import {
  count,
  instant,
  metricSchema,
  metricsSchema,
  parityCountsSchema,
  reportStampSchema,
  stateSchema,
  trafficSchema,
} from './parts.ts'

/** Something that a person should look at. */
export const attentionSchema = z.object({
  severity: z.enum(['critical', 'warning', 'notice']),
  subject: z.object({
    kind: z.enum(['project', 'role', 'source', 'feature-view', 'model', 'run', 'deployment', 'monitor']),
    name: z.string(),
  }),
  message: z.string(),
  hint: z.string(),
})

/** Live performance of a champion beside what was promised: the first metric is the headline. */
export const performanceSummarySchema = z.object({
  live: metricSchema.describe('On matured outcomes'),
  validation: metricSchema.nullable(),
  baseline: metricSchema.nullable().describe('The baseline rule on the validation rows'),
})

export const overviewSchema = z.object({
  project: z.string(),
  clock: z.object({ now: instant, replay: z.boolean() }),
  applied: z
    .object({ revision: z.int(), digest: z.string(), at: instant, by: z.string() })
    .nullable()
    .describe('What counts now; null before the first apply'),
  report: reportStampSchema.nullable().describe('The monitor report that figures come from; null before the first'),
  attention: z.array(attentionSchema).describe('The gravest first'),
  moments: z.array(
    z.object({
      name: z.string(),
      description: z.string().nullable(),
      owner: z.string().nullable(),
      deployments: z.array(z.string()),
      traffic: trafficSchema,
    }),
  ),
  deployments: z.array(
    z.object({
      name: z.string(),
      description: z.string().nullable(),
      owner: z.string().nullable(),
      model: z.string(),
      moment: z.string(),
      state: stateSchema,
      reason: z.string().nullable().describe('Why it is not ready'),
      champion: z.string().nullable().describe('model:number that answers now'),
      shadows: z.array(z.string()),
      traffic: trafficSchema,
      performance: performanceSummarySchema.nullable().describe('null before outcomes have matured'),
      parity: parityCountsSchema.nullable().describe('Of the moment; null before it was measured'),
    }),
  ),
  models: z.array(
    z.object({
      name: z.string(),
      description: z.string().nullable(),
      owner: z.string().nullable(),
      tier: z.string(),
      moment: z.string(),
      versions: count,
      latest: z
        .object({
          version: z.string(),
          created_at: instant,
          passed: z.boolean(),
          validation: metricsSchema,
          baseline: metricsSchema.nullable(),
        })
        .nullable(),
      last_run: z
        .object({
          id: z.string(),
          status: z.string(),
          started_at: instant,
          finished_at: instant.nullable(),
          version: z.string().nullable(),
          progress: z.object({ step: z.string(), done: z.number(), total: z.number() }).nullable(),
          error: z.string().nullable(),
        })
        .nullable(),
      deployments: z.array(z.string()),
    }),
  ),
  feature_views: z.array(
    z.object({
      name: z.string(),
      description: z.string().nullable(),
      owner: z.string().nullable(),
      entity: z.string(),
      source: z.string(),
      features: z.array(z.string()),
      frontier: instant.nullable().describe('Every row received before it is applied; null before the writer said'),
      lag_ms: z.number().nullable().describe('The clock less the frontier'),
      models: z.array(z.string()).describe('That read it'),
    }),
  ),
})

export type Attention = z.output<typeof attentionSchema>
export type PerformanceSummary = z.output<typeof performanceSummarySchema>
export type Overview = z.output<typeof overviewSchema>
export type OverviewDeployment = Overview['deployments'][number]
export type OverviewModel = Overview['models'][number]
export type OverviewFeatureView = Overview['feature_views'][number]
