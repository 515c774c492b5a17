import { type ModelArtifact, predictBatch, predictRow, type ReferenceRows, rowCoder } from '../artifact/index.ts'
import type { ModelSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import { columnValue, parseValue, type Table, type Value } from '../values/index.ts'
import { type ChampionEvidence, type CheckResult, type LeakageEvidence, runChecks, runExamples } from './checks.ts'
import { alignMatrix, columnValues, type MatrixColumn } from './matrix.ts'
import { inputKind, matrixColumn, matrixFromTable } from './matrix-from-table.ts'
import { evaluateBinary } from './metrics/binary.ts'
import { rocCurve } from './metrics/roc.ts'
import { scoresByLabel } from './metrics/score-bins.ts'
import { evaluateBySlice } from './metrics/slice.ts'

/** What a trained model is judged on. */
export interface EvaluationInput {
  readonly model: ModelSpec
  readonly artifact: ModelArtifact
  /** Validation rows: inputs, label, role keys. */
  readonly validation: Table
  /** The trainer's own predictions for these rows. */
  readonly probabilities: Float64Array
  readonly baseline: Float64Array | null
  readonly champion: { readonly version: string; readonly artifact: ModelArtifact } | null
  readonly leakage: LeakageEvidence
}

/** Metrics and verdicts. */
export interface Evaluation {
  readonly metrics: {
    readonly validation: Readonly<Record<string, unknown>>
    readonly baseline: Readonly<Record<string, unknown>> | null
    readonly slices: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
    readonly roc: readonly unknown[]
    /** The same curve of the baseline rule; empty without one. */
    readonly baseline_roc: readonly unknown[]
    /** Probabilities by label in bins of equal width; of the baseline rule, empty without one. */
    readonly scores: readonly unknown[]
    readonly baseline_scores: readonly unknown[]
  }
  readonly checks: readonly CheckResult[]
}

/** Judges a model on its validation rows. */
export function evaluate(input: EvaluationInput): Evaluation {
  const { model, validation, probabilities, baseline } = input
  const labels = labelsOf(validation)
  const sliced = sliceColumns(model, validation)
  return {
    metrics: {
      validation: { ...evaluateBinary(labels, probabilities) },
      baseline: baseline === null ? null : { ...evaluateBinary(labels, baseline) },
      slices: Object.fromEntries(
        Object.entries(sliced).map(([name, column]) => [
          name,
          evaluateBySlice(column, labels, probabilities)
            .slice(0, mostSlices)
            .map((slice) => ({ ...slice })),
        ]),
      ),
      roc: [...rocCurve(labels, probabilities)],
      baseline_roc: baseline === null ? [] : rocCurve(labels, baseline),
      scores: scoresByLabel(labels, probabilities),
      baseline_scores: baseline === null ? [] : scoresByLabel(labels, baseline),
    },
    checks: runChecks(model.checks, {
      labels,
      probabilities,
      baseline,
      champion: input.champion === null ? null : championOn(validation, input.champion),
      columns: sliced,
      predictExample: (row) => predictExample(model, input.artifact, row),
      leakage: input.leakage,
    }),
  }
}

/** The labels of a table of the training set. */
export function labelsOf(table: Table): Uint8Array {
  const { label } = table.columns
  if (label === undefined || label.type === 'string' || label.type === 'int64')
    throw new TypeError('a training set has a numeric label')
  return Uint8Array.from(label.values)
}

/** Of a column with more values than this only the greatest slices are kept with the version. */
const mostSlices = 100

/** Columns by which checks slice. */
function sliceColumns(model: ModelSpec, table: Table): Record<string, MatrixColumn> {
  const asked = model.checks.flatMap((check) => (check.check === 'slice' ? [check.column] : []))
  const columns: Record<string, MatrixColumn> = {}
  for (const name of asked) {
    const column = table.columns[name]
    if (column !== undefined) columns[name] = matrixColumn(name, column)
  }
  return columns
}

/** The probability of every row of a table. */
export function predictTable(artifact: ModelArtifact, table: Table): Float64Array {
  const matrix = matrixFromTable(
    table,
    artifact.inputs.map(({ name }) => ({ column: name, type: 'float' })),
  )
  const aligned = alignMatrix(matrix, artifact.inputs)
  return predictBatch(artifact, columnValues(aligned), aligned.rows)
}

/** What the champion says of the same rows; it may have been trained on other inputs than these rows have. */
function championOn(table: Table, { version, artifact }: NonNullable<EvaluationInput['champion']>): ChampionEvidence {
  const missing = artifact.inputs.filter(({ name, kind }) => {
    const column = table.columns[name]
    return column === undefined || inputKind(column.type) !== kind
  })
  return missing.length > 0
    ? { version, probabilities: null, missing: missing.map(({ name }) => name) }
    : { version, probabilities: predictTable(artifact, table), missing: [] }
}

/** How a trained model does on a model's behavioral examples. @throws definition_invalid for an example of what is no input */
export function exampleResults(model: ModelSpec, artifact: ModelArtifact): readonly CheckResult[] {
  return runExamples(model.checks, (row) => predictExample(model, artifact, row))
}

/** The row of an example stands as JSON in the manifest: instants and int64 are text there. */
function predictExample(model: ModelSpec, artifact: ModelArtifact, row: Readonly<Record<string, unknown>>): number {
  const types = new Map(model.inputs.map(({ column, type }) => [column, type]))
  const values: Record<string, Value | null> = {}
  for (const [name, json] of Object.entries(row)) {
    const type = types.get(name)
    if (type === undefined)
      throw noonmarkError('definition_invalid', {
        message: `The example of model ${model.name} gives ${name}, which is no input.`,
        path: `model ${model.name} > checks`,
      })
    values[name] = parseValue(type, json, `model ${model.name} > checks ${name}`)
  }
  return predictRow(artifact, rowCoder(artifact.inputs)(values))
}

/**
 * Rows with the trainer's own predictions, spread over the table, kept with every version; and two at which runtimes most
 * often disagree: everything missing, and categories never seen.
 */
export function referenceRows(
  model: ModelSpec,
  artifact: ModelArtifact,
  table: Table,
  probabilities: Float64Array,
  most = 200,
): Omit<ReferenceRows, 'format'> {
  const columns = artifact.inputs.map(({ name }) => name)
  const types = new Map(model.inputs.map(({ column, type }) => [column, type]))
  const step = Math.max(1, Math.ceil(table.rows / most))
  const chosen: number[] = []
  for (let row = 0; row < table.rows; row += step) chosen.push(row)
  const rows = chosen.map((row) => columns.map((name) => plainValue(columnValue(table.columns[name]!, row))))
  const strange = [
    columns.map(() => null),
    columns.map((name) => (types.get(name) === 'string' ? '\u0000never seen' : 0)),
  ]
  const code = rowCoder(artifact.inputs)
  const predicted = strange.map((values) =>
    predictRow(artifact, code(Object.fromEntries(columns.map((name, i) => [name, values[i] ?? null])))),
  )
  return {
    columns,
    rows: [...rows, ...strange],
    probabilities: [...chosen.map((row) => probabilities[row]!), ...predicted],
  }
}

/** Models see whole numbers of 64 bits as doubles. */
const plainValue = (value: Value | null) => (typeof value === 'bigint' ? Number(value) : value)
