import { z } from 'zod'
import { instant } from './parts.ts'

const scalar = z.union([z.string(), z.number(), z.boolean()]).nullable()
const fields = z.record(z.string(), scalar)

/** A logged prediction with everything that went into it. */
export const predictionSchema = z.looseObject({
  prediction_id: z.string(),
  deployment: z.string(),
  moment: z.string(),
  key: fields,
  item: z.string().nullable(),
  at: instant,
  as_of: z.record(z.string(), instant).describe('Source -> instant up to which it answered'),
  tables: z.record(z.string(), z.string()),
  entities: z.record(z.string(), fields).describe('Role -> key of its entity'),
  request: fields,
  features: z.array(
    z.object({ role: z.string(), feature: z.string(), value: scalar, status: z.string(), digest: z.string() }),
  ),
  derived: fields,
  output: z.record(z.string(), z.number()).nullable(),
  model: z.string(),
  model_version: z.string().nullable(),
  arm: z.string(),
  answered_by: z.string().nullable(),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  latency_ms: z.object({ wait: z.number(), lookup: z.number(), derive: z.number(), model: z.number() }),
  manifest: z.string(),
  logged_at: instant,
  outcome: z
    .object({
      label: z.union([z.boolean(), z.number()]).nullable(),
      status: z.enum(['observed', 'absent', 'open', 'censored', 'unobservable']),
      at: instant.nullable(),
    })
    .nullable()
    .optional()
    .describe('What came true; null where nobody can tell now. Left out of lists'),
})

/** Logged predictions of a period. */
export const predictionListSchema = z.object({
  predictions: z.array(predictionSchema),
  next: z.string().nullable().describe('To be given as `after`'),
  damaged: z
    .array(z.object({ message: z.string(), path: z.string().optional() }))
    .optional()
    .describe('What the log once held and nobody can read any more'),
})

/** The reply to a request at a moment, for one row. */
export const rowAnswerSchema = z.object({
  as_of: instant,
  results: z.record(
    z.string(),
    z.object({
      prediction_id: z.string(),
      output: z.record(z.string(), z.number()),
      model_version: z.string().nullable(),
      answered_by: z.string(),
      reason: z.string().optional(),
      logged: z.boolean(),
    }),
  ),
})

/** Values of one entity over time, as `POST /v1/features/history` answers. */
export const featureHistorySchema = z.object({
  points: z.array(
    z.object({
      at: instant,
      features: z.record(z.string(), z.object({ value: scalar, status: z.string() })),
    }),
  ),
})

export type Prediction = z.output<typeof predictionSchema>
export type PredictionList = z.output<typeof predictionListSchema>
export type RowAnswer = z.output<typeof rowAnswerSchema>
export type FeatureHistory = z.output<typeof featureHistorySchema>
