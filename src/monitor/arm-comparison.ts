import { compareAuc } from '../train/metrics/auc.ts'
import { logLoss } from '../train/metrics/loss.ts'
import { shadowPairs } from './arm-agreement.ts'
import type { JudgedPredictions } from './judged-predictions.ts'
import { groupRows } from './occurrence.ts'

/** A shadow beside the champion on the moments that both versions answered and whose label is known. */
export interface ArmComparison {
  readonly champion: string
  readonly shadow: string
  readonly rows: number
  readonly positives: number
  readonly champion_auc: number | null
  readonly shadow_auc: number | null
  /** Shadow less champion with its 95 % interval, paired: above 0 the shadow ranks better. */
  readonly auc_difference: number | null
  readonly auc_difference_low: number | null
  readonly auc_difference_high: number | null
  readonly p_value: number | null
  readonly champion_log_loss: number | null
  readonly shadow_log_loss: number | null
}

/** Compares every shadow version with every version that was champion beside it. Fallbacks are no answer of either. */
export function compareArms(judged: JudgedPredictions): ArmComparison[] {
  const { probability } = judged
  const version = judged.text('version')
  const pairs = shadowPairs(judged, (place) => judged.labelled(place))
  const names = pairs.map(({ champion, shadow }) => JSON.stringify([version(champion), version(shadow)]))
  return groupRows(pairs.keys(), (pair) => names[pair]!).map(([, pairsOfBoth]) => {
    const some = pairsOfBoth.map((pair) => pairs[pair]!.shadow)
    const others = pairsOfBoth.map((pair) => pairs[pair]!.champion)
    // One label a moment: the champion's, which is the shadow's too unless they read at different instants.
    const labels = judged.labels(others)
    const weights = judged.weights(others)
    const shadow = Float64Array.from(some, (place) => probability[place]!)
    const champion = Float64Array.from(others, (place) => probability[place]!)
    const auc = compareAuc(labels, shadow, champion, weights)
    return {
      champion: version(others[0]!) ?? '',
      shadow: version(some[0]!) ?? '',
      rows: some.length,
      positives: labels.reduce((sum, one) => sum + one, 0),
      champion_auc: auc.second,
      shadow_auc: auc.first,
      auc_difference: auc.difference,
      auc_difference_low: auc.low,
      auc_difference_high: auc.high,
      p_value: auc.p_value,
      champion_log_loss: logLoss(labels, champion, weights),
      shadow_log_loss: logLoss(labels, shadow, weights),
    }
  })
}
