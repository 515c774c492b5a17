import type { LinearArtifact } from '../../artifact/artifact.ts'
import { predictLinearModelBatch } from '../../artifact/linear-model.ts'
import { noonmarkError } from '../../errors.ts'
import { alignMatrix, columnValues, type LabelledMatrix, matrixInputs, requireLearnable } from '../matrix.ts'
import { logLoss } from '../metrics/loss.ts'
import { type Design, designOf, modelOf } from './logistic-regression-design.ts'
import { measure, solveSymmetric } from './logistic-regression-newton.ts'
import { type LogisticRegressionParameters, resolveLogisticRegression } from './logistic-regression-parameters.ts'
import type { TrainingProgress } from './progress.ts'

/** What logistic regression learns from, and how. It uses no random numbers. */
export interface LogisticRegressionOptions {
  readonly training: LabelledMatrix
  /** Rows on which the loss is measured; nothing is learnt from them. */
  readonly validation?: LabelledMatrix
  /** By name; see `logisticRegressionParameters`. */
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly onProgress?: (progress: TrainingProgress) => void
  /** Looked at between steps; the training then throws `training_cancelled`. */
  readonly signal?: AbortSignal
}

/** A trained regression and what its training showed. */
export interface LogisticRegressionResult {
  readonly artifact: LinearArtifact
  /** Newton steps taken. */
  readonly iterations: number
  /** Whether the gradient came below the tolerance. */
  readonly converged: boolean
  readonly trainLoss: number
  /** Mean log loss; null without a validation set. */
  readonly validationLoss: number | null
  /** Every input by how much its contribution to the log-odds varies over the training rows (standard deviation), descending. */
  readonly importance: readonly { readonly name: string; readonly deviation: number }[]
  readonly parameters: LogisticRegressionParameters
}

/** Coefficients at most: the solver takes their cube in time and their square in memory (32 MB). */
const mostCoefficients = 2000

/**
 * Trains a logistic regression with an L2 penalty by Newton's method with step halving (iteratively reweighted least squares: Hastie,
 * Tibshirani and Friedman, "The Elements of Statistical Learning", 2nd edition, section 4.4.1). Numbers are standardised, missing values have
 * indicators, categories are one column each. Throws `parameter_invalid`, `training_data_invalid`, `training_one_class` or
 * `training_cancelled`.
 */
export async function trainLogisticRegression(options: LogisticRegressionOptions): Promise<LogisticRegressionResult> {
  const { training, validation, onProgress, signal } = options
  const parameters = resolveLogisticRegression(options.parameters)
  requireLearnable(training)
  if (validation !== undefined) requireLearnable(validation, 'validation')
  const inputs = matrixInputs(training.matrix)
  const held = validation && { ...validation, matrix: alignMatrix(validation.matrix, inputs) }
  const design = designOf(training, parameters.max_categories)
  if (design.coefficients > mostCoefficients) {
    throw noonmarkError('training_data_invalid', {
      message: `The inputs make ${design.coefficients} coefficients; at most ${mostCoefficients} can be solved for.`,
      hint: 'Lower max_categories or leave columns with many categories out.',
    })
  }
  const total = training.weights?.reduce((sum, weight) => sum + weight, 0) ?? training.labels.length
  let coefficients = new Float64Array(design.coefficients)
  let here = measure(training, design, coefficients, parameters.l2)
  let iterations = 0
  const flat = () => here.gradient.every((slope) => Math.abs(slope) <= parameters.tolerance * total)
  while (!flat() && iterations < parameters.max_iterations) {
    await new Promise((resolve) => setImmediate(resolve))
    if (signal?.aborted) throw noonmarkError('training_cancelled')
    const step = solveSymmetric(here.hessian.slice(), here.gradient)
    let scale = 1
    let next = coefficients
    let there = here
    for (; scale > 1e-6; scale /= 2) {
      next = coefficients.map((value, at) => value - scale * step[at]!)
      there = measure(training, design, next, parameters.l2)
      if (there.loss < here.loss) break
    }
    iterations++
    if (!(there.loss < here.loss)) break
    coefficients = next
    here = there
    onProgress?.({
      iteration: iterations,
      iterations: parameters.max_iterations,
      trainLoss: here.dataLoss / total,
      validationLoss: held === undefined ? null : validationLoss(design, coefficients, held),
    })
  }
  return {
    artifact: { kind: 'linear', inputs, linear: modelOf(design, coefficients) },
    iterations,
    converged: flat(),
    trainLoss: here.dataLoss / total,
    validationLoss: held === undefined ? null : validationLoss(design, coefficients, held),
    importance: importanceOf(training, design, coefficients, total),
    parameters,
  }
}

function validationLoss(design: Design, coefficients: Float64Array, held: LabelledMatrix): number | null {
  const { matrix, labels, weights } = held
  return logLoss(
    labels,
    predictLinearModelBatch(modelOf(design, coefficients), columnValues(matrix), matrix.rows),
    weights,
  )
}

function importanceOf(training: LabelledMatrix, design: Design, coefficients: Float64Array, total: number) {
  const { matrix, weights } = training
  const importance = design.columns.map((column, input) => {
    let [sum, squares] = [0, 0]
    for (let row = 0; row < matrix.rows; row++) {
      const value = column.values[row]!
      let coefficient = column.slope
      if (Number.isNaN(value)) coefficient = column.missing
      else if (column.isCategory) coefficient = column.ofCode[value]!
      if (coefficient < 0) continue
      const isNumber = !column.isCategory && !Number.isNaN(value)
      const contribution = coefficients[coefficient]! * (isNumber ? (value - column.mean) / column.scale : 1)
      const weight = weights === undefined ? 1 : weights[row]!
      sum += weight * contribution
      squares += weight * contribution * contribution
    }
    const deviation = Math.sqrt(Math.max(squares / total - (sum / total) ** 2, 0))
    return { name: matrix.columns[input]!.name, deviation }
  })
  return importance.sort((one, other) => other.deviation - one.deviation)
}
