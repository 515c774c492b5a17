import { formatInstant } from '../values/index.ts'
import type { JudgedPredictions } from './judged-predictions.ts'
import { groupRows, occurrences } from './occurrence.ts'
import { numberColumn } from './prediction-columns.ts'
import { shareInterval } from './proportion.ts'

/** What a shadow says beside the champion on all moments that both answered, whether their outcome is known or not. */
export interface ArmAgreement {
  readonly champion: string
  readonly shadow: string
  /** Moments that both versions gave a probability for. */
  readonly rows: number
  readonly from: string
  readonly to: string
  readonly champion_mean: number
  readonly shadow_mean: number
  /** The mean of |shadow - champion|, and of shadow - champion. */
  readonly mean_absolute_difference: number
  readonly mean_difference: number
  /** Pearson's correlation of the two probabilities; null where one of them never changes. */
  readonly correlation: number | null
  /** At 0.1, 0.2 ... 0.9: on how many moments both would decide the same, were "at least the threshold" a yes. */
  readonly thresholds: readonly ThresholdAgreement[]
  /** Twenty bins of equal width, `low <= probability < high` (the last up to 1), with the moments of each version in them. */
  readonly scores: readonly ScoreBin[]
}

/** Agreement at one threshold; the four counts sum up to the rows. */
export interface ThresholdAgreement {
  readonly threshold: number
  readonly both: number
  readonly neither: number
  readonly champion_only: number
  readonly shadow_only: number
  /** (both + neither) by rows, with its 95 % interval. */
  readonly agreement: number
  readonly low: number
  readonly high: number
}

/** One bin of two score histograms. */
export interface ScoreBin {
  readonly low: number
  readonly high: number
  readonly champion: number
  readonly shadow: number
}

const thresholds = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
const scoreBins = 20

/** The places of shadows beside those of the champion on the same moment, where `counts` says that both count. */
export function shadowPairs(
  judged: JudgedPredictions,
  counts: (place: number) => boolean,
): { readonly shadow: number; readonly champion: number }[] {
  const { rows, table } = judged
  const occurrenceOf = occurrences(table)
  const [version, answeredBy] = [judged.text('version'), judged.text('answered_by')]
  const champions = new Map<number, number>()
  const shadows: number[] = []
  rows.forEach((row, place) => {
    if (version(place) === null || !counts(place)) return
    if (answeredBy(place) === 'champion') champions.set(occurrenceOf[row]!, place)
    if (answeredBy(place) === 'shadow') shadows.push(place)
  })
  return shadows.flatMap((shadow) => {
    const champion = champions.get(occurrenceOf[rows[shadow]!]!)
    return champion === undefined ? [] : [{ shadow, champion }]
  })
}

/** Holds the scores of every shadow version against those of every version that was champion beside it. */
export function compareScores(judged: JudgedPredictions): ArmAgreement[] {
  const { probability, table, rows } = judged
  const version = judged.text('version')
  const at = numberColumn(table, 'at')
  const pairs = shadowPairs(judged, (place) => !Number.isNaN(probability[place]!))
  const names = pairs.map(({ champion, shadow }) => JSON.stringify([version(champion), version(shadow)]))
  return groupRows(pairs.keys(), (pair) => names[pair]!).map(([, some]) => {
    const champion = Float64Array.from(some, (pair) => probability[pairs[pair]!.champion]!)
    const shadow = Float64Array.from(some, (pair) => probability[pairs[pair]!.shadow]!)
    const instants = some.map((pair) => at[rows[pairs[pair]!.champion]!]!)
    const first = pairs[some[0]!]!
    return {
      champion: version(first.champion) ?? '',
      shadow: version(first.shadow) ?? '',
      rows: some.length,
      // Rows are in order of their moments.
      from: formatInstant(instants[0]!),
      to: formatInstant(instants.at(-1)!),
      ...agreementOf(champion, shadow),
    }
  })
}

/** How far two scores of the same rows agree; at least one row, each value from 0 to 1. */
export function agreementOf(
  champion: Float64Array,
  shadow: Float64Array,
): Omit<ArmAgreement, 'champion' | 'shadow' | 'rows' | 'from' | 'to'> {
  const count = champion.length
  let [championSum, shadowSum, absolute] = [0, 0, 0]
  for (let i = 0; i < count; i++) {
    championSum += champion[i]!
    shadowSum += shadow[i]!
    absolute += Math.abs(shadow[i]! - champion[i]!)
  }
  const [championMean, shadowMean] = [championSum / count, shadowSum / count]
  let [championSquares, shadowSquares, products] = [0, 0, 0]
  for (let i = 0; i < count; i++) {
    const [a, b] = [champion[i]! - championMean, shadow[i]! - shadowMean]
    championSquares += a * a
    shadowSquares += b * b
    products += a * b
  }
  const steady = isSteady(champion) || isSteady(shadow)
  const inBins = (scores: Float64Array): Int32Array => {
    const counts = new Int32Array(scoreBins)
    for (const score of scores) counts[Math.min(scoreBins - 1, Math.floor(score * scoreBins))]!++
    return counts
  }
  const [championBins, shadowBins] = [inBins(champion), inBins(shadow)]
  return {
    champion_mean: championMean,
    shadow_mean: shadowMean,
    mean_absolute_difference: absolute / count,
    mean_difference: shadowMean - championMean,
    correlation: steady ? null : Math.max(-1, Math.min(1, products / Math.sqrt(championSquares * shadowSquares))),
    thresholds: thresholds.map((threshold) => thresholdAgreement(threshold, champion, shadow)),
    scores: Array.from({ length: scoreBins }, (_, bin) => ({
      low: bin / scoreBins,
      high: (bin + 1) / scoreBins,
      champion: championBins[bin]!,
      shadow: shadowBins[bin]!,
    })),
  }
}

/** Rounding makes the squares of equal values about their mean more than 0. */
const isSteady = (values: Float64Array): boolean => values.every((value) => value === values[0])

function thresholdAgreement(threshold: number, champion: Float64Array, shadow: Float64Array): ThresholdAgreement {
  let [both, neither, championOnly, shadowOnly] = [0, 0, 0, 0]
  for (let i = 0; i < champion.length; i++) {
    if (champion[i]! >= threshold) shadow[i]! >= threshold ? both++ : championOnly++
    else shadow[i]! >= threshold ? shadowOnly++ : neither++
  }
  return {
    threshold,
    both,
    neither,
    champion_only: championOnly,
    shadow_only: shadowOnly,
    agreement: (both + neither) / champion.length,
    ...shareInterval(both + neither, champion.length),
  }
}
