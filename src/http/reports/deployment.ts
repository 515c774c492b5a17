import { z } from 'zod'
import { performanceSummarySchema } from './overview.ts'
import {
  binSchema,
  count,
  definitionSchema,
  distributionSchema,
  figure,
  instant,
  metricsSchema,
  overSchema,
  parityCountsSchema,
  reportStampSchema,
  share,
  stateSchema,
  statusShareSchema,
  trafficSchema,
} from './parts.ts'

/** A version that a deployment pins. */
export const pinnedSchema = z.object({
  version: z.string(),
  part: z.enum(['champion', 'shadow']),
  state: stateSchema,
  reason: z.string().nullable(),
  created_at: instant.nullable(),
  validation: metricsSchema.nullable(),
  baseline: metricsSchema.nullable(),
})

/** What a version said over the window. */
export const scoresSchema = z.object({
  version: z.string().nullable().describe('null: fallbacks'),
  part: z.enum(['champion', 'shadow', 'fallback']),
  count,
  mean: figure,
  bins: z.array(binSchema).describe('20 of equal width from 0 to 1'),
})

/** A shadow beside the champion on the same moments, from the monitor report. */
export const agreementSchema = z.object({
  champion: z.string(),
  shadow: z.string(),
  over: overSchema,
  pairs: count.describe('Moments that both answered'),
  champion_mean: z.number(),
  shadow_mean: z.number(),
  mean_absolute_difference: z.number(),
  mean_difference: z.number().describe('Shadow less champion'),
  correlation: figure.describe("Pearson's; null where one of them never changes"),
  thresholds: z.array(
    z.object({
      threshold: share,
      both: count,
      neither: count,
      champion_only: count,
      shadow_only: count,
      agreement: share.describe('(both + neither) by pairs, with its 95 % interval'),
      low: share,
      high: share,
    }),
  ),
  scores: z
    .array(z.object({ low: share, high: share, champion: count, shadow: count }))
    .describe('Pairs in bins of equal width, by either score'),
  labelled: z
    .object({
      rows: count,
      positives: count,
      champion_auc: figure,
      shadow_auc: figure,
      auc_difference: figure.describe('Shadow less champion, paired, with its 95 % interval'),
      auc_difference_low: figure,
      auc_difference_high: figure,
      p_value: figure,
      champion_log_loss: figure,
      shadow_log_loss: figure,
    })
    .nullable()
    .describe('On moments whose outcome is known; null before the report has any'),
})

/** Performance of one version on some rows. */
export const livePerformanceSchema = z.object({
  version: z.string().nullable(),
  part: z.string().describe('champion, shadow, fallback:baseline, fallback:constant'),
  rows: count,
  matured: count,
  labelled: count.describe('Rows that the metrics are over'),
  metrics: metricsSchema.nullable(),
})

/** A served feature against training, and what was said of it. */
export const servedColumnSchema = z.object({
  column: z.string().describe('Input of the model, such as origin_landings_1d; or probability'),
  feature: z.string().nullable().describe('view:feature; null for the score and for inputs that are no features'),
  role: z.string().nullable(),
  over: overSchema,
  nulls: count,
  training_nulls: z.object({ rows: count, nulls: count, share }).nullable(),
  statuses: z.array(statusShareSchema),
  distribution: distributionSchema
    .nullable()
    .describe('In training and now, with its drift; null before it was measured'),
})

/** Parity of one feature, with differences to look at. */
export const featureParitySchema = parityCountsSchema.extend({
  role: z.string(),
  feature: z.string(),
  reasons: z.record(z.string(), count).describe('Why values are not comparable'),
  examples: z.array(
    z.object({
      prediction_id: z.string(),
      version: z.string().nullable(),
      entity: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).nullable()),
      at: instant,
      as_of: instant,
      served: z.object({ value: z.unknown(), status: z.string() }),
      recomputed: z.object({ value: z.unknown(), status: z.string() }),
      difference: z.union([z.number(), z.string()]).nullable(),
    }),
  ),
})

export const deploymentReportSchema = z.object({
  name: z.string(),
  description: z.string().nullable(),
  owner: z.string().nullable(),
  model: z.string(),
  moment: z.string(),
  definition: definitionSchema,
  state: stateSchema,
  reason: z.string().nullable(),
  hold: z
    .object({
      version: z.string().nullable(),
      pin: z.string().nullable(),
      since: instant,
      reason: z.string(),
      by: z.string(),
    })
    .nullable()
    .describe('A rollback that stands'),
  timeout_ms: z.number(),
  fallbacks: z.array(z.string()).describe('Who answers when the champion cannot, in order'),
  log: z.enum(['best_effort', 'required']),
  versions: z.array(pinnedSchema).describe('The champion first'),
  traffic: trafficSchema,
  scores: z.array(scoresSchema).describe('Over the window of the traffic'),
  agreement: z.array(agreementSchema),
  report: reportStampSchema.nullable().describe('What the rest comes from; null before the first'),
  performance: z
    .object({
      summary: performanceSummarySchema.nullable(),
      versions: z.array(livePerformanceSchema).describe('Over the whole report'),
      days: z.array(livePerformanceSchema.extend({ day: z.iso.date() })).describe('By UTC day of the moment'),
    })
    .nullable(),
  columns: z.array(servedColumnSchema).describe('The greatest drift first'),
  parity: z
    .object({
      counts: parityCountsSchema,
      predictions: count,
      predictions_compared: count,
      reasons: z.record(z.string(), count),
      features: z.array(featureParitySchema),
    })
    .nullable()
    .describe('Of its moment; examples are those of this deployment'),
  request: z.object({
    path: z.string().describe('Where a row is sent: POST'),
    schema: z.record(z.string(), z.unknown()).describe('JSON Schema of one row'),
    example: z.record(z.string(), z.unknown()).nullable().describe('The row of a recent prediction; null before any'),
    example_of: z.string().nullable().describe('The id of that prediction'),
  }),
})

export type Pinned = z.output<typeof pinnedSchema>
export type Scores = z.output<typeof scoresSchema>
export type Agreement = z.output<typeof agreementSchema>
export type LivePerformance = z.output<typeof livePerformanceSchema>
export type ServedColumn = z.output<typeof servedColumnSchema>
export type FeatureParityReport = z.output<typeof featureParitySchema>
export type DeploymentReport = z.output<typeof deploymentReportSchema>
