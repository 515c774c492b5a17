import { type Manifest, type ModelSpec, semantics } from '../define/index.ts'
import { labelStatuses, type OfflineEngine, type OutcomeColumns, type TableVersion } from '../offline/offline-engine.ts'
import { type BinaryMetrics, evaluateBinary } from '../train/metrics/binary.ts'
import { type Column, formatInstant, type Instant, type Table, takeColumn } from '../values/index.ts'
import { type AnswerShares, answerShares } from './answer-shares.ts'
import { type ArmAgreement, compareScores } from './arm-agreement.ts'
import { type ArmComparison, compareArms } from './arm-comparison.ts'
import { JudgedPredictions } from './judged-predictions.ts'
import { groupRows } from './occurrence.ts'
import { columnOfType, namesOf, numberColumn, textAt, textColumn } from './prediction-columns.ts'

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
  const groups = groupRows(rowsOf(table), (row) => JSON.stringify([textAt(deploymentOf, row), textAt(modelOf, row)]))
  for (const [, list] of groups) {
    const rows = Uint32Array.from(list)
    const [deployment, model] = [textAt(deploymentOf, rows[0]!) ?? '', textAt(modelOf, rows[0]!) ?? '']
    const without = (reason: Unmeasured['reason']) => unmeasured.push({ deployment, model, rows: rows.length, reason })
    const spec = manifest.models[model]
    const version = spec === undefined ? undefined : versions[spec.label.source]
    const key = spec === undefined ? null : keyColumns(manifest, spec, table)
    if (spec === undefined || manifest.sources[spec.label.source] === undefined) without('model_gone')
    else if (version === undefined) without('table_not_given')
    else if (key === null) without('key_changed')
    else {
      const outcomes = await outcomesOf(options, spec, version, key, rows)
      deployments.push({ deployment, model, ...deploymentPerformance(new JudgedPredictions(table, rows, outcomes)) })
    }
  }
  return { format: 1, semantics, cut: formatInstant(cutMs), deployments, unmeasured }
}

const rowsOf = (table: Table): number[] => Array.from({ length: table.rows }, (_, row) => row)

/** The moment's key as the outcome's source has it; null where the records have another. */
function keyColumns(manifest: Manifest, { label }: ModelSpec, table: Table): Column[] | null {
  const columns = label.on.map(({ column, field }) => {
    const found = table.columns[`key:${field}`]
    const type = manifest.sources[label.source]?.columns[column]?.type
    return found === undefined || type === undefined ? null : columnOfType(type, found, table.rows)
  })
  const whole = columns.filter((column) => column !== null)
  return whole.length === columns.length ? whole : null
}

async function outcomesOf(
  { engine, manifest, predictions: table, cutMs }: PerformanceOptions,
  { label }: ModelSpec,
  version: TableVersion,
  key: readonly Column[],
  rows: Uint32Array,
): Promise<OutcomeColumns> {
  const at = numberColumn(table, 'at')
  const instants = namesOf(table, 'as_of:').map((source) => numberColumn(table, `as_of:${source}`))
  // No row is both feature and outcome: what happened up to any as_of of the answer is no outcome of it.
  const after = Float64Array.from(rows, (row) =>
    Math.max(at[row]!, ...instants.map((asOf) => asOf[row]!).filter((asOf) => !Number.isNaN(asOf))),
  )
  return engine.outcomes({
    outcome: label,
    source: manifest.sources[label.source]!,
    version,
    key: key.map((column) => takeColumn(column, rows)),
    after,
    at: Float64Array.from(rows, (row) => at[row]!),
    cutMs,
  })
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
