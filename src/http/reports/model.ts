import { z } from 'zod'
import { checkSchema, count, definitionSchema, figure, instant, metricsSchema, share, stateSchema } from './parts.ts'

const rocPointSchema = z.object({
  threshold: figure.describe('Rows that score at least this are called positive; null for the first point'),
  false_positive_rate: share,
  true_positive_rate: share,
})

const calibrationBinSchema = z.object({
  low: share.describe('The smallest and greatest probability of the bin'),
  high: share,
  rows: count,
  mean_probability: share,
  positive_rate: share,
  positive_rate_low: share.describe('95 % interval of the rate (Wilson)'),
  positive_rate_high: share,
})

const scoreBinSchema = z.object({ low: share, high: share, positives: count, negatives: count })

/** Curves on the validation rows, kept with the version. */
export const curvesSchema = z.object({
  rows: count,
  roc: z.array(rocPointSchema).describe('At most 200 points'),
  calibration: z.array(calibrationBinSchema),
  scores: z.array(scoreBinSchema).describe('Probabilities by label, bins of equal width; empty for older versions'),
})

export const trainingSetSchema = z.object({
  identity: z.string(),
  content: z.string(),
  cut: instant,
  from: instant.nullable(),
  to: instant.nullable(),
  rows: z.object({ training: count, validation: count, spine: count }),
  label_status: z.record(z.string(), count),
  logged_as_of: count.describe('Rows that took the logged as_of of a served prediction'),
  tables: z.array(
    z.object({
      source: z.string(),
      digest: z.string(),
      cutover: instant.nullable(),
      files: z.array(z.object({ path: z.string(), sha256: z.string(), rows: count })),
    }),
  ),
})

/** Where a version stands in a deployment. */
const deployedSchema = z.object({
  deployment: z.string(),
  part: z.enum(['champion', 'shadow']),
  state: stateSchema,
})

/** A version in a list. */
export const versionRowSchema = z.object({
  version: z.string(),
  number: z.int(),
  created_at: instant,
  passed: z.boolean(),
  checks: z.object({ passed: count, failed: count }),
  run: z.string(),
  trainer: z.string(),
  validation: metricsSchema,
  baseline: metricsSchema.nullable(),
  training_rows: count,
  deployed: z.array(deployedSchema),
})

/** A version with everything that decided it. */
export const versionDetailSchema = versionRowSchema.omit({ checks: true }).extend({
  digest: z.string(),
  seed: z.int(),
  parameters: z.record(z.string(), z.unknown()),
  git: z.object({ commit: z.string(), dirty: z.boolean() }).nullable(),
  environment: z.record(z.string(), z.string()),
  manifest: z.string(),
  checks: z.array(checkSchema),
  curves: curvesSchema,
  baseline_curves: curvesSchema.nullable().describe('null without a baseline, and for older versions'),
  slices: z
    .array(z.object({ column: z.string(), slices: z.array(metricsSchema.extend({ value: z.string().nullable() })) }))
    .describe('By the columns that checks slice by, the greatest first'),
  importance: z
    .array(z.object({ name: z.string(), gain: z.number(), share: share, from: z.string().nullable() }))
    .describe("Inputs by how much they decided, in the trainer's measure"),
  inputs: z.array(
    z.object({
      column: z.string(),
      type: z.string(),
      from: z.string(),
      digest: z.string().nullable(),
      feature_view: z.string().nullable().describe('To link to'),
    }),
  ),
  training_set: trainingSetSchema,
})

export const modelReportSchema = z.object({
  name: z.string(),
  description: z.string().nullable(),
  owner: z.string().nullable(),
  tier: z.string(),
  moment: z.string(),
  definition: definitionSchema,
  trainer: z.string(),
  label: z.object({ source: z.string(), means: z.string(), within_ms: z.number() }),
  has_baseline: z.boolean(),
  declared_checks: z.array(z.string()),
  versions: z.array(versionRowSchema).describe('The newest first'),
  selected: versionDetailSchema.nullable().describe('The asked version, else the newest; null without any'),
  runs: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      started_at: instant,
      finished_at: instant.nullable(),
      version: z.string().nullable(),
      auc: figure,
    }),
  ),
  deployments: z.array(
    z.object({
      name: z.string(),
      state: stateSchema,
      champion: z.string().nullable(),
      shadows: z.array(z.string()),
    }),
  ),
})

export type Curves = z.output<typeof curvesSchema>
export type TrainingSetReport = z.output<typeof trainingSetSchema>
export type VersionRow = z.output<typeof versionRowSchema>
export type VersionDetail = z.output<typeof versionDetailSchema>
export type ModelReport = z.output<typeof modelReportSchema>
