import type { CheckSpec, MetricName } from '../define/index.ts'
import type { EntityOverlap, FutureColumn } from './leakage.ts'
import type { MatrixColumn } from './matrix.ts'
import { compareAuc } from './metrics/auc.ts'
import { type BinaryMetrics, evaluateBinary } from './metrics/binary.ts'
import type { SingleFeatureAuc } from './metrics/single-feature.ts'
import { sliceRows } from './metrics/slice.ts'
import type { Recomputed } from './recompute-sample.ts'

/** What a check found. A version reaches users only when every one of its checks has passed. */
export interface CheckResult {
  readonly check: CheckSpec['check']
  /** What was asked, in a few words. */
  readonly name: string
  readonly passed: boolean
  /** What decided, as a sentence with its figures. */
  readonly summary: string
  /** The rows, slices or columns that decided. */
  readonly detail: Readonly<Record<string, unknown>>
}

/** Predictions on the validation rows, all in one order. */
export interface CheckEvidence {
  readonly labels: Uint8Array
  readonly probabilities: Float64Array
  /** The baseline rule's probabilities; null where the model has none. */
  readonly baseline: Float64Array | null
  /** The champion's probabilities on these rows; null where there is none yet. */
  readonly champion: ChampionEvidence | null
  /** Columns by which slices are cut, by name. */
  readonly columns: Readonly<Record<string, MatrixColumn>>
  /** The probability for a behavioural example: the inputs given, all others missing. */
  readonly predictExample: (row: Readonly<Record<string, unknown>>) => number
  readonly leakage: LeakageEvidence
}

/** What the champion said of these rows; null where they lack inputs that it reads. */
export interface ChampionEvidence {
  readonly version: string
  readonly probabilities: Float64Array | null
  readonly missing: readonly string[]
}

/** What was looked for to tell whether features know the future. */
export interface LeakageEvidence {
  readonly futureColumns: readonly FutureColumn[]
  readonly recomputed: Recomputed | null
  readonly overlap: readonly EntityOverlap[]
  readonly nearLabel: readonly SingleFeatureAuc[]
}

/** Runs every check of a model on the evidence. */
export function runChecks(checks: readonly CheckSpec[], evidence: CheckEvidence): CheckResult[] {
  return checks.map((check) => runCheck(check, evidence))
}

/** Runs the behavioral examples among some checks, which need nothing but a model. */
export function runExamples(
  checks: readonly CheckSpec[],
  predictExample: CheckEvidence['predictExample'],
): CheckResult[] {
  return checks.flatMap((check) => (check.check === 'example' ? [behaves(check, { predictExample })] : []))
}

function runCheck(check: CheckSpec, evidence: CheckEvidence): CheckResult {
  switch (check.check) {
    case 'beats_baseline':
      return beatsBaseline(check, evidence)
    case 'slice':
      return sliceGuardrail(check, evidence)
    case 'example':
      return behaves(check, evidence)
    case 'leakage':
      return leakage(check, evidence.leakage)
  }
}

type Of<Name extends CheckSpec['check']> = Extract<CheckSpec, { check: Name }>

/** Log loss and Brier are better when smaller: their sign is turned, so that more is always better. */
const goodness = (metrics: BinaryMetrics, metric: MetricName): number | null => {
  const value = metrics[metric]
  return value === null ? null : metric === 'auc' ? value : -value
}

const shown = (value: number | null): string => (value === null ? 'undefined' : Math.abs(value).toFixed(4))

function beatsBaseline(
  { check, metric, by }: Of<'beats_baseline'>,
  { labels, probabilities, baseline }: CheckEvidence,
): CheckResult {
  const name = `beats the baseline by ${by} ${metric}`
  if (baseline === null)
    return { check, name, passed: false, summary: 'The model has no baseline to beat.', detail: {} }
  const model = goodness(evaluateBinary(labels, probabilities), metric)
  const rule = goodness(evaluateBinary(labels, baseline), metric)
  const gain = model === null || rule === null ? null : model - rule
  const interval = metric === 'auc' ? compareAuc(labels, probabilities, baseline) : null
  return {
    check,
    name,
    passed: gain !== null && gain >= by,
    summary: `${metric} ${shown(model)} against ${shown(rule)} of the baseline on ${labels.length} rows: ${gain === null ? 'undefined' : `${gain >= 0 ? '+' : ''}${gain.toFixed(4)}`}, asked ${by}.`,
    detail: { metric, by, rows: labels.length, model, baseline: rule, gain, interval },
  }
}

/** Slices too small to be judged that are reported. */
const mostReported = 100
/** Failed slices that are named in the summary; the detail has all. */
const mostNamed = 5

function sliceGuardrail(
  { check, column, metric, tolerance, minRows }: Of<'slice'>,
  evidence: CheckEvidence,
): CheckResult {
  const name = `no slice of ${column} worse than the champion by ${tolerance} ${metric}`
  const { champion, labels, probabilities } = evidence
  const sliced = evidence.columns[column]
  if (sliced === undefined)
    return { check, name, passed: false, summary: `There is no column ${column} to slice by.`, detail: {} }
  if (champion === null)
    return { check, name, passed: true, summary: 'There is no champion yet.', detail: { champion: null } }
  const { version, missing } = champion
  const asked = champion.probabilities
  if (asked === null) {
    const summary = `The champion ${version} reads ${missing.join(', ')}, which these rows do not have, so nobody can say that this version is no worse.`
    return { check, name, passed: false, summary, detail: { champion: version, missing } }
  }
  const take = (values: Float64Array, rows: Uint32Array) => Float64Array.from(rows, (row) => values[row]!)
  const found = sliceRows(sliced).filter(({ rows }, place) => rows.length >= minRows || place < mostReported)
  const slices = found.map(({ value, rows }) => {
    const truth = Uint8Array.from(rows, (row) => labels[row]!)
    const model = goodness(evaluateBinary(truth, take(probabilities, rows)), metric)
    const before = goodness(evaluateBinary(truth, take(asked, rows)), metric)
    const judged = rows.length >= minRows && model !== null && before !== null
    const interval = metric === 'auc' ? compareAuc(truth, take(asked, rows), take(probabilities, rows)) : null
    return {
      value,
      rows: rows.length,
      model,
      champion: before,
      judged,
      worseBy: judged ? before - model : null,
      // The 95 % interval of what it is worse by.
      low: judged ? (interval?.low ?? null) : null,
      high: judged ? (interval?.high ?? null) : null,
    }
  })
  const judged = slices.filter((slice) => slice.judged).sort((a, b) => (b.worseBy ?? 0) - (a.worseBy ?? 0))
  const failed = judged.filter(({ worseBy }) => worseBy !== null && worseBy > tolerance)
  const told = (failed.length > 0 ? failed : judged.slice(0, 1)).slice(0, mostNamed)
  const words = told.map(
    ({ value, rows, model, champion: before }) =>
      `${column}=${value ?? 'missing'}: ${shown(model)} against ${shown(before)} on ${rows} rows`,
  )
  const others = failed.length > mostNamed ? `, and ${failed.length - mostNamed} more` : ''
  return {
    check,
    name,
    passed: failed.length === 0,
    summary:
      judged.length === 0
        ? `No slice has ${minRows} rows of both classes.`
        : `${judged.length - failed.length} of ${judged.length} slices within tolerance of ${version}; ${failed.length > 0 ? 'not' : 'worst'} ${words.join(', ')}${others}.`,
    detail: { champion: version, column, metric, tolerance, min_rows: minRows, slices },
  }
}

function behaves(
  { check, name, row, probability }: Of<'example'>,
  { predictExample }: Pick<CheckEvidence, 'predictExample'>,
): CheckResult {
  const found = predictExample(row)
  const { atLeast = 0, atMost = 1 } = probability
  return {
    check,
    name,
    passed: found >= atLeast && found <= atMost,
    summary: `Probability ${found.toFixed(4)}, asked between ${atLeast} and ${atMost}.`,
    detail: { row, probability: found, atLeast, atMost },
  }
}

/** The verdict on leakage. Findings (a), (b) and (d) fail; entities on both sides fail only where the check says so. */
export function leakage(
  { check, entityOverlap, singleFeatureAuc }: Of<'leakage'>,
  evidence: LeakageEvidence,
): CheckResult {
  const { futureColumns, recomputed, overlap, nearLabel } = evidence
  const faults = [
    ...futureColumns.map(
      ({ source, column, laterRows, rows, inputs }) =>
        `${source}.${column} lies later than its row was known in ${laterRows} of ${rows} rows, so these features know the future: ${inputs.join(', ')}.`,
    ),
    ...(recomputed === null || recomputed.differences.length === 0
      ? []
      : [
          `${recomputed.differences.length} of ${recomputed.compared} sampled values differ when sources are cut at the moment: ${[...new Set(recomputed.differences.map(({ input }) => input))].join(', ')}.`,
        ]),
    ...nearLabel.map(
      ({ name, auc }) =>
        `${name} alone has AUC ${shown(auc)}, at least ${singleFeatureAuc}: it nearly equals the label.`,
    ),
    ...(entityOverlap === 'fail'
      ? overlap
          .filter(({ both }) => both > 0)
          .map(({ role, both }) => `${both} values of ${role} stand in both training and validation.`)
      : []),
  ]
  const shared = overlap
    .map(({ role, both, validation }) => `${both} of ${validation} values of ${role} were trained on`)
    .join(', ')
  return {
    check,
    name: 'no leakage',
    passed: faults.length === 0,
    summary:
      faults.length > 0
        ? faults.join(' ')
        : `No column lies later than its row was known; ${recomputed === null ? 'no values recomputed' : `${recomputed.compared} sampled values recomputed, all equal`}; no feature alone nearly equals the label${shared === '' ? '' : `; ${shared}`}.`,
    detail: {
      future_columns: futureColumns,
      recomputed: recomputed === null ? null : { ...recomputed, ...mostTold(recomputed.differences) },
      entity_overlap: overlap,
      near_label: nearLabel,
    },
  }
}

/** A broken feature differs in every sampled row: some are kept to look at, and how many there were. */
function mostTold(differences: Recomputed['differences']) {
  return { different: differences.length, differences: differences.slice(0, 50) }
}
