import { z } from 'zod'
import {
  count,
  definitionSchema,
  distributionSchema,
  instant,
  overSchema,
  parityCountsSchema,
  reportStampSchema,
  statusShareSchema,
} from './parts.ts'

/** One feature as one role of a moment reads it: what was seen in training and what is served now. */
export const featureUseSchema = z.object({
  moment: z.string(),
  role: z.string(),
  over: overSchema.describe('The served values'),
  nulls: count,
  statuses: z.array(statusShareSchema),
  days: z.array(z.object({ day: z.iso.date(), rows: count, nulls: count, statuses: z.array(statusShareSchema) })),
  distributions: z.array(distributionSchema).describe('In training and now, one a deployment that reads it'),
  parity: parityCountsSchema.nullable(),
})

export const featureReportSchema = z.object({
  name: z.string(),
  type: z.string(),
  description: z.string().nullable(),
  means: z.string().describe('Its aggregate in words'),
  digest: z.string().describe('What it means: its version'),
  filling: z
    .object({
      state: z.enum(['filled', 'unavailable', 'unknown']),
      detail: z.string().nullable(),
    })
    .describe('unavailable: its history is not folded in yet'),
  used_by: z.array(z.string()).describe('Models'),
  uses: z.array(featureUseSchema).describe('From the monitor report; empty before it was served and measured'),
})

export const featureViewReportSchema = z.object({
  name: z.string(),
  description: z.string().nullable(),
  owner: z.string().nullable(),
  definition: definitionSchema,
  entity: z.object({
    name: z.string(),
    description: z.string().nullable(),
    key: z.array(z.object({ column: z.string(), type: z.string(), source_column: z.string() })),
  }),
  source: z.object({
    name: z.string(),
    description: z.string().nullable(),
    history: z.string().nullable().describe('Its files; null for live events only'),
    event_time: z.string(),
    available: z.string().describe('When its rows can be known, in words'),
    table: z
      .object({ digest: z.string(), rows: count.nullable(), files: count, listed_at: instant.nullable() })
      .nullable()
      .describe('The latest pinned table'),
  }),
  freshness: z.object({
    now: instant,
    frontier: instant.nullable(),
    lag_ms: z.number().nullable(),
  }),
  report: reportStampSchema.nullable(),
  features: z.array(featureReportSchema),
  versions: z
    .array(
      z.object({
        revision: z.int(),
        at: instant,
        by: z.string(),
        changes: z.array(
          z.object({
            feature: z.string(),
            change: z.enum(['added', 'changed', 'removed']),
            digest: z.string().nullable(),
            before: z.string().nullable(),
          }),
        ),
      }),
    )
    .describe('Applications that changed what its features mean, the newest first'),
  used_by: z.object({
    models: z.array(
      z.object({
        name: z.string(),
        owner: z.string().nullable(),
        roles: z.array(z.string()),
        features: z.array(z.string()),
      }),
    ),
    versions: z.array(z.string()).describe('Pinned by deployments, of these models'),
    deployments: z.array(
      z.object({ name: z.string(), model: z.string(), champion: z.string().nullable(), shadows: z.array(z.string()) }),
    ),
  }),
  examples: z
    .array(
      z.object({
        entity: z.record(z.string(), z.string()).describe('As POST /v1/features/history takes it'),
        predictions: count,
        last_at: instant,
      }),
    )
    .describe('Entities of recent predictions, the most frequent first'),
})

export type FeatureUse = z.output<typeof featureUseSchema>
export type FeatureReport = z.output<typeof featureReportSchema>
export type FeatureViewReport = z.output<typeof featureViewReportSchema>
