import { decodeModelArtifact, decodeReferenceRows, predictRow, referenceRow, rowCoder } from '../artifact/index.ts'
import type { ModelSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'

import type { ServableVersion } from './version.ts'

/** What a version is loaded from. */
export interface VersionSource {
  /** `model:number` */
  readonly name: string
  /** The model as it was when the version was trained. */
  readonly model: ModelSpec
  readonly artifact: Uint8Array
  /** The trainer's own predictions. */
  readonly reference: Uint8Array
}

/** How far a prediction may lie from the trainer's own: exponentials may differ in their last bit between machines. */
const tolerance = 1e-12

/**
 * Loads a version and lets it predict what its trainer predicted. One that does not is refused: it would answer, and wrongly.
 * Raises `artifact_invalid`, `artifact_newer` or `version_mismatch`.
 */
export function loadVersion({
  name,
  model,
  artifact: bytes,
  reference: referenceBytes,
}: VersionSource): ServableVersion {
  const artifact = decodeModelArtifact(bytes)
  const declared = new Set(model.inputs.map(({ column }) => column))
  for (const input of artifact.inputs) {
    if (declared.has(input.name)) continue
    const message = `The artifact of ${name} expects the column ${input.name}, which its model does not have.`
    throw noonmarkError('version_mismatch', { message, path: name })
  }
  const code = rowCoder(artifact.inputs)
  const scratch = new Float64Array(artifact.inputs.length)
  const version: ServableVersion = {
    name,
    model,
    predict: (row) => predictRow(artifact, code(row, scratch)),
  }
  const reference = decodeReferenceRows(referenceBytes)
  for (const [row, expected] of reference.probabilities.entries()) {
    const found = version.predict(referenceRow(reference, row))
    if (Math.abs(found - expected) <= tolerance) continue
    throw noonmarkError('version_mismatch', {
      message: `${name} predicts ${found} for reference row ${row}, and its trainer predicted ${expected}.`,
      path: name,
    })
  }
  return version
}
