import type { Metric, Metrics } from '../../../src/http/reports.ts'
import { formatFixed, formatRange } from './number.ts'

const names: Readonly<Record<string, string>> = {
  auc: 'AUC',
  log_loss: 'Log loss',
  brier: 'Brier score',
  calibration_error: 'Calibration error',
  positive_rate: 'Positive rate',
  mean_probability: 'Mean probability',
}

/** The name of a metric as people write it. */
export function metricName(metric: string): string {
  return names[metric] ?? metric.replaceAll('_', ' ')
}

/** One metric of a set of rows, with what it is over. Only the AUC has an interval. */
export function metricOf(
  metrics: Metrics,
  metric: 'auc' | 'log_loss' | 'brier' | 'calibration_error',
  version: string | null,
): Metric {
  return {
    metric,
    better: metric === 'auc' ? 'higher' : 'lower',
    value: metrics[metric],
    low: metric === 'auc' ? metrics.auc_low : null,
    high: metric === 'auc' ? metrics.auc_high : null,
    over: { rows: metrics.rows, from: null, to: null, version },
  }
}

/** The 95 % interval of a metric as text; empty where there is none. */
export function metricRange({ low, high }: Pick<Metric, 'low' | 'high'>): string {
  return formatRange(low, high)
}

/** The value of a metric as text. */
export function metricValue({ value }: Pick<Metric, 'value'>): string {
  return formatFixed(value)
}
