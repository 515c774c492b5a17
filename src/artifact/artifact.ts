import { ByteReader, ByteWriter, invalidArtifact, openEnvelope, sealEnvelope } from './envelope.ts'
import {
  decodeLinearModel,
  encodeLinearModel,
  type LinearModel,
  predictLinearModel,
  predictLinearModelBatch,
} from './linear-model.ts'
import { predictTreeEnsemble, predictTreeEnsembleBatch, type TreeEnsemble } from './tree-ensemble.ts'
import { decodeTreeEnsemble, encodeTreeEnsemble } from './tree-ensemble-encoding.ts'

/** One column that a model expects. `categories` lists a category's texts in the order of their codes; a number has none. */
export interface ModelInput {
  readonly name: string
  readonly kind: 'number' | 'category'
  readonly categories?: readonly string[]
}

/** A trained forest of trees and the columns that it expects. */
export interface TreesArtifact {
  readonly kind: 'trees'
  readonly inputs: readonly ModelInput[]
  readonly trees: TreeEnsemble
}

/** A trained logistic regression and the columns that it expects. */
export interface LinearArtifact {
  readonly kind: 'linear'
  readonly inputs: readonly ModelInput[]
  readonly linear: LinearModel
}

/** What a built-in trainer leaves behind: all that is needed to predict. */
export type ModelArtifact = TreesArtifact | LinearArtifact

const magic = 'NMMA'
const version = 1

/** The bytes of a trained model. Equal models have equal bytes. */
export function encodeModelArtifact(artifact: ModelArtifact): Uint8Array {
  const inputs = artifact.inputs.map(({ name, kind, categories }) =>
    kind === 'category' ? { name, kind, categories: categories ?? [] } : { name, kind },
  )
  const body = new ByteWriter()
    .text(artifact.kind)
    .text(JSON.stringify(inputs))
    .blob(artifact.kind === 'trees' ? encodeTreeEnsemble(artifact.trees) : encodeLinearModel(artifact.linear))
    .finish()
  return sealEnvelope(magic, version, body)
}

/**
 * Reads a trained model back. Throws `artifact_invalid` for bytes that are cut, changed or no model, and `artifact_newer`
 * for a later format.
 */
export function decodeModelArtifact(bytes: Uint8Array): ModelArtifact {
  const reader = new ByteReader(openEnvelope(magic, version, 'trained model', bytes).body)
  const kind = reader.text()
  const inputs = readInputs(reader.text())
  const model = reader.blob()
  reader.end()
  if (kind === 'trees') {
    const trees = decodeTreeEnsemble(model)
    if (trees.featureCount !== inputs.length) throw invalidArtifact('The trees of this model expect other inputs.')
    return { kind, inputs, trees }
  }
  if (kind === 'linear') {
    const linear = decodeLinearModel(model)
    if (linear.mean.length !== inputs.length) throw invalidArtifact('The weights of this model expect other inputs.')
    return { kind, inputs, linear }
  }
  throw invalidArtifact(`A trained model of the kind "${kind}" is not known.`)
}

function readInputs(json: string): ModelInput[] {
  const value: unknown = JSON.parse(json)
  if (!Array.isArray(value) || !value.every(isModelInput))
    throw invalidArtifact('The inputs of this model cannot be read.')
  return value
}

function isModelInput(value: unknown): value is ModelInput {
  if (typeof value !== 'object' || value === null) return false
  const { name, kind, categories } = value as Record<string, unknown> // any object can be asked for these three
  if (typeof name !== 'string') return false
  if (kind === 'number') return categories === undefined
  return kind === 'category' && Array.isArray(categories) && categories.every((text) => typeof text === 'string')
}

/** The probability of label 1 for one row: one number per input in their order, NaN for missing, the code for a category. */
export function predictRow(artifact: ModelArtifact, row: Float64Array): number {
  return artifact.kind === 'trees' ? predictTreeEnsemble(artifact.trees, row) : predictLinearModel(artifact.linear, row)
}

/** The probabilities of label 1 for `rows` rows held as one column per input. Equal to `predictRow`, bit for bit. */
export function predictBatch(
  artifact: ModelArtifact,
  columns: readonly Float64Array[],
  rows: number,
  into: Float64Array = new Float64Array(rows),
): Float64Array {
  return artifact.kind === 'trees'
    ? predictTreeEnsembleBatch(artifact.trees, columns, rows, into)
    : predictLinearModelBatch(artifact.linear, columns, rows, into)
}
