import { ByteReader, ByteWriter, invalidArtifact, openEnvelope, sealEnvelope } from './envelope.ts'
import type { TreeEnsemble } from './tree-ensemble.ts'

const magic = 'NMTE'
const version = 1

/** The bytes of a tree ensemble: framed, versioned, with a checksum, the same on every machine. */
export function encodeTreeEnsemble(model: TreeEnsemble): Uint8Array {
  const body = new ByteWriter()
    .text(model.objective)
    .uint32(model.featureCount)
    .float64(model.baseScore)
    .int32Array(model.roots)
    .int32Array(model.feature)
    .float64Array(model.threshold)
    .int32Array(model.left)
    .int32Array(model.right)
    .int32Array(model.missingLeft)
    .int32Array(model.categoryStart)
    .int32Array(model.categoryWords)
    .float64Array(model.leafValue)
    .finish()
  return sealEnvelope(magic, version, body)
}

/**
 * Reads a tree ensemble back. Throws `artifact_invalid` for bytes that are cut, changed or no tree ensemble, and
 * `artifact_newer` for a later format.
 */
export function decodeTreeEnsemble(bytes: Uint8Array): TreeEnsemble {
  const reader = new ByteReader(openEnvelope(magic, version, 'tree ensemble', bytes).body)
  const objective = reader.text()
  if (objective !== 'binary') throw invalidArtifact(`A tree ensemble with the objective "${objective}" is not known.`)
  const model: TreeEnsemble = {
    objective,
    featureCount: reader.uint32(),
    baseScore: reader.float64(),
    roots: reader.int32Array(),
    feature: reader.int32Array(),
    threshold: reader.float64Array(),
    left: reader.int32Array(),
    right: reader.int32Array(),
    missingLeft: reader.int32Array(),
    categoryStart: reader.int32Array(),
    categoryWords: reader.int32Array(),
    leafValue: reader.float64Array(),
  }
  reader.end()
  requireSound(model)
  return model
}

/** A walk through a model that passes can neither run for ever nor read outside of its arrays. */
function requireSound(model: TreeEnsemble): void {
  const nodes = model.feature.length
  const leaves = model.leafValue.length
  const refers = (reference: number, after: number) =>
    reference >= 0 ? reference > after && reference < nodes : ~reference < leaves
  const sameLength = [model.threshold, model.left, model.right, model.missingLeft].every(
    (part) => part.length === nodes,
  )
  if (!sameLength || model.categoryStart.length !== nodes + 1)
    throw invalidArtifact('The parts of a tree ensemble differ in length.')
  if (!model.roots.every((root) => refers(root, -1))) throw invalidArtifact('A tree has no root.')
  if (model.categoryStart[0] !== 0 || model.categoryStart[nodes] !== model.categoryWords.length) {
    throw invalidArtifact('The category sets of a tree ensemble do not fit its nodes.')
  }
  for (let node = 0; node < nodes; node++) {
    const sound =
      refers(model.left[node]!, node) &&
      refers(model.right[node]!, node) &&
      model.feature[node]! >= 0 &&
      model.feature[node]! < model.featureCount &&
      model.categoryStart[node]! <= model.categoryStart[node + 1]!
    if (!sound) throw invalidArtifact(`Node ${node} of a tree ensemble refers to something that is not there.`)
  }
}
