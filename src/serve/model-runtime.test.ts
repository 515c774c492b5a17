import { describe, expect, it } from 'vitest'
import { errorOf } from '../../test/serving/error-of.ts'
import { linearBytes, worldManifest } from '../../test/serving/world.ts'
import { loadVersion } from './model-runtime.ts'

const { manifest } = worldManifest()
const model = manifest.models.late!
const weights = { distance: 0.25, moody: -0.5 }

describe('a version', () => {
  it('predicts what its trainer predicted, and missing inputs as missing', () => {
    const version = loadVersion({ name: 'late:1', model, ...linearBytes(model, weights) })
    expect(version.predict({ distance: 4, moody: null })).toBe(1 / (1 + Math.exp(-1)))
  })

  it('that predicts otherwise than its trainer is refused', () => {
    const load = (wrongBy: number) => () =>
      loadVersion({ name: 'late:1', model, ...linearBytes(model, weights, wrongBy) })
    expect(errorOf(load(1e-13))).toBeNull()
    expect(errorOf(load(1e-11))).toMatchObject({ code: 'version_mismatch', path: 'late:1' })
    expect(errorOf(load(Number.NaN))).not.toBeNull()
  })

  it('that expects a column which its model does not have is refused', () => {
    const bytes = linearBytes(model, weights)
    const fewer = { ...model, inputs: model.inputs.slice(1) }
    expect(errorOf(() => loadVersion({ name: 'late:1', model: fewer, ...bytes }))).toMatchObject({
      code: 'version_mismatch',
    })
  })

  it('whose bytes are damaged is refused', () => {
    const { artifact, reference } = linearBytes(model, weights)
    const damaged = artifact.slice()
    damaged[damaged.length - 1]! ^= 1
    expect(errorOf(() => loadVersion({ name: 'late:1', model, artifact: damaged, reference }))).toMatchObject({
      code: 'artifact_invalid',
    })
    const cut = reference.slice(0, -2)
    expect(errorOf(() => loadVersion({ name: 'late:1', model, artifact, reference: cut }))).toMatchObject({
      code: 'artifact_invalid',
    })
  })
})
