import { type Manifest, type ModelSpec, semantics } from '../define/index.ts'
import { labelStatuses, type OfflineEngine, type TableVersion } from '../offline/offline-engine.ts'
import { type BinaryMetrics, evaluateBinary } from '../train/metrics/binary.ts'
import { type Column, formatInstant, type Instant, type Table } from '../values/index.ts'
import { type AnswerShares, answerShares } from './answer-shares.ts'
import { type ArmAgreement, compareScores } from './arm-agreement.ts'
import { type ArmComparison, compareArms } from './arm-comparison.ts'
import { JudgedPredictions } from './judged-predictions.ts'
import { allRows, groupRows } from './occurrence.ts'
import { textAt, textColumn } from './prediction-columns.ts'
import { outcomeKey, predictionOutcomes, sliceOutcomes } from './prediction-outcomes.ts'

/** What performance is measured on. */
export interface PerformanceOptions {
  readonly engine: OfflineEngine
  readonly manifest: Manifest
  readonly predictions: Table
  readonly versions: Readonly<Record<string, TableVersion>>
  /**
   * The cut T: outcomes known before it are used, and moments whose horizon (and lag) ended before it are mature. It must not lie
   * beyond what the tables hold, or a moment whose outcome is on its way is taken for one without.
   */
  readonly cutMs: Instant
}

/** How many answers there are and how far they are known to be right; metrics are over `labelled` rows. */
export interface PerformanceCounts {
  readonly rows: number
  /** Rows whose horizon has passed. */
  readonly matured: number
  readonly observed: number
  /** Mature without an outcome; they count where the outcome declares a label for them. */
  readonly absent: number
  readonly open: number
  readonly censored: number
  readonly unobservable: number
  /** Rows with a label and a probability. */
  readonly labelled: number
  /** The mean probability of all rows, matured or not. */
  readonly mean_probability_served: number | null
  /** Of the labelled rows; null without any. */
  readonly metrics: Omit<BinaryMetrics, 'calibration'> | null
}

/** Answers of one version in one arm, given by the same. Fallbacks stand apart from the version that they stood in for. */
export interface GroupPerformance extends PerformanceCounts {
  readonly version: string | null
  readonly arm: string
  /** `champion`, `shadow`, `fallback:...`; null where nothing came out. */
  readonly answered_by: string | null
}

/** The performance of what answers for one deployment. */
export interface DeploymentPerformance {
  readonly deployment: string
  readonly model: string
  /** What its callers got, fallbacks included. */
  readonly answers: PerformanceCounts & AnswerShares
  readonly answers_by_day: readonly (PerformanceCounts & AnswerShares & { readonly day: string })[]
  readonly groups: readonly GroupPerformance[]
  /** The same by UTC day of the moment. */
  readonly days: readonly (GroupPerformance & { readonly day: string })[]
  /** Champion and shadow on the same moments, by what came true. */
  readonly comparisons: readonly ArmComparison[]
  /** The same by what they say, outcome known or not. */
  readonly agreements: readonly ArmAgreement[]
}

/** What cannot be measured, and why. */
export interface Unmeasured {
  readonly deployment: string
  readonly model: string
  readonly rows: number
  readonly reason: 'model_gone' | 'table_not_given' | 'key_changed'
}

/** How good predictions were, by what came true. */
export interface PerformanceReport {
  readonly format: 1
  readonly semantics: number
  readonly cut: string
  readonly deployments: readonly DeploymentPerformance[]
  readonly unmeasured: readonly Unmeasured[]
}

/**
 * Joins the predictions of a moment to their outcomes and measures every deployment, version, arm and day on matured moments.
 * @throws evaluation_invalid where an outcome is neither 0 nor 1
 */
export async function measurePerformance(options: PerformanceOptions): Promise<PerformanceReport> {
  const { manifest, predictions: table, versions, cutMs } = options
  const deployments: DeploymentPerformance[] = []
  const unmeasured: Unmeasured[] = []
  const [deploymentOf, modelOf] = [textColumn(table, 'deployment'), textColumn(table, 'model')]
  const groups = groupRows(allRows(table.rows), (row) =>
    JSON.stringify([textAt(deploymentOf, row), textAt(modelOf, row)]),
  )
  const judgeable: Judgeable[] = []
  for (const [, list] of groups) {
    const rows = Uint32Array.from(list)
    const [deployment, model] = [textAt(deploymentOf, rows[0]!) ?? '', textAt(modelOf, rows[0]!) ?? '']
    const without = (reason: Unmeasured['reason']) => unmeasured.push({ deployment, model, rows: rows.length, reason })
    const spec = manifest.models[model]
    const version = spec === undefined ? undefined : versions[spec.label.source]
    const key = spec === undefined ? null : outcomeKey(manifest, spec, table)
    if (spec === undefined || manifest.sources[spec.label.source] === undefined) without('model_gone')
    else if (version === undefined) without('table_not_given')
    else if (key === null) without('key_changed')
    else judgeable.push({ deployment, model, rows, spec, version, key })
  }
  // Deployments of one label are joined to it together: the outcomes' table is read once for all of them.
  for (const [, some] of Map.groupBy(judgeable, ({ spec }) => JSON.stringify(spec.label))) {
    const { spec, version, key } = some[0]!
    const rows = Uint32Array.from(some.flatMap((one) => Array.from(one.rows)))
    const outcomes = await predictionOutcomes(options, spec, version, key, rows)
    let offset = 0
    for (const { deployment, model, rows: own } of some) {
      const part = sliceOutcomes(outcomes, offset, offset + own.length)
      offset += own.length
      deployments.push({ deployment, model, ...deploymentPerformance(new JudgedPredictions(table, own, part)) })
    }
  }
  deployments.sort((a, b) =>
    a.deployment < b.deployment || (a.deployment === b.deployment && a.model < b.model) ? -1 : 1,
  )
  return { format: 1, semantics, cut: formatInstant(cutMs), deployments, unmeasured }
}

/** The rows of one deployment and model whose outcomes can be looked for. */
interface Judgeable {
  readonly deployment: string
  readonly model: string
  readonly rows: Uint32Array
  readonly spec: ModelSpec
  readonly version: TableVersion
  readonly key: readonly Column[]
}

function deploymentPerformance(judged: JudgedPredictions): Omit<DeploymentPerformance, 'deployment' | 'model'> {
  const [version, arm, answeredBy] = [judged.text('version'), judged.text('arm'), judged.text('answered_by')]
  const places = Array.from(judged.rows, (_, place) => place)
  const dayOf = (place: number) => judged.day[place]!
  const group = (some: readonly number[]): GroupPerformance => ({
    version: version(some[0]!),
    arm: arm(some[0]!) ?? '',
    answered_by: answeredBy(some[0]!),
    ...performanceOf(judged, some),
  })
  const groups = groupRows(places, (place) => JSON.stringify([arm(place), answeredBy(place), version(place)]))
  const answered = places.filter((place) => arm(place) !== 'shadow')
  const answers = (some: readonly number[]) => ({ ...performanceOf(judged, some), ...answerShares(judged, some) })
  return {
    answers: answers(answered),
    answers_by_day: groupRows(answered, dayOf).map(([day, some]) => ({ day, ...answers(some) })),
    groups: groups.map(([, some]) => group(some)),
    days: groups.flatMap(([, all]) => groupRows(all, dayOf).map(([day, some]) => ({ day, ...group(some) }))),
    comparisons: compareArms(judged),
    agreements: compareScores(judged),
  }
}

function performanceOf(judged: JudgedPredictions, places: readonly number[]): PerformanceCounts {
  const { outcomes, probability } = judged
  const count = { observed: 0, absent: 0, open: 0, censored: 0, unobservable: 0 }
  let [sum, answered] = [0, 0]
  for (const place of places) {
    count[labelStatuses[outcomes.labelStatus[place]!]!]++
    if (Number.isNaN(probability[place]!)) continue
    sum += probability[place]!
    answered++
  }
  const labelled = places.filter((place) => judged.labelled(place))
  return {
    rows: places.length,
    matured: places.length - count.open,
    ...count,
    labelled: labelled.length,
    mean_probability_served: answered > 0 ? sum / answered : null,
    metrics: labelled.length > 0 ? metricsOf(judged, labelled) : null,
  }
}

function metricsOf(judged: JudgedPredictions, places: readonly number[]): Omit<BinaryMetrics, 'calibration'> {
  const { calibration: _, ...metrics } = evaluateBinary(
    judged.labels(places),
    Float64Array.from(places, (place) => judged.probability[place]!),
    judged.weights(places),
  )
  return metrics
}
