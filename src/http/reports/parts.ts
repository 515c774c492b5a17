import { z } from 'zod'

/** A number, or null where there is none to give (one class only, no rows). */
export const figure = z.number().nullable()
/** An instant as ISO 8601 in UTC. */
export const instant = z.iso.datetime()
export const count = z.int().min(0)
/** A share from 0 to 1. */
export const share = z.number().min(0).max(1)

/** What a figure is over. Each part is null where it does not apply or nobody knows. */
export const overSchema = z
  .object({
    rows: count.nullable().describe('Rows that count in the figure'),
    from: instant.nullable(),
    to: instant.nullable(),
    version: z.string().nullable().describe('model:number'),
  })
  .describe('What a figure is over')

/** One metric with its 95 % interval, where one is known, and what it is over. */
export const metricSchema = z.object({
  metric: z.string().describe('auc, log_loss, brier, calibration_error'),
  better: z.enum(['higher', 'lower']),
  value: figure,
  low: figure.describe('Lower end of the 95 % interval; null where none is computed'),
  high: figure,
  over: overSchema,
})

/** Every metric of one set of rows, as it is kept. */
export const metricsSchema = z.object({
  rows: count,
  positives: count.describe('Rows with label 1'),
  positive_rate: figure,
  mean_probability: figure,
  auc: figure,
  auc_low: figure.describe('The 95 % interval of the AUC'),
  auc_high: figure,
  log_loss: figure,
  brier: figure,
  calibration_error: figure,
})

/** Served values that were computed again offline. */
export const parityCountsSchema = z.object({
  compared: count,
  equal: count,
  differing: count,
  not_comparable: count,
})

/** Answers of one minute or hour. */
export const trafficPointSchema = z.object({
  at: instant.describe('The beginning of the minute or hour'),
  count,
  fallbacks: count.describe('Answers that no version gave'),
  p50: figure,
  p95: figure,
  p99: figure,
})

/** Answers over a window that ends now, on the platform's clock. */
export const trafficSchema = z
  .object({
    from: instant,
    to: instant,
    count: count.describe('Rows answered, shadows left out'),
    answered_by: z.array(z.object({ answered_by: z.string(), count, share })),
    reasons: z
      .array(z.object({ reason: z.string(), count }))
      .describe('Why no version answered, the most frequent first'),
    latency_ms: z
      .object({ p50: figure, p95: figure, p99: figure })
      .describe('Time to answer without the write of the log; each within 5 % of the exact quantile'),
    step: z.enum(['minute', 'hour']),
    series: z
      .array(trafficPointSchema)
      .describe('Every step of the window, empty ones included; in the overview only of the 20 busiest deployments'),
    complete: z
      .boolean()
      .describe(
        'False while the log of earlier answers is still read after a start, and where it was too long to be read as far back',
      ),
    last_at: instant.nullable().describe('The last answer, within the window or before'),
  })
  .describe('Answers over a window that ends now')

/** One bin of a histogram of probabilities: `low <= x < high`, the last closed. */
export const binSchema = z.object({ low: z.number(), high: z.number(), count, share })

/** A distance between what was trained on and what is served. */
export const driftStatisticSchema = z.object({
  statistic: z.enum(['psi', 'jensen_shannon']),
  name: z.string().describe('In words'),
  formula: z.string(),
  value: figure,
  by_chance: figure.describe(
    'What 95 of 100 samples of this size stay below without any drift; null where not computed',
  ),
  level: z
    .enum(['none', 'some', 'much'])
    .nullable()
    .describe('By the usual reading of the statistic, and none where chance explains it; null where it has none'),
})

/** One side of a distribution. */
const sideSchema = z.object({
  rows: count,
  missing: count,
  mean: figure.describe('Of the values that are there; null for text'),
})

/** A column in the training set of a version and as it is served, over the same bins. */
export const distributionSchema = z.object({
  deployment: z.string(),
  version: z.string().describe('Whose training set it is held against'),
  from: instant.describe('The first and the last served moment'),
  to: instant,
  training: sideSchema,
  now: sideSchema,
  bins: z
    .array(
      z.object({
        bin: z.enum(['range', 'category', 'other', 'missing']),
        above: figure.describe('Of a range, `above < value <= up_to`; null is open. Instants are milliseconds'),
        up_to: figure,
        category: z.string().nullable(),
        training: count,
        now: count,
        training_share: share,
        now_share: share,
      }),
    )
    .describe('Every row is in exactly one'),
  drift: z.array(driftStatisticSchema),
  days: z
    .array(z.object({ day: z.iso.date(), rows: count, missing: count, psi: figure, jensen_shannon: figure }))
    .describe('By UTC day of the moment, each against the whole training set'),
})

/** How many values had each status. */
export const statusShareSchema = z.object({ status: z.string(), rows: count, share })

/** A definition as it was written, or as it stands in the manifest where its file cannot be read. */
export const definitionSchema = z.object({
  file: z.string().nullable().describe('Relative to the project'),
  line: z.int().nullable().describe('Where it begins in that file, from 1'),
  text: z.string(),
  from: z.enum(['project', 'manifest']),
})

/** When the monitors last measured, and over what. */
export const reportStampSchema = z.object({
  made_at: instant.describe("On the machine's clock"),
  cut: instant.describe("On the platform's clock: outcomes known before it count"),
  from: instant.nullable().describe('The first and the last moment'),
  to: instant.nullable(),
  predictions: count,
})

/** A check of a version and what decided it. */
export const checkSchema = z.object({
  check: z.string(),
  name: z.string(),
  passed: z.boolean(),
  summary: z.string(),
  detail: z.record(z.string(), z.unknown()).describe('Rows, slices or columns that decided; differs by check'),
})

/** How a deployment, or a version in it, stands. */
export const stateSchema = z
  .enum(['ready', 'held', 'pending', 'refused', 'no_version'])
  .describe(
    'ready: the champion answers; held: a rollback stands; pending: pinned and not there yet; refused: it cannot serve; no_version: none pinned',
  )

export type Over = z.output<typeof overSchema>
export type Metric = z.output<typeof metricSchema>
export type Metrics = z.output<typeof metricsSchema>
export type ParityFigures = z.output<typeof parityCountsSchema>
export type TrafficPoint = z.output<typeof trafficPointSchema>
export type Traffic = z.output<typeof trafficSchema>
export type Distribution = z.output<typeof distributionSchema>
export type DriftStatistic = z.output<typeof driftStatisticSchema>
export type StatusShare = z.output<typeof statusShareSchema>
export type DefinitionText = z.output<typeof definitionSchema>
export type ReportStamp = z.output<typeof reportStampSchema>
export type Check = z.output<typeof checkSchema>
export type DeploymentStateName = z.output<typeof stateSchema>
