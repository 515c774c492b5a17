import type { Digest } from '../digest.ts'
import type { DeploymentState, LoggedModel } from './deployment-state.ts'
import type { Occasion } from './occasion.ts'
import type { PredictionDraft } from './prediction-log.ts'
import type { PredictionFacts } from './prediction-record.ts'

/** A prediction for the log: what went in from the occasion, what was said beside it. */
export function draftPrediction(
  manifest: Digest,
  { spec }: DeploymentState,
  { slots }: LoggedModel,
  { at, asOf, tables, values, statuses }: Occasion,
  said: Pick<PredictionFacts, 'output' | 'version' | 'arm' | 'answeredBy' | 'reason' | 'detail' | 'latency'>,
): PredictionDraft {
  return {
    slots,
    values: { values, statuses },
    facts: {
      deployment: spec.name,
      item: null,
      at,
      asOf,
      tables,
      action: null,
      propensity: null,
      parent: null,
      group: null,
      manifest,
      ...said,
    },
  }
}
