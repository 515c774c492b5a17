import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What serving counts and times. */
export interface ServingMetrics {
  answered(deployment: string, answeredBy: string, reason: string | null): void
  stage(stage: ServingStage, durationMs: number): void
  /** How far an answer's features lagged behind the moment. */
  stale(source: string, stalenessMs: number): void
  logFailed(deployment: string): void
  shadow(deployment: string, result: 'predicted' | 'failed' | 'dropped'): void
  shadowQueue(length: number): void
}

/** The parts of an answer's time. */
export type ServingStage = 'wait' | 'lookup' | 'derive' | 'model' | 'log' | 'total'

const latencyBucketsSeconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const stalenessBucketsSeconds = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 3600, 86_400]

/** Registers the metrics of serving; to be called once a registry. */
export function servingMetrics(registry: Registry): ServingMetrics {
  const registers = [registry]
  const predictions = new Counter({
    name: 'noonmark_predictions_total',
    help: 'Predictions answered, by who answered',
    labelNames: ['deployment', 'answered_by'],
    registers,
  })
  const fallbacks = new Counter({
    name: 'noonmark_fallbacks_total',
    help: 'Predictions that a fallback answered, by why',
    labelNames: ['deployment', 'reason'],
    registers,
  })
  const stages = new Histogram({
    name: 'noonmark_prediction_stage_seconds',
    help: 'Time of prediction requests by stage',
    labelNames: ['stage'],
    buckets: latencyBucketsSeconds,
    registers,
  })
  const staleness = new Histogram({
    name: 'noonmark_feature_staleness_seconds',
    help: 'How far as_of of a source lay before the moment',
    labelNames: ['source'],
    buckets: stalenessBucketsSeconds,
    registers,
  })
  const logFailures = new Counter({
    name: 'noonmark_prediction_log_failures_total',
    help: 'Predictions that the log could not keep in time',
    labelNames: ['deployment'],
    registers,
  })
  const shadows = new Counter({
    name: 'noonmark_shadow_predictions_total',
    help: 'Predictions of shadows by result; dropped under load',
    labelNames: ['deployment', 'result'],
    registers,
  })
  const queue = new Gauge({ name: 'noonmark_shadow_queue', help: 'Requests whose shadows wait', registers })
  return {
    answered(deployment, answeredBy, reason) {
      predictions.inc({ deployment, answered_by: answeredBy })
      if (reason !== null) fallbacks.inc({ deployment, reason: reason.split(':', 1)[0]! })
    },
    stage: (stage, durationMs) => stages.observe({ stage }, durationMs / 1000),
    stale: (source, stalenessMs) => staleness.observe({ source }, stalenessMs / 1000),
    logFailed: (deployment) => logFailures.inc({ deployment }),
    shadow: (deployment, result) => shadows.inc({ deployment, result }),
    shadowQueue: (length) => queue.set(length),
  }
}
