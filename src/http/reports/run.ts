import { z } from 'zod'
import { trainingSetSchema } from './model.ts'
import { checkSchema, count, figure, instant, metricsSchema } from './parts.ts'

/** The loss after each iteration; of a long training at most some hundred points, the last always among them. */
export const lossCurveSchema = z.object({
  loss: z.string().describe('log_loss'),
  iterations: count.nullable().describe('At most so many; null where nobody knows'),
  points: z.array(z.object({ iteration: count, train: figure, validation: figure })),
  best_iteration: count.nullable().describe('With the least validation loss'),
})

export const runReportSchema = z.object({
  id: z.string(),
  model: z.string(),
  status: z.enum(['preparing', 'training', 'evaluating', 'succeeded', 'stopped', 'failed', 'cancelled']),
  ended: z.boolean(),
  started_at: instant,
  finished_at: instant.nullable(),
  duration_ms: z
    .number()
    .nullable()
    .describe("By its log, of the machine's time; without one on the platform's clock. null while it runs"),
  progress: z.object({ step: z.string(), done: z.number(), total: z.number() }).nullable(),
  version: z.string().nullable(),
  trainer: z.string(),
  seed: z.int(),
  parameters: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('Every one with the value used; null before training'),
  git: z.object({ commit: z.string(), dirty: z.boolean() }).nullable(),
  environment: z.record(z.string(), z.string()),
  cut: instant,
  from: instant.nullable(),
  to: instant.nullable(),
  training_set: trainingSetSchema.nullable(),
  validation: metricsSchema.nullable(),
  baseline: metricsSchema.nullable(),
  curve: lossCurveSchema.nullable(),
  checks: z.array(checkSchema),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string(), path: z.string().optional() }).nullable(),
})

/** One fact of two runs. */
export const differenceSchema = z.object({
  group: z.enum(['run', 'data', 'parameters', 'metrics']),
  name: z.string(),
  first: z.union([z.string(), z.number(), z.boolean()]).nullable(),
  second: z.union([z.string(), z.number(), z.boolean()]).nullable(),
  differs: z.boolean(),
  difference: figure.describe('second less first, of numbers'),
})

export const runComparisonSchema = z.object({
  first: runReportSchema,
  second: runReportSchema,
  facts: z.array(differenceSchema).describe('All facts; those that differ say so'),
  same_rows: z.boolean().describe('Whether both were validated on the same training set, so that metrics compare'),
})

export type LossCurve = z.output<typeof lossCurveSchema>
export type RunReport = z.output<typeof runReportSchema>
export type RunDifference = z.output<typeof differenceSchema>
export type RunComparison = z.output<typeof runComparisonSchema>
