import { ByteReader, ByteWriter, invalidArtifact, openEnvelope, sealEnvelope } from './envelope.ts'
import { sigmoid } from './tree-ensemble.ts'

/**
 * A logistic model: the sigmoid of the intercept plus one term per input. A number contributes
 * `weight * (value - mean) / scale`, a category the weight of its code, and a missing value the input's missing weight.
 */
export interface LinearModel {
  readonly objective: 'binary'
  readonly intercept: number
  /** Per input: 1 for a category, 0 for a number. */
  readonly isCategory: Int32Array
  /** Per input: what a standardised number subtracts; 0 for a category. */
  readonly mean: Float64Array
  /** Per input: what a standardised number is divided by; 1 for a category. */
  readonly scale: Float64Array
  /** Per input: what a missing value, or a code without a weight, contributes. */
  readonly missingWeight: Float64Array
  /** Per input: where its weights start; the next input's start ends them. One entry more than inputs. */
  readonly weightStart: Int32Array
  /** One weight per number, one per code of a category. */
  readonly weights: Float64Array
}

const magic = 'NMLM'
const version = 1

/** What one input adds to the log-odds. */
function contribution(model: LinearModel, input: number, value: number): number {
  if (Number.isNaN(value)) return model.missingWeight[input]!
  const start = model.weightStart[input]!
  if (model.isCategory[input] === 0) return model.weights[start]! * ((value - model.mean[input]!) / model.scale[input]!)
  const known = value >= 0 && value < model.weightStart[input + 1]! - start
  return known ? model.weights[start + (value | 0)]! : model.missingWeight[input]!
}

/** The log-odds of label 1 for one row in the order of the inputs; NaN is missing, a category is its code. */
export function scoreLinearModel(model: LinearModel, row: Float64Array): number {
  let sum = model.intercept
  for (let input = 0; input < model.mean.length; input++) sum += contribution(model, input, row[input]!)
  return sum
}

/** The probability of label 1 for one row in the order of the inputs. Allocates nothing. */
export function predictLinearModel(model: LinearModel, row: Float64Array): number {
  return sigmoid(scoreLinearModel(model, row))
}

/** The probabilities of label 1 for `rows` rows held as columns. Equal to row by row, bit for bit. */
export function predictLinearModelBatch(
  model: LinearModel,
  columns: readonly Float64Array[],
  rows: number,
  into: Float64Array = new Float64Array(rows),
): Float64Array {
  into.fill(model.intercept, 0, rows)
  for (let input = 0; input < model.mean.length; input++) {
    const values = columns[input]!
    for (let row = 0; row < rows; row++) into[row] = into[row]! + contribution(model, input, values[row]!)
  }
  for (let row = 0; row < rows; row++) into[row] = sigmoid(into[row]!)
  return into
}

/** The bytes of a linear model: framed, versioned, with a checksum. */
export function encodeLinearModel(model: LinearModel): Uint8Array {
  const body = new ByteWriter()
    .text(model.objective)
    .float64(model.intercept)
    .int32Array(model.isCategory)
    .float64Array(model.mean)
    .float64Array(model.scale)
    .float64Array(model.missingWeight)
    .int32Array(model.weightStart)
    .float64Array(model.weights)
    .finish()
  return sealEnvelope(magic, version, body)
}

/** Reads a linear model back. Throws `artifact_invalid` for bytes that are cut or changed, `artifact_newer` for a later format. */
export function decodeLinearModel(bytes: Uint8Array): LinearModel {
  const reader = new ByteReader(openEnvelope(magic, version, 'linear model', bytes).body)
  const objective = reader.text()
  if (objective !== 'binary') throw invalidArtifact(`A linear model with the objective "${objective}" is not known.`)
  const model: LinearModel = {
    objective,
    intercept: reader.float64(),
    isCategory: reader.int32Array(),
    mean: reader.float64Array(),
    scale: reader.float64Array(),
    missingWeight: reader.float64Array(),
    weightStart: reader.int32Array(),
    weights: reader.float64Array(),
  }
  reader.end()
  const inputs = model.mean.length
  const sameLength = [model.isCategory, model.scale, model.missingWeight].every((part) => part.length === inputs)
  const ranges = model.weightStart
  const sound =
    sameLength &&
    ranges.length === inputs + 1 &&
    ranges[0] === 0 &&
    ranges[inputs] === model.weights.length &&
    model.isCategory.every((category, input) => {
      const size = ranges[input + 1]! - ranges[input]!
      return category === 1 ? size >= 0 : size === 1
    })
  if (!sound) throw invalidArtifact('The parts of a linear model do not fit together.')
  return model
}
