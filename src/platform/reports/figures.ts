import type { Metric, Metrics, Over } from '../../http/reports.ts'
import type { VersionJson } from '../../registry/index.ts'
import { formatInstant } from '../../values/index.ts'

const number = (value: unknown): number | null => (typeof value === 'number' ? value : null)

/** Metrics as they are kept with a version or a run, by name. */
export function metricsOf(kept: Readonly<Record<string, unknown>>): Metrics {
  return {
    rows: number(kept.rows) ?? 0,
    positives: number(kept.positives) ?? 0,
    positive_rate: number(kept.positive_rate),
    mean_probability: number(kept.mean_probability),
    auc: number(kept.auc),
    auc_low: number(kept.auc_low),
    auc_high: number(kept.auc_high),
    log_loss: number(kept.log_loss),
    brier: number(kept.brier),
    calibration_error: number(kept.calibration_error),
  }
}

/** The metric that stands for a model at a glance, with its interval. */
export function headline(metrics: Metrics, over: Over): Metric {
  const { auc, auc_low, auc_high } = metrics
  return { metric: 'auc', better: 'higher', value: auc, low: auc_low, high: auc_high, over }
}

/** What the validation metrics of a version are over. */
export function validationOver({ version, spec, metrics }: Pick<VersionJson, 'version' | 'spec' | 'metrics'>): Over {
  const { validateFrom, to } = spec.split
  return {
    rows: metricsOf(metrics.validation).rows,
    from: validateFrom === null ? null : formatInstant(validateFrom),
    to: to === null ? null : formatInstant(to),
    version,
  }
}
